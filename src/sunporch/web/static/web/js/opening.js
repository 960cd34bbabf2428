// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Opens one clip: everything that can fail in private comes first, then the entry on record, then the key.
 *
 * What the portal says is believed nowhere. The clip's commitment and its custodian come from the record that this
 * browser checked itself; the portal only carries files. An opening that was signed is kept until it is answered, so
 * that a second try, or a reload within the custodian's ten minutes, needs no second entry.
 */

import * as api from "./api.js";
import { arrive, download } from "./arriving.js";
import { fromBase64, sha256, toBase64, toHex, utf8 } from "./bytes.js";
import { MAX_SEALED, SealedFile } from "./chunks.js";
import * as clip from "./clip.js";
import * as entry from "./entry.js";
import * as hpke from "./hpke.js";
import { Note, sign } from "./note.js";
import { lineOf, logFiles, readOn } from "./record.js";
import { Refusal, kind } from "./refusal.js";
import * as store from "./store.js";
import { consistency, fetchLeaf, leafHash, verifyConsistency } from "./tlog.js";
import { Proof } from "./trust.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./record.js").PublicRecord} PublicRecord */
/** A signed opening: its note, its one-time pair, until when it is valid (Unix seconds), whether it was handed in, and
 *  when the key was given (ms).
 *  @typedef {{note: string, pair: hpke.Pair, until: number, handed: boolean, given: number | null}} Opening */
/** @typedef {"record" | "clip" | "sign" | "cosigned" | "custodian" | "open"} Step */
/** @typedef {{c: string, agency: string, dX25519: string, custodian: string, url: string}} Share */
/** `check` throws `clip.commitment-mismatch`, once all came, where it is another file than the record commits to.
 *  @typedef {{access: number, index: clip.Index, file: SealedFile, start: number, end: number,
 *   check: () => Promise<void>}} Opened */

const VALID_SECONDS = 3600;
const ANSWERED_MS = 9 * 60 * 1000; // the custodian repeats its answer for ten minutes
const WAIT_SECONDS = 15; // of one question to the portal
const RECORD_MS = 60_000;
const POLL_MS = 300;
const MAX_REWRAPS = 64;
export const DEFAULT_PURPOSE = "investigation";

const SHARE_UNKNOWN = kind(
  "desk.share-unknown",
  "Entry {index} of the record is not a shared clip.",
  "Use the number that the portal's list of clips shows.",
);
const RECIPIENT_OTHER = kind(
  "desk.recipient-other",
  "This clip was sealed to other devices, not to {name}.",
  "Ask a colleague named in the appeal to re-seal it for your device; nothing was put on record.",
);
const CLIP_ENDED = kind(
  "desk.clip-ended",
  "This clip can no longer be opened: {reason}.",
  "Its key does not come back. Ask the resident anew, or go by legal process.",
);
const RECORD_DIFFERS = kind(
  "desk.record-differs",
  "The portal says your opening is entry {index}, but the record that others see does not hold it there.",
  "Do not go on. Keep this message and tell the community: somebody shows you another record.",
);
const OPENING_VOID = kind(
  "desk.opening-void",
  "Your opening does not count: {reason}.",
  "Clear the reason with your supervisor or registrar; the clip stays closed until then.",
);
const QUORUM_MISSING = kind(
  "browser.quorum-missing",
  "{reason}. No key is given out until enough independent co-signers confirm the public record.",
  "Wait until the co-signers answer again, then press the button again; your opening is not lost.",
);
const CUSTODIAN_DOWN = kind(
  "browser.custodian-down",
  "Your opening is on record as entry {index}, but the key custodian gives no key now: {reason}.",
  "Press the button again later; the page asks with the same entry, so nothing is recorded twice.",
);
const HALF_GIVEN = kind(
  "browser.half-given",
  "The custodian answered this opening before, and its ten minutes are over.",
  "Press the button again: it signs a new opening, which will be on record too.",
);
const OPENING_LATE = kind(
  "browser.opening-late",
  "Your opening was handed in, but is not on record after {seconds} seconds.",
  "Press the button again in a minute; the page goes on with the same opening.",
);

// What the custodian's refusals mean to an officer; any other is shown in the custodian's own words.
const NO_QUORUM = ["custodian.record-stale"];
const DOWN = [
  "browser.server-unreachable",
  "custodian.record-unreachable",
  "custodian.key-unenrolled",
  "custodian.table-unreadable",
  "custodian.rootkey-unreadable",
];
const ENDED = ["custodian.lease-ended", "custodian.half-unknown"];

/** One device at one portal. */
export class Opener {
  /**
   * @param {import("./keys.js").Device} device
   * @param {{api: string, log: string, now: () => number}} at addresses below this site; the town's time, seconds
   * @param {(step: Step, detail?: string) => void} tell
   * @param {(came: number, size: number) => void} arrived hears how many bytes of the file are here
   */
  constructor(device, at, tell, arrived) {
    this.device = device;
    this.at = at;
    this.tell = tell;
    this.arrived = arrived;
    this.fetch = logFiles(at.log);
  }

