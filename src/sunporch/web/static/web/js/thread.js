// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The messages about one clip, between its home and the people named in the appeal (spec/sealed-clip.md 6.1).
 *
 * Each is sealed here to the key that the record names. The portal carries sealings and can read none; it says who
 * sent one and when, and a page says that it does.
 */

import * as api from "./api.js";
import { concat, fromBase64, fromUtf8, toBase64, utf8 } from "./bytes.js";
import { enrolled } from "./enrolled.js";
import * as hpke from "./hpke.js";
import { shareOf } from "./opening.js";
import { logFiles, readOn } from "./record.js";
import { Refusal, kind } from "./refusal.js";

/** @typedef {import("./record.js").PublicRecord} PublicRecord */
/** @typedef {import("./opening.js").Share} Share */
/** @typedef {{name: string, x25519: string}} Colleague */
/** @typedef {{by: string, home: boolean, at: number, text: string}} Message at: Unix seconds, as the portal says */

export const MOST_TEXT = 1000; // characters of one question to a home
const MOST_MESSAGES = 200; // of one clip, as the portal takes them
const HOME = "disclosure";
const ZERO = Uint8Array.of(0);

const MESSAGE_EMPTY = kind(
  "browser.message-refused",
  "A message to the home needs 1 to {most} characters.",
  "Write what you ask in a few plain words, then send it.",
);

/** One clip's thread, as one device sees it. */
export class Thread {
  /**
   * @param {import("./keys.js").Device} device
   * @param {string} api the address of the portal's API
   * @param {Share} share
   * @param {Colleague[]} readers who of the appeal can read what is written here, this device among them
   */
  constructor(device, api, share, readers) {
    this.device = device;
    this.share = share;
    this.readers = readers;
    this.address = `${api}/mailbox/${share.c}`;
  }

  /**
   * Open the thread of a clip. Everything that something is sealed to comes from the record that is checked here.
   * @param {import("./keys.js").Device} device
   * @param {{api: string, log: string}} at addresses below this site
   * @param {number} clip index of its disclosure
   * @param {number} request index of its appeal, as the portal says: it can at most name other people of this agency
   */
  static async open(device, at, clip, request) {
    const record = await readOn(logFiles(at.log));
    const share = shareOf(record, clip);
    const own = { name: device.name, x25519: device.x25519 };
    const named = await namedIn(record, request, share.agency);
    const others = named.filter(({ name }) => name !== own.name);
    return new Thread(device, at.api, share, [own, ...others]);
  }

  /**
   * Return what this device can read, oldest first, and how many messages to it did not open.
   * @returns {Promise<{messages: Message[], closed: number}>}
   */
  async read() {
    const found = await api.get(this.address);
    /** @type {Message[]} */
    const messages = [];
    let closed = 0;
    for (const { to, by, at, sealed } of Array.isArray(found) ? found.slice(0, MOST_MESSAGES) : []) {
      if (to !== this.device.name) continue;
      try {
        const opened = await hpke.open(fromBase64(String(sealed), "a message"), this.device.receiving, this.#info(to));
        messages.push({ by: String(by), home: by === HOME, at: Number(at), text: fromUtf8(opened, "a message") });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        closed += 1;
      }
    }
    return { messages, closed };
  }

  /**
   * Write to the home; throws `browser.message-refused`, or what the portal refuses.
   * @param {string} text
   */
  async ask(text) {
    if (!text.trim() || [...text].length > MOST_TEXT) throw MESSAGE_EMPTY({ most: MOST_TEXT });
    await this.#post({ name: HOME, x25519: this.share.dX25519 }, text);
  }

  /**
   * Let everybody named in the appeal read what the home was asked, this device too.
   * @param {string} text
   */
  async copy(text) {
    for (const reader of this.readers) await this.#post(reader, text);
  }

  /**
   * @param {Colleague} reader
   * @param {string} text
   */
  async #post({ name, x25519 }, text) {
    const sealed = await hpke.seal(utf8(text), await hpke.importPublic(x25519), this.#info(name));
    await api.post(this.address, { to: name, sealed: toBase64(sealed) });
  }

  /** @param {string} name whose key it is sealed to */
  #info(name) {
    return concat(utf8("sunporch/message/v1"), ZERO, utf8(this.share.c), ZERO, utf8(name));
  }
}

/**
 * Return the people of an agency whom an appeal names and whose keys nobody ended.
 * @param {PublicRecord} record
 * @param {number} request
 * @param {string} agency
 */
async function namedIn(record, request, agency) {
  const { type, fields } = record.lines[request]?.decoded ?? {};
  if (type !== "request" || !Array.isArray(fields?.recipients)) return [];
  const named = new Set(fields.recipients);
  return (await enrolled(record)).filter((one) => named.has(one.index) && one.agency === agency && one.x25519);
}
