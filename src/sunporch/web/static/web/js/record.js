// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Checks a community's record in anybody's browser, from its files alone.
 *
 * Checked here: the log's signature and the co-signers' quorum on the newest checkpoints, every entry against their
 * root, that the record continues what this browser saw before, and who signed each entry. Not checked here, and said
 * so on the page: what is in force (the fold), the town's rules, texts beside the log, times against older checkpoints.
 * `sunporch verify` checks all of it.
 */

import { equal, fromHex, fromUtf8, sha256, toHex, utf8 } from "./bytes.js";
import * as entry from "./entry.js";
import { Note, VerifierKey } from "./note.js";
import { kind } from "./refusal.js";
import * as store from "./store.js";
import { loads } from "./strictjson.js";
import { bundlesOf, fetchLeaves, leafHash, parseSizes, rootOf } from "./tlog.js";
import { Proof, TrustPolicy, medianTime, parseCheckpoint } from "./trust.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./tlog.js").Fetch} Fetch */
/** A leaf as far as it is in form; `decoded` null: shown, and counts for nothing.
 *  @typedef {{index: number, leaf: Bytes, time: number, note: Note | null, decoded: entry.Entry | null}} Line */
/** @typedef {{name: string, good: boolean | null, index: number | null}} Signer good null: a key nobody enrolled */
/** @typedef {{origin: string, leaf0: string, size: number, root: Bytes, lines: Line[], policy: TrustPolicy,
 *   communities: Community[], signed: import("./trust.js").SignedCheckpoint, time: number}} PublicRecord */
/** The entry that names the community's keys from its index on.
 *  @typedef {{index: number, fields: entry.Fields}} Community */
/** What this browser saw of a record before.
 *  @typedef {{origin: string, leaf0: string, size: number, root: string}} Seen */

export const MAX_ENTRIES = 65_536; // what a page holds in memory
const CHECKPOINT = "checkpoint";
const SIZES = "checkpoints/sizes";

const PATH_MISSING = kind(
  "verify.path-missing",
  "The log does not give the file that its record needs.",
  "Fetch it again; if it stays away, the log withholds something: tell the community.",
);
const GENESIS_MALFORMED = kind(
  "verify.genesis-malformed",
  "The log does not begin with a community's own entry: {reason}.",
  "Check that this address belongs to a Sunporch log.",
);
const PIN_BROKEN = kind(
  "verify.pin-broken",
  "This is not the log that was pinned: {reason}.",
  "Check the address. If it is right, somebody shows you another record than others: tell the community.",
);
const INDEX_UNKNOWN = kind(
  "verify.index-unknown",
  "The record has no entry {index} up to where it was read ({size} entries).",
  "Read the log on, then ask again.",
);
const ROOT_DIFFERS = kind(
  "tlog.root-differs",
  "The files of the log do not add up to the checkpoint of {size} entries.",
  "Keep both answers as evidence and tell the community: a log that is honest never does this.",
);
const FORK_FOUND = kind(
  "tlog.fork-found",
  "The log now tells another story about its first {size} entries than before.",
  "Keep both answers as evidence and tell the community: a log that is honest never does this.",
);
const ROLLBACK_FOUND = kind(
  "tlog.rollback-found",
  "The log shows {new} entries although it had {old} before.",
  "Keep both answers as evidence and tell the community: a log that is honest never does this.",
);
const BLOB_MISMATCHED = kind(
  "docket.blob-mismatched",
  "The published text is not the one that the record commits to.",
  "Fetch it again; if it stays so, the text was changed after it was recorded: tell the town.",
);
const RECORD_OVERSIZE = kind(
  "browser.record-oversize",
  "The record has {size} entries; a page reads at most {most}.",
  "Use `sunporch verify` at the command line: it reads a record of any length.",
);

/**
 * Return a reader of a log's files; missing ones are null, and nothing comes out of the browser's cache.
 * @param {string} address of the log, e.g. `/log`
 * @returns {Fetch}
 */
export function logFiles(address) {
  return async (path) => {
    const answer = await fetch(`${address}/${path}`, { cache: "no-cache", credentials: "same-origin" });
    if (answer.status === 404) return null;
    if (!answer.ok) throw PATH_MISSING({ where: path });
    return new Uint8Array(await answer.arrayBuffer());
  };
}

/**
 * Read and check the whole record; throws the `verify.`, `tlog.` and `browser.record-oversize` refusals.
 * @param {Fetch} fetch
 * @param {Seen | undefined} seen what this browser saw before
 * @param {(done: number, all: number) => void} [tell] how many entries were read
 * @returns {Promise<PublicRecord>}
 */
