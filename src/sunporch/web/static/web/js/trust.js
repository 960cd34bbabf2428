// SPDX-License-Identifier: AGPL-3.0-or-later
/** Checkpoints (C2SP tlog-checkpoint), who must have signed them (tlog-policy), and proofs under them (tlog-proof). */

import { HASH_SIZE, concat, fromBase64, fromUtf8, toBase64, utf8 } from "./bytes.js";
import { COSIGNATURE, ED25519, Note, VerifierKey } from "./note.js";
import { kind } from "./refusal.js";
import { MAX_PROOF, inclusion, leafHash, parseDecimal, verifyInclusion } from "./tlog.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{origin: string, size: number, root: Bytes}} Checkpoint */
/** A checkpoint with the log's signature; `times`: name in the policy -> Unix seconds at which it co-signed.
 *  @typedef {{checkpoint: Checkpoint, note: Note, times: Map<string, number>}} SignedCheckpoint */

export const PROOF_HEADER = "c2sp.org/tlog-proof@v1";
const MAX_PROOF_FILE = 128 * 1024; // bytes
const MAX_POLICY = 64 * 1024; // characters
const MAX_ENTRIES = 32; // logs, witnesses, groups: of each
const NONE = "none";
const POLICY_CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;

const CHECKPOINT_MALFORMED = kind(
  "tlog.checkpoint-malformed",
  "The checkpoint is not in C2SP form: {reason}.",
  "Fetch it again; if it stays so, this server does not keep a log in the published form.",
);
const ORIGIN_OTHER = kind(
  "tlog.origin-other",
  "This checkpoint belongs to the log {found}, not to {wanted}.",
  "Check that this address belongs to your community's log.",
);
const SIGNATURE_MISSING = kind(
  "tlog.signature-missing",
  "The checkpoint does not carry the signature of the log {origin}.",
  "Check that this address belongs to your community's log.",
);
const POLICY_MALFORMED = kind(
  "tlog.policy-malformed",
  "The list of logs and co-signers is not in C2SP form: {reason}.",
  "Take the list again from the community's record.",
);
const QUORUM_MISSING = kind(
  "tlog.quorum-missing",
  "{answered} of {all} co-signers answered; {needed} are needed.",
  "Nothing new is in force until enough co-signers answer again; try again in a minute.",
);
const TIME_MISSING = kind(
  "tlog.time-missing",
  "No co-signer says when it saw this checkpoint.",
  "Use a checkpoint that co-signers have signed.",
);
const RECEIPT_MALFORMED = kind(
  "tlog.receipt-malformed",
  "The receipt is not in the form c2sp.org/tlog-proof@v1: {reason}.",
  "Ask for the receipt again.",
);

/**
 * Return the checkpoint of a note's text, or throw `tlog.checkpoint-malformed`.
 * @param {string} untrusted
 * @returns {Checkpoint}
 */
export function parseCheckpoint(untrusted) {
  const lines = untrusted.split("\n");
  if (lines.length < 4 || lines.pop() !== "" || !lines.every(Boolean)) {
    throw CHECKPOINT_MALFORMED({ reason: "it is not three full lines" });
  }
  const size = parseDecimal(lines[1]);
  if (size === null) throw CHECKPOINT_MALFORMED({ reason: "its size is not a plain number" });
  let root;
  try {
    root = fromBase64(lines[2], "its root");
  } catch {
    throw CHECKPOINT_MALFORMED({ reason: "its root is not standard padded base64" });
  }
  if (root.length !== HASH_SIZE) throw CHECKPOINT_MALFORMED({ reason: "its root is not 32 bytes" });
  return { origin: lines[0], size, root };
}

/** Which logs and co-signers a community trusts, and how many must agree. */
export class TrustPolicy {
  constructor() {
    /** @type {VerifierKey[]} */
    this.logs = [];
    /** @type {Map<string, VerifierKey>} */
    this.witnesses = new Map();
    /** @type {Map<string, {threshold: number, members: string[]}>} */
    this.groups = new Map();
    /** @type {string | null} */
    this.quorum = null;
  }

  /**
   * Return the policy, or throw `tlog.policy-malformed` naming the line.
   * @param {string} untrusted
   */
  static async parse(untrusted) {
    if (untrusted.length > 2 * MAX_POLICY || [...untrusted].length > MAX_POLICY) {
      throw POLICY_MALFORMED({ reason: `it has more than ${MAX_POLICY} characters` });
    }
    if (POLICY_CONTROL.test(untrusted)) throw POLICY_MALFORMED({ reason: "it holds a control character" });
    if (!untrusted.endsWith("\n")) throw POLICY_MALFORMED({ reason: "its last line does not end" });
    const policy = new TrustPolicy();
    for (const [at, line] of untrusted.slice(0, -1).split("\n").entries()) {
      const words = line.split(/[ \t]+/).filter(Boolean);
      if (words.length && !words[0].startsWith("#")) await policy.#take(words, `line ${at + 1}`);
    }
    if (policy.quorum === null) throw POLICY_MALFORMED({ reason: "it has no quorum line" });
    return policy;
  }

