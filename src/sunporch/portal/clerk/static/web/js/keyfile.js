// SPDX-License-Identifier: AGPL-3.0-or-later
/** A key file chosen in a form with `data-sign` is taken into this browser; then the form can sign with it. */

import * as keys from "./keys.js";
import { Refusal, said } from "./refusal.js";

const MAX_FILE = 4096; // bytes of a key file

/** @param {HTMLInputElement} input */
function wire(input) {
  input.addEventListener("change", async () => {
    try {
      await keys.importFile(await (/** @type {File} */ (input.files?.[0])).slice(0, MAX_FILE).text());
      input.value = ""; // the page keeps nothing of the file
      location.reload();
    } catch (error) {
      const place = /** @type {HTMLElement} */ (input.form?.querySelector("[data-failed]"));
      place.textContent = error instanceof Refusal ? (await said(error)).join(" ") : String(error);
      place.hidden = false;
    }
  });
}

document.querySelectorAll("input[data-key-file]").forEach((input) => wire(/** @type {HTMLInputElement} */ (input)));