export async function readRecord(fetch, seen, tell = () => {}) {
  const served = await fetch(CHECKPOINT);
  if (!served) throw PATH_MISSING({ where: CHECKPOINT });
  const { size } = parseCheckpoint(Note.parse(served).text);
  if (size > MAX_ENTRIES) throw RECORD_OVERSIZE({ size, most: MAX_ENTRIES });
  if (seen && size < seen.size) throw ROLLBACK_FOUND({ where: CHECKPOINT, old: seen.size, new: size });
  /** @type {Line[]} */
  const lines = [];
  for (const tile of bundlesOf(size)) {
    for (const leaf of await fetchLeaves(fetch, tile)) lines.push(read(lines.length, leaf));
    tell(lines.length, size);
  }
  const { origin, policy, communities } = await trusted(lines);
  const signed = await policy.open(served, origin);
  const root = await rootOf(lines.map(({ leaf }) => leaf));
  if (!equal(root, signed.checkpoint.root)) throw ROOT_DIFFERS({ where: CHECKPOINT, size });
  await checkKept(fetch, lines, policy, origin);
  const leaf0 = toHex(await leafHash(lines[0].leaf));
  if (seen) await checkContinues(lines, leaf0, seen);
  return { origin, leaf0, size, root, lines, policy, communities, signed, time: medianTime(signed) };
}

/**
 * Throw unless the newest kept checkpoint, which co-signers saw when its entries were new, is of this very record.
 * @param {Fetch} fetch
 * @param {Line[]} lines
 * @param {TrustPolicy} policy
 * @param {string} origin
 */
async function checkKept(fetch, lines, policy, origin) {
  const list = await fetch(SIZES);
  if (!list) throw PATH_MISSING({ where: SIZES });
  const size = parseSizes(fromUtf8(list, SIZES)).findLast((kept) => kept <= lines.length);
  const where = `checkpoints/${size ?? 0}`;
  const note = size === undefined ? null : await fetch(where);
  if (size === undefined || !note) throw PATH_MISSING({ where });
  const { checkpoint } = await policy.open(note, origin);
  const root = await rootOf(lines.slice(0, size).map(({ leaf }) => leaf));
  if (checkpoint.size !== size || !equal(root, checkpoint.root)) throw FORK_FOUND({ where, size });
}

/**
 * Throw unless the record continues what was seen before.
 * @param {Line[]} lines
 * @param {string} leaf0
 * @param {Seen} seen
 */
async function checkContinues(lines, leaf0, seen) {
  if (leaf0 !== seen.leaf0) throw PIN_BROKEN({ where: "entry 0", reason: "its first entry is another" });
  const before = await rootOf(lines.slice(0, seen.size).map(({ leaf }) => leaf));
  if (toHex(before) !== seen.root) throw FORK_FOUND({ where: CHECKPOINT, size: seen.size });
}

/**
 * @param {number} index
 * @param {Bytes} leaf
 * @returns {Line}
 */
function read(index, leaf) {
  /** @type {Line} */
  const line = { index, leaf, time: 0, note: null, decoded: null };
  try {
    const { time, note } = entry.splitLeaf(leaf);
    line.time = time;
    line.note = Note.parse(note);
    line.decoded = entry.decode(line.note.text);
  } catch {
    // Anybody's spoilt entry stays in the record and stops nobody (spec/verification.md 3, 5).
  }
  return line;
}

/**
 * Return the log's name and the trust policy in force: that of entry 0, and of each `trust` that the keys before it
 * signed.
 * @param {Line[]} lines
 */
async function trusted(lines) {
  const first = lines[0]?.decoded;
  if (first?.type !== "community") throw GENESIS_MALFORMED({ where: "entry 0", reason: "it is of another type" });
  const { origin } = first;
  let now = { index: 0, fields: first.fields };
  const communities = [now];
  let policy = await policyOf(first.fields, origin);
  if (!policy) throw GENESIS_MALFORMED({ where: "entry 0", reason: "it names no co-signers" });
  for (const { index, time, note, decoded } of lines) {
    if (decoded?.type !== "trust" || decoded.version !== entry.VERSION || decoded.origin !== origin) continue;
    const { fields } = decoded;
    const inTime = typeof fields.not_after === "number" && time <= fields.not_after;
    if (fields.predecessor !== now.index || !inTime || !(await hasSigned(now.fields, note))) continue;
    const next = await policyOf(fields, origin);
    if (!next) continue;
    [now, policy] = [{ index, fields }, next];
    communities.push(now);
  }
  return { origin, policy, communities };
}

/**
 * @param {entry.Fields} fields
 * @param {string} origin
 */
