// SPDX-License-Identifier: AGPL-3.0-or-later
/** Bytes, their two spellings (spec/entries.md 1.3: one spelling each), and SHA-256. */

import { kind } from "./refusal.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export const HASH_SIZE = 32;

const HEX_MALFORMED = kind(
  "digest.hex-malformed",
  "{what} must be {size} bytes of lower-case hexadecimal.",
  "Copy the value again from where it was shown.",
);
const BASE64_MALFORMED = kind(
  "digest.base64-malformed",
  "{what} is not standard padded base64.",
  "Copy the value again from where it was shown.",
);
const TEXT_MALFORMED = kind(
  "digest.utf8-malformed",
  "{what} is not UTF-8 text.",
  "Fetch it again from where it came.",
);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const PIECE = 0x8000; // arguments of one call of `fromCharCode`

/**
 * Return the UTF-8 bytes of a text.
 * @param {string} text
 * @returns {Bytes}
 */
export const utf8 = (text) => encoder.encode(text);

/**
 * Return the text of UTF-8 bytes, a byte order mark included; throws `digest.utf8-malformed`.
 * @param {Bytes} untrusted
 * @param {string} what
 * @returns {string}
 */
export function fromUtf8(untrusted, what) {
  try {
    return decoder.decode(untrusted);
  } catch {
    throw TEXT_MALFORMED({ what });
  }
}

/**
 * Return the parts joined.
 * @param {...Bytes} parts
 * @returns {Bytes}
 */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * Say whether two byte strings are the same.
 * @param {Bytes} one
 * @param {Bytes} other
 */
export function equal(one, other) {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < one.length; at += 1) difference |= one[at] ^ other[at];
  return difference === 0;
}

/**
 * Return lower-case hex.
 * @param {Bytes} bytes
 */
export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Return exactly `size` bytes from lower-case hex, or throw `digest.hex-malformed`.
 * @param {string} untrusted
 * @param {number} size
 * @param {string} what
 * @returns {Bytes}
 */
export function fromHex(untrusted, size, what) {
  if (untrusted.length !== 2 * size || !/^[0-9a-f]*$/.test(untrusted)) throw HEX_MALFORMED({ what, size });
  return Uint8Array.from({ length: size }, (_, at) => parseInt(untrusted.slice(2 * at, 2 * at + 2), 16));
}

/**
 * Return standard padded base64 (RFC 4648 section 4).
 * @param {Bytes} bytes
 */
export function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

/**
 * Return the bytes of canonical padded base64, or throw `digest.base64-malformed`.
 * @param {string} untrusted
 * @param {string} what
 * @returns {Bytes}
 */
export function fromBase64(untrusted, what) {
  let text;
  try {
    text = atob(untrusted);
  } catch {
    throw BASE64_MALFORMED({ what });
  }
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  // `atob` forgives white space, missing padding and unused bits: each would give one value two spellings.
  if (toBase64(bytes) !== untrusted) throw BASE64_MALFORMED({ what });
  return bytes;
}

/**
 * Return a number as `size` bytes, big-endian.
 * @param {number | bigint} number
 * @param {number} size
 * @returns {Bytes}
 */
export function bigEndian(number, size) {
  const bytes = new Uint8Array(size);
  let rest = BigInt(number);
  for (let at = size - 1; at >= 0; at -= 1) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/**
 * Return the number of big-endian bytes.
 * @param {Bytes} bytes
 * @returns {bigint}
 */
export const fromBigEndian = (bytes) => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/**
 * Return SHA-256 of the parts joined, 32 bytes.
 * @param {...Bytes} parts
 * @returns {Promise<Bytes>}
 */
export const sha256 = async (...parts) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", parts.length === 1 ? parts[0] : concat(...parts)));
