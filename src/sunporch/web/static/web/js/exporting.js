// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The part of an opened clip's page where a copy is asked for, and handed out once two people signed for it.
 *
 * The file is made from what is open in this page and stored nowhere: not here, not at the portal. Whoever opens the
 * clip again makes the same bytes; they are handed out only where their hash stands on the record under two signatures.
 */

import * as api from "./api.js";
import { enrolled, inTime, signedBy } from "./enrolled.js";
import * as entry from "./entry.js";
import { sign } from "./note.js";
import { shareOf } from "./opening.js";
import { filled, one, onPress } from "./page.js";
import { FORMAT, pack } from "./parcel.js";
import { logFiles, readOn } from "./record.js";
import { kind } from "./refusal.js";

/** @typedef {import("./opening.js").Opened} Opened */
/** @typedef {{id: string, recipient: string, file: string, size: number, state: string, state_words: string,
 *   reason: string, index: number | null}} Asked */

const VALID_SECONDS = 23 * 3600; // a supervisor has most of a day
const SIGNERS = ["officer", "supervisor"];

const COPY_UNSIGNED = kind(
  "browser.copy-unsigned",
  "The record that this page checked does not hold this copy under two signatures.",
  "Look again in a minute; if it stays so, tell your supervisor: nothing was handed out.",
);
const COPY_DIFFERS = kind(
  "browser.copy-differs",
  "The file that this page made is not the one that was signed for.",
  "Load the page and open the clip again; if it stays so, ask for a new export.",
);

/** Copies of one clip that is open in this page. */
export class Copies {
  /**
   * @param {import("./keys.js").Device} device
   * @param {{api: string, log: string, clip: number, now: () => number}} at
   * @param {Opened} opened
   * @param {Record<string, string>} text the page's own texts
   */
  constructor(device, at, opened, text) {
    this.device = device;
    this.at = at;
    this.opened = opened;
    this.text = text;
    this.address = `${at.api}/clips/${at.clip}/exports`;
  }

  /** Show to whom a copy may go and what was asked for; let more be asked. */
  async offer() {
    await this.show();
    one("#export").hidden = false;
    onPress(one("#look-exports"), () => this.show());
    onPress(one("#ask-export"), async () => {
      await this.ask(one("#recipient").value, one("#why").value);
      one("#why").value = "";
      await this.show();
    });
  }

  async show() {
    const { recipients, asked } = await api.get(this.address);
    const chooser = one("#recipient");
    const chosen = chooser.value;
    chooser.replaceChildren();
    const refused = one("#refused-recipients");
    refused.replaceChildren();
    for (const { code, words, refused: sentences } of recipients) {
      if (sentences.length) {
        const line = document.createElement("li");
        line.textContent = `${words}: ${sentences.join(" ")}`;
        refused.append(line);
      } else {
        chooser.add(new Option(words, code, false, code === chosen));
      }
    }
    one("#export-refused").hidden = !refused.children.length;
    one("#exports").replaceChildren(...asked.map((/** @type {Asked} */ copy) => this.#line(copy)));
  }

  /** @param {Asked} copy */
  #line(copy) {
    const line = /** @type {DocumentFragment} */ (one("#copy").content.cloneNode(true));
    one("[data-to]", line).textContent = copy.recipient;
    const state = one(".state", line);
    state.classList.toggle("open", copy.index !== null);
    state.textContent = copy.index === null ? copy.state_words : filled(this.text.recorded, { n: copy.index });
    one("[data-reason]", line).textContent = copy.reason;
    const save = one("button", line);
    save.hidden = copy.index === null;
    onPress(save, () => this.hand(copy));
    return line;
  }

  /**
   * Make the file, and sign that it shall leave.
   * @param {string} recipient
   * @param {string} why for the supervisor; it is not public
   */
  async ask(recipient, why) {
    const { clip, now } = this.at;
    const record = await readOn(logFiles(this.at.log));
    const { hash } = await pack(this.opened, record, clip, record.size);
    const fields = { nonce: entry.newNonce(), not_after: now() + VALID_SECONDS, disclosure: clip };
    const leaves = { ...fields, file: hash, format: FORMAT, recipient };
    const note = await sign(entry.encode(record.origin, "export", leaves), this.device);
    await api.post(this.address, { note: String(note), size: record.size, why });
  }

  /**
   * Hand the file out; throws `browser.copy-unsigned`, `browser.copy-differs`.
   * @param {Asked} copy
   */
  async hand({ id, file, size, index }) {
    const record = await readOn(logFiles(this.at.log));
    if (!(await signedByTwo(record, index ?? -1, this.at.clip, file))) throw COPY_UNSIGNED({ where: id });
    const made = await pack(this.opened, record, this.at.clip, size);
    if (made.hash !== file) throw COPY_DIFFERS({ where: id });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(made.file);
    link.download = `sunporch-clip-${this.at.clip}-export-${index}.zip`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

/**
 * Say whether the entry is of this file of the clip, under the signatures of two people of the agency it is shared with.
 * @param {import("./record.js").PublicRecord} record
 * @param {number} index
 * @param {number} clip
 * @param {string} file its hash
 */
async function signedByTwo(record, index, clip, file) {
  const line = record.lines[index];
  const { type, fields } = line?.decoded ?? {};
  if (type !== "export" || fields?.disclosure !== clip || fields.file !== file || !inTime(record, line)) return false;
  const { agency } = shareOf(record, clip);
  const people = await enrolled(record, index);
  for (const role of SIGNERS) {
    const able = people.filter((one) => one.role === role && one.agency === agency);
    if (!(await signedBy(line, able.map(({ key }) => key)))) return false;
  }
  return true;
}
