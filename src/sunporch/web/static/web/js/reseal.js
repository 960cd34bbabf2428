// SPDX-License-Identifier: AGPL-3.0-or-later
/** The page on which a recipient seals clips for another device: opens the own half, seals it to the record's key. */

import * as api from "./api.js";
import { download } from "./arriving.js";
import { toBase64 } from "./bytes.js";
import * as clip from "./clip.js";
import { recipient } from "./enrolled.js";
import * as keys from "./keys.js";
import { ownHalf } from "./opening.js";
import { one, onPress, showRefusal, words } from "./page.js";
import { logFiles, readRecord, remember, remembered } from "./record.js";

const text = words();
const form = one("[data-reseal]");
const { name, to } = form.dataset;

/**
 * @param {keys.Device} device
 * @param {import("./enrolled.js").Enrolled} target
 * @param {number} index
 */
async function seal(device, target, index) {
  const address = `${form.dataset.api}/clips/${index}`;
  const header = await download(`${address}/header`, clip.MAX_HEADER);
  const half = await ownHalf(device, address, header, index);
  const sealed = await clip.rewrap(header, half, target);
  await api.post(`${address}/rewraps`, { name: target.name, sealed: toBase64(sealed) });
}

async function sealMarked() {
  const device = await keys.load(name);
  const record = await readRecord(logFiles(form.dataset.log), await remembered());
  await remember(record);
  const target = await recipient(record, to);
  for (const box of form.querySelectorAll("input:checked:not(:disabled)")) {
    const state = one("[data-state]", box.closest("label"));
    state.textContent = text.doing;
    try {
      await seal(device, target, Number(box.value));
    } catch (error) {
      state.textContent = "";
      throw error;
    }
    state.textContent = text.done;
    box.disabled = true;
  }
  one("#sealed").hidden = false;
  one("#ready").hidden = form.querySelector("input:not(:disabled)") === null;
}

try {
  const known = (await keys.list()).includes(name);
  one("#ready").hidden = !known;
  one("#no-device").hidden = known;
  onPress(one("#seal"), sealMarked);
} catch (error) {
  showRefusal(error);
}