  /**
   * Open the clip of disclosure `index`.
   *
   * Nothing is put on record before the header, and the digest under which the file comes, were compared with the
   * record. The file itself is played while it comes; `check` of what is returned says whether it was that file.
   * @param {number} index
   * @param {string} [purpose] a code; it is public
   * @returns {Promise<Opened>}
   */
  async open(index, purpose = DEFAULT_PURPOSE) {
    this.tell("record");
    const record = await this.#record();
    const share = shareOf(record, index);
    this.tell("clip");
    const address = `${this.at.api}/clips/${index}`;
    const header = await download(`${address}/header`, clip.MAX_HEADER);
    const half = await ownHalf(this.device, address, header, index);
    const sealed = await arrive(`${address}/sealed`, MAX_SEALED, this.arrived);
    try {
      await clip.check(header, sealed.digest, half.salt, share.c);
      const { number, sK } = await this.#key(record, share, index, purpose);
      this.tell("open");
      const key = await clip.clipKey(header, half.sA, sK);
      const file = await SealedFile.open(key, await sha256(header), sealed.size, (from, to) => sealed.read(from, to));
      const check = async () => clip.check(header, await sha256(await sealed.whole()), half.salt, share.c);
      return { access: number, file, ...(await file.index()), check };
    } catch (error) {
      sealed.cancel();
      throw error;
    }
  }

  /**
   * Put the opening on record, and return its number and the custodian's half.
   * @param {PublicRecord} record
   * @param {Share} share
   * @param {number} index
   * @param {string} purpose
   */
  async #key(record, share, index, purpose) {
    this.tell("sign");
    const opening = await this.#opening(record, share.c, index, purpose);
    const { number, leaf, proof } = await this.#recorded(record, share.c, opening);
    this.tell("custodian", String(number));
    return { number, sK: await this.#half(share, opening, number, leaf, proof) };
  }

  async #record() {
    try {
      return await readOn(this.fetch);
    } catch (error) {
      throw inWords(error);
    }
  }

  /**
   * Return the unfinished opening of this clip, or sign a new one.
   * @param {PublicRecord} record
   * @param {string} c
   * @param {number} disclosure
   * @param {string} purpose
   * @returns {Promise<Opening>}
   */
  async #opening({ origin }, c, disclosure, purpose) {
    /** @type {Opening | undefined} */
    const kept = await store.get("openings", this.#name(c));
    const answered = kept?.given && Date.now() - kept.given > ANSWERED_MS;
    if (kept && !answered && kept.until > this.at.now()) return kept;
    const pair = await hpke.generate();
    const until = this.at.now() + VALID_SECONDS;
    const e = toHex(await hpke.rawPublic(pair.publicKey));
    const fields = { nonce: entry.newNonce(), not_after: until, disclosure, e, purpose };
    const note = String(await sign(entry.encode(origin, "access", fields), this.device));
    const opening = { note, pair, until, handed: false, given: null };
    await store.put("openings", this.#name(c), opening);
    return opening;
  }

  /** @param {string} c */
  #name(c) {
    return `${this.device.name} ${c}`;
  }

  /**
   * Put the opening on record; return its index, leaf and proof once enough co-signers saw it.
   * @param {PublicRecord} record
   * @param {string} c
   * @param {Opening} opening
   */
  async #recorded(record, c, opening) {
    const id = await entry.entryId(Note.parse(utf8(opening.note)).text);
    const number = await this.#handIn(id, c, opening);
    this.tell("cosigned", String(number));
    const signed = await this.#covering(record, number);
    const { size, root } = signed.checkpoint;
    await verifyConsistency(record.size, record.root, size, root, await consistency(this.fetch, record.size, size));
    const leaf = await fetchLeaf(this.fetch, number, size);
    const proof = await Proof.make(this.fetch, number, signed);
    await proof.verify(leaf, record.policy);
    const { note } = entry.splitLeaf(leaf);
    if ((await entry.entryId(Note.parse(note).text)) !== id) {
      throw RECORD_DIFFERS({ where: `entry ${number}`, index: number });
    }
    return { number, leaf, proof };
  }

  /**
   * Hand the entry in and return the index that the portal gives it.
   * @param {string} id
   * @param {string} c
   * @param {Opening} opening
   */
  async #handIn(id, c, opening) {
    await this.#post(id, c, opening);
    const end = Date.now() + RECORD_MS;
    for (;;) {
      const answer = await api.get(`${this.at.api}/entries/${id}?wait=${WAIT_SECONDS}`);
      if (answer.state === "recorded") return Number(answer.index);
      if (answer.state === "void") {
        await this.#drop(c);
        throw OPENING_VOID({ where: id, reason: String(answer.reason).replace(/\.$/, "") });
      }
      const held = api.refusalIn(answer);
      if (held) throw QUORUM_MISSING({ where: id, reason: held });
      await pause(end);
    }
  }

  /**
   * Hand the entry in, unless that was done: nobody may say the same thing twice.
   * @param {string} id
   * @param {string} c
   * @param {Opening} opening
   */
  async #post(id, c, opening) {
    if (opening.handed) return;
    try {
      await api.post(`${this.at.api}/entries`, { note: opening.note, blobs: [] });
    } catch (error) {
      if (!(error instanceof Refusal) || error.id !== "portal.entry-void") throw error;
      // Perhaps an earlier try did arrive, and only its answer did not.
      if (!(await api.get(`${this.at.api}/entries/${id}`).catch(() => null))) {
        await this.#drop(c);
        throw error;
      }
    }
    opening.handed = true;
    await store.put("openings", this.#name(c), opening);
  }

  /**
   * Wait for a co-signed checkpoint that covers the entry.
   * @param {PublicRecord} record
   * @param {number} number
   */
  async #covering(record, number) {
    const end = Date.now() + RECORD_MS;
    for (;;) {
      const served = await this.fetch("checkpoint");
      try {
        const signed = served && (await record.policy.open(served, record.origin));
        if (signed && signed.checkpoint.size > number) return signed;
      } catch (error) {
        throw inWords(error);
      }
      await pause(end);
    }
  }

  /**
   * Ask the custodian named in the record for its half and open it.
   * @param {Share} share
   * @param {Opening} opening
   * @param {number} number
   * @param {Bytes} leaf
   * @param {Proof} proof
   */
  async #half(share, opening, number, leaf, proof) {
    const body = { leaf: toBase64(leaf), proof: new TextDecoder().decode(proof.encode()) };
    let given;
    try {
      given = await api.postAsNobody(`${share.url.replace(/\/$/, "")}/access`, body);
    } catch (error) {
      throw await this.#custodiansRefusal(share, number, error);
    }
    const sK = await clip.openHalf(fromBase64(String(given.half), "the half key"), opening.pair, await leafHash(leaf));
    await store.put("openings", this.#name(share.c), { ...opening, given: opening.given ?? Date.now() });
    return sK;
  }

  /**
   * Return what the custodian's refusal means; an opening that can lead nowhere is forgotten.
   * @param {Share} share
   * @param {number} index
   * @param {unknown} error
   */
  async #custodiansRefusal(share, index, error) {
    if (!(error instanceof Refusal)) return error;
    const params = { where: `entry ${index}`, index, reason: error };
    if (NO_QUORUM.includes(error.id)) return QUORUM_MISSING(params);
    if (DOWN.includes(error.id)) return CUSTODIAN_DOWN(params);
    if (ENDED.includes(error.id)) {
      await this.#drop(share.c);
      return CLIP_ENDED(params);
    }
    if (error.id === "custodian.access-repeated" || error.id === "custodian.access-void") {
      await this.#drop(share.c);
      return error.id === "custodian.access-void" ? OPENING_VOID(params) : HALF_GIVEN(params);
    }
    return error;
  }

  /** @param {string} c */
  #drop(c) {
    return store.remove("openings", this.#name(c));
  }
}

