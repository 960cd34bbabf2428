// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * C2SP chunked encryption with SHA-512 and AES-256-GCM (Cobblestone-256), opened in any order.
 *
 * Nothing is handed out before its chunk's tag is checked. Plaintext byte `i` lies in chunk `i / 16384`.
 */

import { concat, equal, fromBigEndian, bigEndian, utf8 } from "./bytes.js";
import { MAX_INDEX, parseIndex } from "./clip.js";
import { kind } from "./refusal.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

export const CHUNK = 16_384; // bytes of plaintext
export const SEALED_CHUNK = CHUNK + 16;
export const HEAD = 24 + 32; // salt, commitment
export const MAX_SEALED = 1 << 30; // bytes
const LENGTH_SIZE = 4;

const FILE_DAMAGED = kind(
  "clip.file-damaged",
  "The sealed file was changed or cut short at or before byte {at}.",
  "Fetch the clip again; nothing after that byte can be trusted or shown.",
);

/** A sealed file that can be opened piece by piece. */
export class SealedFile {
  /**
   * @param {CryptoKey} key
   * @param {Bytes} nonce
   * @param {number} size of the sealed file, bytes
   * @param {(start: number, end: number) => Promise<Bytes>} read sealed bytes [start, end)
   */
  constructor(key, nonce, size, read) {
    this.key = key;
    this.nonce = nonce;
    this.size = size;
    this.read = read;
    this.chunks = Math.ceil((size - HEAD) / SEALED_CHUNK);
    this.plainSize = size - HEAD - 16 * this.chunks;
  }

  /**
   * Check that the key is the one of this file; throws `clip.file-damaged`, also where halves are wrong.
   * @param {Bytes} k 32 bytes
   * @param {Bytes} context SHA-256 of the header
   * @param {number} size
   * @param {(start: number, end: number) => Promise<Bytes>} read
   */
  static async open(k, context, size, read) {
    const rest = (size - HEAD) % SEALED_CHUNK;
    // A file ends in a short chunk, perhaps of nothing: one that ends in a whole chunk was cut.
    if (size < HEAD + 16 || size > MAX_SEALED || rest < 16) throw FILE_DAMAGED({ at: size });
    const head = await read(0, HEAD);
    if (head.length !== HEAD) throw FILE_DAMAGED({ at: head.length });
    const label = utf8("c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0");
    const made = await expand(k, concat(label, head.slice(0, 24), context), 32 + 12 + 32);
    if (!equal(made.slice(44), head.slice(24))) throw FILE_DAMAGED({ at: HEAD });
    const key = await crypto.subtle.importKey("raw", made.slice(0, 32), "AES-GCM", false, ["decrypt"]);
    return new SealedFile(key, made.slice(32, 44), size, read);
  }

  /**
   * Return plaintext bytes [start, end); throws `clip.file-damaged`.
   * @param {number} start
   * @param {number} end
   */
  async plain(start, end) {
    const first = Math.floor(start / CHUNK);
    const last = Math.floor(Math.max(start, end - 1) / CHUNK);
    const from = HEAD + first * SEALED_CHUNK;
    const sealed = await this.read(from, Math.min(this.size, HEAD + (last + 1) * SEALED_CHUNK));
    const opened = [];
    for (let chunk = first; chunk <= last; chunk += 1) {
      const at = (chunk - first) * SEALED_CHUNK;
      opened.push(this.#open(chunk, sealed.slice(at, at + SEALED_CHUNK)));
    }
    return concat(...(await Promise.all(opened))).slice(start - first * CHUNK, end - first * CHUNK);
  }

  /**
   * @param {number} number
   * @param {Bytes} sealed
   */
  async #open(number, sealed) {
    const iv = bigEndian(fromBigEndian(this.nonce) ^ BigInt(number), 12);
    const whole = number < this.chunks - 1 ? SEALED_CHUNK : this.size - HEAD - number * SEALED_CHUNK;
    try {
      if (sealed.length !== whole) throw FILE_DAMAGED();
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, tagLength: 128 }, this.key, sealed));
    } catch {
      throw FILE_DAMAGED({ at: HEAD + number * SEALED_CHUNK });
    }
  }

  /**
   * Return the clip's index and where its media begin and end in the plaintext.
   *
   * Throws `clip.file-damaged`, `clip.index-malformed`.
   */
  async index() {
    const length = Number(fromBigEndian(await this.plain(0, LENGTH_SIZE)));
    const start = LENGTH_SIZE + length;
    if (this.plainSize < LENGTH_SIZE || length > MAX_INDEX || start > this.plainSize) throw FILE_DAMAGED({ at: HEAD });
    return { index: parseIndex(await this.plain(LENGTH_SIZE, start)), start, end: this.plainSize };
  }
}

/**
 * HKDF-Expand with SHA-512 (RFC 5869).
 * @param {Bytes} prk
 * @param {Bytes} info
 * @param {number} size
 */
async function expand(prk, info, size) {
  const key = await crypto.subtle.importKey("raw", prk, { name: "HMAC", hash: "SHA-512" }, false, ["sign"]);
  let [made, block] = [new Uint8Array(0), new Uint8Array(0)];
  for (let number = 1; made.length < size; number += 1) {
    const message = concat(block, info, Uint8Array.of(number));
    block = new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
    made = concat(made, block);
  }
  return made.slice(0, size);
}