async function policyOf(fields, origin) {
  try {
    const policy = await TrustPolicy.parse(String(fields.tlog_policy));
    return policy.logs.some((key) => key.name === origin) ? policy : null;
  } catch {
    return null; // the one before it goes on (spec/verification.md 3.1)
  }
}

/**
 * Say whether enough of the community's keys, as they were before the entry, signed it.
 * @param {PublicRecord} record
 * @param {Line} line
 */
export async function byCommunity(record, line) {
  const named = record.communities.findLast(({ index }) => index < line.index);
  return named !== undefined && hasSigned(named.fields, line.note);
}

/**
 * Say whether enough of the community's keys signed.
 * @param {entry.Fields} fields of the entry that names them
 * @param {Note | null} note
 */
async function hasSigned(fields, note) {
  try {
    const keys = await Promise.all(/** @type {string[]} */ (fields.keys).map(VerifierKey.parse));
    return ((await note?.verified(keys)) ?? []).length >= Number(fields.threshold);
  } catch {
    return false; // a wrong signature by a known key makes the entry void
  }
}

// What was seen ----------------------------------------------------------------------------------------------------

/**
 * Return what this browser remembers of the record under this address.
 * @returns {Promise<Seen | undefined>}
 */
export const remembered = () => store.get("seen", "record");

/**
 * Remember how far the record was checked, so that it can never be another one or less without being noticed.
 * @param {PublicRecord} record
 */
export const remember = ({ origin, leaf0, size, root }) =>
  store.put("seen", "record", { origin, leaf0, size, root: toHex(root) });

/**
 * Read on from what this browser saw of the record, and remember how far it is checked now.
 * @param {Fetch} fetch
 */
export async function readOn(fetch) {
  const record = await readRecord(fetch, await remembered());
  await remember(record);
  return record;
}

/** Forget it, e.g. of a demo town that was founded anew. */
export const forget = () => store.remove("seen", "record");

// Entries ----------------------------------------------------------------------------------------------------------

/**
 * Return a line of the record; throws `verify.index-unknown`.
 * @param {PublicRecord} record
 * @param {number} index
 */
export function lineOf(record, index) {
  const line = record.lines[index];
  if (!line) throw INDEX_UNKNOWN({ index, size: record.size });
  return line;
}

/**
 * Return every key that the record names, with the entry that named it first.
 * @param {PublicRecord} record
 * @returns {Promise<Map<string, {key: VerifierKey, index: number}>>}
 */
export async function namedKeys(record) {
  const found = new Map();
  for (const { index, decoded } of record.lines) {
    const { keys, key, registrar, d } = decoded?.fields ?? {};
    for (const text of [...(Array.isArray(keys) ? keys : []), key, registrar, d]) {
      if (typeof text !== "string" || found.has(text)) continue;
      const parsed = await VerifierKey.parse(text).catch(() => null);
      if (parsed) found.set(text, { key: parsed, index });
    }
  }
  return found;
}

/**
 * Say of each signature of an entry whether it is by a key that the record names.
 * @param {Line} line
 * @param {Map<string, {key: VerifierKey, index: number}>} keys
 * @returns {Promise<Signer[]>}
 */
export async function signersOf({ note }, keys) {
  const found = [];
  for (const signature of note?.signatures ?? []) {
    const known = [...keys.values()].find(({ key }) => signature.isOf(key));
    const good = known ? await known.key.verify(signature.blob, utf8(/** @type {Note} */ (note).text)) : null;
    found.push({ name: signature.name, good, index: known?.index ?? null });
  }
  return found;
}

/**
 * Prove that an entry stands in the co-signed record, from tiles, without the other entries; throws as `verify` does.
 * @param {Fetch} fetch
 * @param {PublicRecord} record
 * @param {number} index
 */
export async function prove(fetch, record, index) {
  const proof = await Proof.make(fetch, index, record.signed);
  await proof.verify(lineOf(record, index).leaf, record.policy);
  return proof;
}

/**
 * Return the text behind a commitment; throws `verify.path-missing` or `docket.blob-mismatched`.
 * @param {Fetch} fetch
 * @param {string} commitment
 */
export async function committedText(fetch, commitment) {
  const file = await fetch(`blob/${commitment}`);
  if (!file) throw PATH_MISSING({ where: `blob/${commitment}` });
  const { salt, text } = loads(fromUtf8(file, "the text"));
  const digest = await sha256(fromHex(String(salt), 16, "the salt"), utf8(String(text)));
  if (toHex(digest) !== commitment) throw BLOB_MISMATCHED({ where: `blob/${commitment}` });
  return String(text);
}
