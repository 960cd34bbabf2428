// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * A form with `data-sign` is signed in this browser before it is sent; the server gets a note and never a key.
 *
 * The block `to-sign` says what: `{name, note}` is a text that somebody has signed already; `{name, origin, type,
 * fields, commit?}` is a new entry. Controls with `data-entry` fill a field of it; `commit`, `{field, text}`, is a text
 * that the field commits to under a salt that is made here; a control with `data-commit` holds one that is typed here.
 * The page shows the exact text before anybody signs it. The form's button comes disabled: pressed before this module is
 * there, it would send a form that nobody signed.
 */

import { newNonce, encode } from "./entry.js";
import { sha256, toHex, utf8 } from "./bytes.js";
import * as keys from "./keys.js";
import { Refusal, said } from "./refusal.js";
import { Note, sign } from "./note.js";

/** @typedef {{name: string, note?: string, origin?: string, type?: string, fields?: any, commit?: {field: string, text: string}}} ToSign */

const SALT_SIZE = 16;

/** @param {HTMLFormElement} form */
class Signing {
  constructor(form) {
    this.form = form;
    this.button = form.querySelector("button:not([type='button'])");
    /** @type {ToSign} */
    this.what = JSON.parse(form.querySelector("script#to-sign").textContent);
    this.nonce = newNonce();
    this.salt = crypto.getRandomValues(new Uint8Array(SALT_SIZE));
  }

  /** Return the text as it stands now, and the signatures that are on it. */
  async draft() {
    if (this.what.note !== undefined) {
      const note = Note.parse(utf8(this.what.note));
      return { text: note.text, signatures: note.signatures };
    }
    const fields = { ...this.what.fields, nonce: this.nonce };
    for (const control of this.form.querySelectorAll("[data-entry]")) {
      if (control.type !== "radio" || control.checked) fields[control.dataset.entry] = control.value.trim();
    }
    const typed = this.form.querySelector("[data-commit]");
    const commit = typed ? { field: typed.dataset.commit, text: typed.value.trim().replaceAll("\t", " ") } : this.what.commit;
    if (commit !== undefined) fields[commit.field] = toHex(await sha256(this.salt, utf8(commit.text)));
    return { text: encode(this.what.origin, this.what.type, fields), signatures: [] };
  }

  async show() {
    this.form.querySelector("[data-exact]").textContent = (await this.draft()).text;
  }

  /** Say at once where no key is, and offer no button that could not work. */
  async look() {
    const known = (await keys.list()).includes(this.what.name);
    this.form.querySelector("[data-no-key]").hidden = known;
    this.button.disabled = !known;
    await this.show();
  }

  async send() {
    const { text, signatures } = await this.draft();
    const signed = await sign(text, await keys.load(this.what.name), signatures);
    this.form.elements.namedItem("note").value = String(signed);
    this.form.elements.namedItem("salt").value = toHex(this.salt);
    this.form.submit();
  }

  /** @param {any} error */
  async failed(error) {
    const place = this.form.querySelector("[data-failed]");
    place.textContent = error instanceof Refusal ? (await said(error)).join(" ") : String(error);
    place.hidden = false;
    this.button.disabled = false;
  }

  wire() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.button.disabled = true;
      this.send().catch((error) => this.failed(error));
    });
    this.form.addEventListener("input", () => this.show().catch((error) => this.failed(error)));
    this.look().catch((error) => this.failed(error));
  }
}

document.querySelectorAll("form[data-sign]").forEach((form) => new Signing(form).wire());
