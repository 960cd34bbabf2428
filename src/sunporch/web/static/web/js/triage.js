// SPDX-License-Identifier: AGPL-3.0-or-later
/** The part of a clip's page that keeps what its agency found, and the moments that somebody marked. */

import * as api from "./api.js";
import { local } from "./localtime.js";
import { filled, one, onPress } from "./page.js";

/** @typedef {{code: string, said: string, text: string, moment_ms: number | null, by: string, at: number}} Remark */

/** The remarks about one clip. */
export class Remarks {
  /**
   * @param {string} address
   * @param {Record<string, string>} text the page's own texts
   */
  constructor(address, text) {
    this.address = address;
    this.text = text;
    /** Where the film stands, in seconds; known once the clip is open. @type {(() => number) | null} */
    this.moment = null;
    /** Shows a moment of the film. @type {(seconds: number) => Promise<void>} */
    this.seek = async () => {};
  }

  async offer() {
    onPress(one("#find"), () => this.#keep({ code: one("#finding").value }));
    onPress(one("#mark"), () => this.#keep({ code: "moment", moment_ms: Math.round(1000 * (this.moment?.() ?? 0)) }));
    await this.show();
    one("#remarks").hidden = false;
  }

  /**
   * The clip is open: moments can be marked, and shown again.
   * @param {() => number} moment
   * @param {(seconds: number) => Promise<void>} seek
   */
  async opened(moment, seek) {
    [this.moment, this.seek] = [moment, seek];
    one("#mark").hidden = false;
    await this.show();
  }

  /** @param {{code: string, moment_ms?: number}} remark */
  async #keep(remark) {
    const note = one("#remark");
    await api.post(this.address, { ...remark, text: note.value });
    note.value = "";
    await this.show();
  }

  async show() {
    const found = await api.get(this.address);
    one("#remark-list").replaceChildren(...found.map((/** @type {Remark} */ remark) => this.#line(remark)));
  }

  /** @param {Remark} remark */
  #line({ said, text, moment_ms: at, by, at: when }) {
    const line = document.createElement("li");
    const words = at === null ? said : filled(this.text.moment, { at: (at / 1000).toFixed(2) });
    if (at !== null && this.moment) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "link";
      button.textContent = words;
      onPress(button, () => this.seek(at / 1000));
      line.append(button);
    } else {
      const strong = document.createElement("strong");
      strong.textContent = words;
      line.append(strong);
    }
    const who = document.createElement("span");
    who.className = "quiet";
    who.textContent = ` ${by}, ${local(new Date(when * 1000))}`;
    line.append(text ? ` ${text}` : "", who);
    return line;
  }
}
