// SPDX-License-Identifier: AGPL-3.0-or-later
/** A file on its way here: any part of it can be read as soon as it came, and all of it once it is whole. */

import * as api from "./api.js";
import { fromBase64 } from "./bytes.js";
import { kind } from "./refusal.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */

const FILE_STOPPED = kind(
  "browser.file-stopped",
  "The file stopped coming after {came} of {size} bytes.",
  "Load this page again and go on from there; nothing was lost.",
);
const DIGEST = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/; // RFC 9530, section 3

/** A file of which more and more is here. */
export class Arriving {
  /**
   * @param {ReadableStream<Bytes>} body
   * @param {number} size bytes
   * @param {Bytes | null} digest SHA-256, as whoever sends the file says
   */
  constructor(body, size, digest) {
    this.reader = body.getReader();
    this.size = size;
    this.digest = digest;
    this.came = 0;
    this.bytes = new Uint8Array(size);
    /** @type {{end: number, go: () => void, fail: (reason: unknown) => void}[]} who waits for the byte before `end` */
    this.waiting = [];
    /** @type {Error | null} */
    this.failure = null;
  }

  /**
   * Return bytes [start, end) once they are here; throws why they will never be.
   * @param {number} start
   * @param {number} end
   */
  async read(start, end) {
    const last = Math.min(end, this.size);
    if (this.came < last) {
      if (this.failure) throw this.failure;
      await new Promise((go, fail) => this.waiting.push({ end: last, go: () => go(undefined), fail }));
    }
    return this.bytes.slice(start, last);
  }

  /** Return all of it once it is here. */
  whole() {
    return this.read(0, this.size);
  }

  /** Want no more of it. */
  cancel() {
    // A file that broke off before has nothing left to cancel.
    this.reader.cancel().catch(() => {});
  }

  /**
   * Take what comes, to its end.
   * @param {(came: number, size: number) => void} tell
   */
  async take(tell) {
    const stopped = () => FILE_STOPPED({ came: this.came, size: this.size });
    try {
      for (let piece = await this.reader.read(); !piece.done; piece = await this.reader.read()) {
        this.bytes.set(piece.value, this.came);
        this.came += piece.value.length;
        tell(this.came, this.size);
        this.#wake();
      }
    } catch {
      this.failure = stopped();
    }
    if (this.came < this.size) this.failure ??= stopped();
    for (const { fail } of this.waiting) fail(this.failure);
  }

  #wake() {
    const still = this.waiting.filter(({ end }) => end > this.came);
    const ready = this.waiting.filter(({ end }) => end <= this.came);
    this.waiting = still;
    for (const { go } of ready) go();
  }
}

/**
 * Ask for a file of at most `most` bytes, and return it while it comes; `tell` hears how much is here.
 * @param {string} address
 * @param {number} most
 * @param {(came: number, size: number) => void} [tell]
 */
export async function arrive(address, most, tell = () => {}) {
  const answer = await api.file(address);
  const size = Number(answer.headers.get("Content-Length") ?? -1);
  if (!answer.body || size < 0 || size > most) throw api.malformed(address, answer);
  const digest = DIGEST.exec(answer.headers.get("Repr-Digest") ?? "")?.[1];
  const file = new Arriving(answer.body, size, digest ? fromBase64(digest, "the digest of a file") : null);
  void file.take(tell);
  return file;
}

/**
 * Return a file of at most `most` bytes.
 * @param {string} address
 * @param {number} most
 */
export const download = async (address, most) => (await arrive(address, most)).whole();