/**
 * Open the encapsulation for a device, or a re-sealing for it; throws `desk.recipient-other`.
 * @param {import("./keys.js").Device} device
 * @param {string} address of the clip below the API
 * @param {Bytes} header
 * @param {number} index of the disclosure
 * @returns {Promise<clip.RecipientHalf>}
 */
export async function ownHalf({ name, receiving }, address, header, index) {
  try {
    return await clip.recipientHalf(header, name, receiving);
  } catch (error) {
    if (!(error instanceof Refusal) || error.id !== "clip.recipient-unknown") throw error;
  }
  const rewraps = await api.get(`${address}/rewraps`);
  for (const rewrap of Array.isArray(rewraps) ? rewraps.slice(-MAX_REWRAPS) : []) {
    if (rewrap.name !== name) continue;
    const bytes = fromBase64(String(rewrap.sealed), "a re-sealing");
    // Somebody's useless re-sealing must not hide a good one.
    const half = await clip.recipientHalf(header, name, receiving, bytes).catch(() => null);
    if (half) return half;
  }
  throw RECIPIENT_OTHER({ where: `entry ${index}`, name });
}

/**
 * Return a share as the record tells it; throws `desk.share-unknown`.
 * @param {PublicRecord} record
 * @param {number} index
 * @returns {Share}
 */
export function shareOf(record, index) {
  const said = record.lines[index]?.decoded;
  if (said?.type !== "disclosure" && said?.type !== "warrant_return") {
    throw SHARE_UNKNOWN({ where: `entry ${index}`, index });
  }
  const custodian = lineOf(record, Number(said.fields.custodian)).decoded;
  const { url, key } = custodian?.fields ?? {};
  const { c, agency, d_x25519: dX25519 } = /** @type {Record<string, unknown>} */ (said.fields);
  return {
    c: String(c),
    agency: String(agency),
    dX25519: String(dX25519),
    custodian: String(key).split("+")[0],
    url: String(url),
  };
}

/**
 * @param {unknown} error
 */
function inWords(error) {
  if (!(error instanceof Refusal) || error.id !== "tlog.quorum-missing") return error;
  return QUORUM_MISSING({ where: error.where, reason: error });
}

/** @param {number} end milliseconds */
async function pause(end) {
  if (Date.now() > end) throw OPENING_LATE({ seconds: RECORD_MS / 1000 });
  await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