  /**
   * @param {string[]} words
   * @param {string} where
   */
  async #take([first, ...words], where) {
    const refuse = (/** @type {string} */ reason) => POLICY_MALFORMED({ where, reason });
    if (first === "log") await this.#log(words, refuse);
    else if (first === "witness") await this.#witness(words, refuse);
    else if (first === "group") this.#group(words, refuse);
    else if (first === "quorum") {
      if (words.length !== 1 || this.quorum !== null) throw refuse("exactly one quorum of one name is needed");
      if (words[0] !== NONE && !this.#taken(words[0])) throw refuse(`'${words[0]}' is not defined before`);
      this.quorum = words[0];
    } else throw refuse(`'${first}' is no kind of line`);
  }

  /** @param {string} name */
  #taken(name) {
    return this.witnesses.has(name) || this.groups.has(name);
  }

  /**
   * @param {string[]} words
   * @param {(reason: string) => Error} refuse
   */
  async #log(words, refuse) {
    if (words.length !== 1 && words.length !== 2) throw refuse("a log has a key and at most an address");
    const key = await keyOf(words[0], ED25519, refuse);
    if (this.logs.some((log) => same(log, key))) throw refuse("the same log stands twice");
    if (this.logs.length === MAX_ENTRIES) throw refuse(`more than ${MAX_ENTRIES} logs`);
    this.logs.push(key);
  }

  /**
   * @param {string[]} words
   * @param {(reason: string) => Error} refuse
   */
  async #witness(words, refuse) {
    if (words.length !== 2 && words.length !== 3) throw refuse("a witness has a name, a key and at most an address");
    const [name, text] = words;
    if (name === NONE || this.#taken(name)) throw refuse(`the name '${name}' is taken`);
    const key = await keyOf(text, COSIGNATURE, refuse);
    if ([...this.witnesses.values()].some((other) => same(other, key))) throw refuse("the same witness stands twice");
    if (this.witnesses.size === MAX_ENTRIES) throw refuse(`more than ${MAX_ENTRIES} witnesses`);
    this.witnesses.set(name, key);
  }

  /**
   * @param {string[]} words
   * @param {(reason: string) => Error} refuse
   */
  #group(words, refuse) {
    if (words.length < 3) throw refuse("a group has a name, a number and members");
    const [name, count, ...members] = words;
    if (name === NONE || this.#taken(name)) throw refuse(`the name '${name}' is taken`);
    const threshold = count === "any" ? 1 : count === "all" ? members.length : parseDecimal(count);
    if (threshold === null || threshold < 1 || threshold > members.length) {
      throw refuse(`'${count}' of ${members.length} members is not possible`);
    }
    const grouped = new Set([...this.groups.values()].flatMap((group) => group.members));
    for (const member of members) {
      if (!this.#taken(member)) throw refuse(`'${member}' is not defined before`);
      if (grouped.has(member)) throw refuse(`'${member}' would count twice`);
      grouped.add(member);
    }
    if (this.groups.size === MAX_ENTRIES) throw refuse(`more than ${MAX_ENTRIES} groups`);
    this.groups.set(name, { threshold, members });
  }

  /**
   * Return the checkpoint after checking the log's own signature and every known co-signature, not the quorum.
   *
   * Throws `tlog.note-malformed`, `-checkpoint-malformed`, `-origin-other`, `-signature-missing`, `-signature-wrong`.
   * @param {Bytes} untrusted
   * @param {string | null} origin null: any log of this policy
   * @returns {Promise<SignedCheckpoint>}
   */
  async openSigned(untrusted, origin) {
    const note = Note.parse(untrusted);
    const checkpoint = parseCheckpoint(note.text);
    if (origin !== null && checkpoint.origin !== origin) {
      throw ORIGIN_OTHER({ found: checkpoint.origin, wanted: origin });
    }
    const named = this.logs.filter((key) => key.name === checkpoint.origin);
    if (!(await note.verified(named)).length) throw SIGNATURE_MISSING({ origin: checkpoint.origin });
    /** @type {Map<string, number>} */
    const times = new Map();
    for (const [name, key] of this.witnesses) {
      const time = await note.cosignedAt(key);
      if (time !== null) times.set(name, Number(time));
    }
    return { checkpoint, note, times };
  }

  /**
   * Return the checkpoint after checking the log's signature and the quorum; throws also `tlog.quorum-missing`.
   * @param {Bytes} untrusted
   * @param {string | null} origin
   */
  async open(untrusted, origin) {
    const signed = await this.openSigned(untrusted, origin);
    this.#require(/** @type {string} */ (this.quorum), signed);
    return signed;
  }

  /**
   * @param {string} name
   * @param {SignedCheckpoint} signed
   * @returns {boolean}
   */
  #met(name, signed) {
    const group = this.groups.get(name);
    if (!group) return name === NONE || signed.times.has(name);
    return group.members.filter((member) => this.#met(member, signed)).length >= group.threshold;
  }

  /**
   * Throw for the innermost group that is not met.
   * @param {string} name
   * @param {SignedCheckpoint} signed
   */
  #require(name, signed) {
    if (this.#met(name, signed)) return;
    const group = this.groups.get(name) ?? { threshold: 1, members: [name] };
    for (const member of group.members) if (this.groups.has(member)) this.#require(member, signed);
    const answered = group.members.filter((member) => this.#met(member, signed)).length;
    const where = `${name}, checkpoint of ${signed.checkpoint.size} entries`;
    throw QUORUM_MISSING({ where, answered, all: group.members.length, needed: group.threshold });
  }
}

/**
 * @param {VerifierKey} one
 * @param {VerifierKey} other
 */
const same = (one, other) => toBase64(one.raw) === toBase64(other.raw);

/**
 * @param {string} text
 * @param {number} type
 * @param {(reason: string) => Error} refuse
 */
async function keyOf(text, type, refuse) {
  let key;
  try {
    key = await VerifierKey.parse(text);
  } catch {
    throw refuse("it holds no key of the form name+hash+key");
  }
  if (key.type !== type) throw refuse(`the key ${key.name} is of type ${key.type}, not ${type}`);
  return key;
}

/**
 * Return the middle of the co-signers' times, the lower one of two (Unix seconds); throws `tlog.time-missing`.
 * @param {SignedCheckpoint} signed
 */
export function medianTime(signed) {
  const times = [...signed.times.values()].sort((one, other) => one - other);
  if (!times.length) throw TIME_MISSING({ where: signed.checkpoint.origin });
  return times[Math.floor((times.length - 1) / 2)];
}

// Proofs -----------------------------------------------------------------------------------------------------------

/** That an entry stands in the co-signed log: its index, its path (sibling first), the checkpoint as it was served. */
export class Proof {
  /**
   * @param {number} index
   * @param {Bytes[]} path
   * @param {Bytes} note
   * @param {Bytes} [extra] carried and vouched for by nobody
   */
  constructor(index, path, note, extra = new Uint8Array(0)) {
    this.index = index;
    this.path = path;
    this.note = note;
    this.extra = extra;
  }

  /**
   * Build the proof of entry `index` from the log's tiles.
   * @param {import("./tlog.js").Fetch} fetch
   * @param {number} index
   * @param {SignedCheckpoint} signed
   */
  static async make(fetch, index, signed) {
    return new Proof(index, await inclusion(fetch, index, signed.checkpoint.size), signed.note.encode());
  }

  /**
   * Return the proof of a `.tlog-proof` file, or throw `tlog.receipt-malformed`. Only `verify` says what it proves.
   * @param {Bytes} untrusted
   */
  static parse(untrusted) {
    const end = untrusted.findIndex((byte, at) => byte === 0x0a && untrusted[at + 1] === 0x0a);
    const head = untrusted.slice(0, Math.max(end, 0));
    if (end < 0 || untrusted.length > MAX_PROOF_FILE || head.some((byte) => byte > 0x7f)) {
      throw RECEIPT_MALFORMED({ reason: "it is too long, or not text, an empty line and a checkpoint" });
    }
    const [first, ...lines] = fromUtf8(head, "it").split("\n");
    if (first !== PROOF_HEADER) throw RECEIPT_MALFORMED({ reason: `its first line is not ${PROOF_HEADER}` });
    const extra = lines[0]?.startsWith("extra ") ? lineBytes(String(lines.shift()).slice(6)) : new Uint8Array(0);
    if (!lines[0]?.startsWith("index ")) throw RECEIPT_MALFORMED({ reason: "it has no index line" });
    const index = parseDecimal(String(lines.shift()).slice(6));
    if (index === null) throw RECEIPT_MALFORMED({ reason: "its index is not a plain number" });
    const path = lines.map(lineBytes);
    if (path.length > MAX_PROOF || path.some((item) => item.length !== HASH_SIZE)) {
      throw RECEIPT_MALFORMED({ reason: "its path is not at most 63 hashes of 32 bytes" });
    }
    return new Proof(index, path, untrusted.slice(end + 2), extra);
  }

  /** Return the `.tlog-proof` file. */
  encode() {
    const extra = this.extra.length ? [`extra ${toBase64(this.extra)}`] : [];
    const lines = [PROOF_HEADER, ...extra, `index ${this.index}`, ...this.path.map(toBase64)];
    return concat(utf8(lines.map((line) => `${line}\n`).join("")), utf8("\n"), this.note);
  }

  /**
   * Return the co-signed checkpoint that covers the leaf, under any log of the policy; throws as `open` does, or
   * `tlog.inclusion-wrong`.
   * @param {Bytes} leaf
   * @param {TrustPolicy} policy
   */
  async verify(leaf, policy) {
    const signed = await policy.open(this.note, null);
    const { size, root } = signed.checkpoint;
    await verifyInclusion(await leafHash(leaf), this.index, size, this.path, root);
    return signed;
  }
}

/** @param {string} untrusted */
function lineBytes(untrusted) {
  try {
    return fromBase64(untrusted, "a line of it");
  } catch {
    throw RECEIPT_MALFORMED({ reason: "a line of it is not standard padded base64" });
  }
}
