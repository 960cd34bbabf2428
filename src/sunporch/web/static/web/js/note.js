// SPDX-License-Identifier: AGPL-3.0-or-later
/** Signed notes and their keys (C2SP signed-note), and the timestamped signatures of co-signers (tlog-cosignature). */

import { concat, fromBase64, fromBigEndian, fromUtf8, sha256, toBase64, toHex, utf8 } from "./bytes.js";
import { kind } from "./refusal.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
export const MAX_NOTE = 64 * 1024; // bytes
export const MAX_SIGNATURES = 64;

const KEY_ID_SIZE = 4;
const TIME_SIZE = 8;
const MAX_TIME = 2n ** 63n - 1n;
const DASH = "\u2014";
// Spelled out because `\s` is another set in every language (spec/entries.md 1.3).
const NAME =
  /^[^\u0000-\u0020+\u007f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]{1,128}$/u;
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/;
// The y of the points whose order divides 8 (spec/entries.md 1.3): under such a key anybody's signature is good.
const P = 2n ** 255n - 19n;
const WEAK = new Set([
  0n,
  1n,
  P - 1n,
  0x5fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

const KEY_MALFORMED = kind(
  "notekey.text-malformed",
  "This is not a key of the form name+hash+key: {reason}.",
  "Copy the key again from the community's record.",
);
const NOTE_MALFORMED = kind(
  "tlog.note-malformed",
  "The signed note is not in C2SP form: {reason}.",
  "Fetch it again; if it stays so, this server does not keep a log in the published form.",
);
const SIGNATURE_WRONG = kind(
  "tlog.signature-wrong",
  "The signature that claims to be by {name} is not by that key.",
  "Do not rely on this text; ask its author to sign it again.",
);

/**
 * Return a name of a key or a log, or throw `notekey.text-malformed`.
 * @param {string} untrusted
 */
export function checkName(untrusted) {
  if (!untrusted.isWellFormed() || !NAME.test(untrusted)) {
    throw KEY_MALFORMED({ reason: "the name is empty, too long, or holds white space or +" });
  }
  return untrusted;
}

/** @param {Bytes} raw */
const isWeak = (raw) => WEAK.has((fromBigEndian(raw.slice().reverse()) & (2n ** 255n - 1n)) % P);

/** A public key with its name and type. */
export class VerifierKey {
  /**
   * @param {string} name
   * @param {Bytes} raw 32 bytes
   * @param {number} type
   * @param {Bytes} keyId
   */
  constructor(name, raw, type, keyId) {
    this.name = name;
    this.raw = raw;
    this.type = type;
    this.keyId = keyId;
    /** @type {CryptoKey | null} */
    this.key = null;
  }

  /**
   * @param {string} name
   * @param {Bytes} raw
   * @param {number} [type]
   */
  static async of(name, raw, type = ED25519) {
    const digest = await sha256(utf8(name), utf8("\n"), Uint8Array.of(type), raw);
    return new VerifierKey(checkName(name), raw, type, digest.slice(0, KEY_ID_SIZE));
  }

  /**
   * Return the key of `name+hash+key`, or throw `notekey.text-malformed`.
   * @param {string} untrusted
   */
  static async parse(untrusted) {
    const first = untrusted.indexOf("+");
    const second = untrusted.indexOf("+", first + 1);
    if (first < 0 || second < 0) throw KEY_MALFORMED({ reason: "it has not three parts" });
    const name = checkName(untrusted.slice(0, first));
    const data = keyBytes(untrusted.slice(second + 1));
    if (isWeak(data.slice(1))) throw KEY_MALFORMED({ reason: "anybody could sign under it" });
    const key = await VerifierKey.of(name, data.slice(1), data[0]);
    if (toHex(key.keyId) !== untrusted.slice(first + 1, second)) {
      throw KEY_MALFORMED({ reason: "the hash does not belong to the key" });
    }
    return key;
  }

  toString() {
    return `${this.name}+${toHex(this.keyId)}+${toBase64(concat(Uint8Array.of(this.type), this.raw))}`;
  }

  /**
   * Say whether a signature is this key's over the message (RFC 8032).
   * @param {Bytes} signature
   * @param {Bytes} message
   */
  async verify(signature, message) {
    this.key ??= await crypto.subtle.importKey("raw", this.raw, { name: "Ed25519" }, true, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, this.key, signature, message);
  }
}

/**
 * Return type and 32 bytes of a key in base64.
 * @param {string} untrusted
 */
export function keyBytes(untrusted) {
  let data;
  try {
    data = fromBase64(untrusted, "the key");
  } catch {
    throw KEY_MALFORMED({ reason: "the key is not standard padded base64" });
  }
  if (data.length !== 33 || (data[0] !== ED25519 && data[0] !== COSIGNATURE)) {
    throw KEY_MALFORMED({ reason: "it is not an Ed25519 key of type 1 or 4" });
  }
  return data;
}

/** One line of a note: name, key id, and what was signed with (64 bytes, or 72 of a cosignature). */
export class Signature {
  /**
   * @param {string} name
   * @param {Bytes} keyId
   * @param {Bytes} blob
   */
  constructor(name, keyId, blob) {
    this.name = name;
    this.keyId = keyId;
    this.blob = blob;
  }

  /** @param {string} untrustedLine without its line end */
  static parse(untrustedLine) {
    const parts = untrustedLine.split(" ");
    if (parts.length !== 3 || parts[0] !== DASH) {
      throw NOTE_MALFORMED({ reason: "a line after the empty one is no signature" });
    }
    let data;
    try {
      checkName(parts[1]);
      data = fromBase64(parts[2], "the signature");
    } catch {
      throw NOTE_MALFORMED({ reason: "a signature's name or base64 is not in form" });
    }
    if (data.length <= KEY_ID_SIZE) throw NOTE_MALFORMED({ reason: "a signature is too short" });
    return new Signature(parts[1], data.slice(0, KEY_ID_SIZE), data.slice(KEY_ID_SIZE));
  }

  toString() {
    return `${DASH} ${this.name} ${toBase64(concat(this.keyId, this.blob))}\n`;
  }

  /**
   * Say whether the line claims to be by the key.
   * @param {VerifierKey} key
   */
  isOf(key) {
    return this.name === key.name && toHex(this.keyId) === toHex(key.keyId);
  }
}

/** A text that ends in a line end, and its signatures. Parsing checks the form only: see `verified`. */
export class Note {
  /**
   * @param {string} text
   * @param {Signature[]} signatures
   */
  constructor(text, signatures) {
    this.text = text;
    this.signatures = signatures;
  }

  /**
   * Return the note, or throw `tlog.note-malformed`.
   * @param {Bytes} untrusted
   */
  static parse(untrusted) {
    if (untrusted.length > MAX_NOTE) throw NOTE_MALFORMED({ reason: `it has more than ${MAX_NOTE} bytes` });
    let whole;
    try {
      whole = fromUtf8(untrusted, "it");
    } catch {
      throw NOTE_MALFORMED({ reason: "it is not UTF-8" });
    }
    if (CONTROL.test(whole)) throw NOTE_MALFORMED({ reason: "it holds a control character" });
    const at = whole.lastIndexOf("\n\n");
    const tail = whole.slice(at + 2);
    if (at < 0 || !tail.endsWith("\n")) {
      throw NOTE_MALFORMED({ reason: "no empty line and signatures at its end" });
    }
    const lines = tail.slice(0, -1).split("\n");
    if (lines.length > MAX_SIGNATURES) {
      throw NOTE_MALFORMED({ reason: `it has more than ${MAX_SIGNATURES} signatures` });
    }
    return new Note(whole.slice(0, at + 1), lines.map(Signature.parse));
  }

  toString() {
    return `${this.text}\n${this.signatures.join("")}`;
  }

  /** Return the note's bytes. */
  encode() {
    return utf8(this.toString());
  }

  /**
   * Return those of the Ed25519 keys that signed the text, in the order of the signatures.
   *
   * Throws `tlog.signature-wrong` if a signature names one of the keys and is not by it; others are ignored.
   * @param {Iterable<VerifierKey>} keys
   * @returns {Promise<VerifierKey[]>}
   */
  async verified(keys) {
    const known = [...keys].filter((key) => key.type === ED25519);
    const found = new Set();
    for (const signature of this.signatures) {
      const key = known.find((candidate) => signature.isOf(candidate));
      if (!key) continue;
      if (!(await key.verify(signature.blob, utf8(this.text)))) throw SIGNATURE_WRONG({ name: key.name });
      found.add(key);
    }
    return [...found];
  }

  /**
   * Return when a co-signer signed (Unix seconds; the latest, if more than once), null if it did not.
   *
   * Throws `tlog.signature-wrong` if a line names the key and is not by it.
   * @param {VerifierKey} key
   * @returns {Promise<bigint | null>}
   */
  async cosignedAt(key) {
    let latest = null;
    for (const signature of this.signatures) {
      if (!signature.isOf(key)) continue;
      const time = fromBigEndian(signature.blob.slice(0, TIME_SIZE));
      const message = utf8(`cosignature/v1\ntime ${time}\n${this.text}`);
      if (time > MAX_TIME || !(await key.verify(signature.blob.slice(TIME_SIZE), message))) {
        throw SIGNATURE_WRONG({ name: key.name });
      }
      if (latest === null || time > latest) latest = time;
    }
    return latest;
  }
}

/**
 * Return a text fit to be signed, or throw `tlog.note-malformed`.
 * @param {string} text
 */
export function checkText(text) {
  if (!text.endsWith("\n")) throw NOTE_MALFORMED({ reason: "the text does not end in a newline" });
  if (CONTROL.test(text) || !text.isWellFormed()) {
    throw NOTE_MALFORMED({ reason: "the text holds a control character" });
  }
  return text;
}

/**
 * Return a text as a note with one signature more.
 * @param {string} text
 * @param {{verifier: VerifierKey, privateKey: CryptoKey}} signer
 * @param {Signature[]} [others] signatures that are there already
 */
export async function sign(text, signer, others = []) {
  if (signer.verifier.type !== ED25519) {
    throw NOTE_MALFORMED({ reason: `the key ${signer.verifier.name} is for cosignatures only` });
  }
  const message = utf8(checkText(text));
  const blob = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, signer.privateKey, message));
  return new Note(text, [...others, new Signature(signer.verifier.name, signer.verifier.keyId, blob)]);
}
