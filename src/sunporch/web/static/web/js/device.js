// SPDX-License-Identifier: AGPL-3.0-or-later
/** The page "This device": makes this browser's keys, shows what the registrar needs, forgets them. */

import * as keys from "./keys.js";
import { filled, one, onPress, showRefusal, words } from "./page.js";

const MAX_FILE = 4096; // bytes of a key file

const text = words();
const { name, key, x25519 } = one("[data-device]").dataset;

/** @param {keys.Device} device */
function card(device) {
  const made = one("#device").content.cloneNode(true);
  const shown = keys.publicTexts(device);
  one("h3", made).textContent = device.name;
  one("[data-key]", made).textContent = shown.key;
  one("[data-x25519]", made).textContent = shown.x25519;
  // Whoever opens no clips is on the record with the key that signs alone.
  const enrolled = shown.key === key && (x25519 === "" || shown.x25519 === x25519);
  const state = one(".state", made);
  state.textContent = enrolled ? text.enrolled : text.waiting;
  state.classList.toggle("open", enrolled);
  one("[data-next]", made).textContent = enrolled ? (x25519 === "" ? text.signs : text.use) : filled(text.tell, { name: device.name });
  const sure = one("input", made);
  const forget = one("button", made);
  sure.id = `sure-${device.name}`;
  one("label", made).htmlFor = sure.id;
  onPress(forget, async () => {
    if (!sure.checked) {
      sure.focus();
      return;
    }
    await keys.forget(device.name);
    await show();
  });
  return made;
}

async function show() {
  const names = await keys.list();
  const devices = await Promise.all(names.map(keys.load));
  one("#devices").replaceChildren(...devices.map(card));
  one("#none").hidden = names.length > 0;
  one("#make").hidden = names.includes(name);
}

onPress(one("#generate"), async () => {
  await keys.generate(one("#name").value.trim());
  await show();
});

one("#file").addEventListener("change", async (/** @type {Event} */ event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  try {
    await keys.importFile(await (/** @type {File} */ (input.files?.[0])).slice(0, MAX_FILE).text());
    await show();
  } catch (error) {
    showRefusal(error);
  }
  input.value = ""; // the page keeps nothing of the file
});

await show().catch(showRefusal);
