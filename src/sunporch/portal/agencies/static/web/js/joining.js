// SPDX-License-Identifier: AGPL-3.0-or-later
/** The page of somebody who is invited: makes this browser's keys, hands in their public halves, shows their number. */

import * as api from "./api.js";
import * as keys from "./keys.js";
import { one, onPress, showRefusal } from "./page.js";

const LOOK_MS = 3000;
const NEWCOMER = "newcomer";

const { name, key, x25519, work } = one("[data-joining]").dataset;

/** @param {keys.Device} device */
function handIn(device) {
  const form = one("#hand-in");
  const made = keys.publicTexts(device);
  form.elements.namedItem("key").value = made.key;
  form.elements.namedItem("x25519").value = made.x25519;
  form.submit();
}

/** Go on by itself once the registrar's entry is in force. */
async function look() {
  const { role } = await api.get("/api/v1/me");
  if (role !== NEWCOMER) location.assign(work);
  else setTimeout(() => look().catch(showRefusal), LOOK_MS);
}

async function show() {
  const device = (await keys.list()).includes(name) ? await keys.load(name) : null;
  const made = device && keys.publicTexts(device);
  const handed = made?.key === key && made?.x25519 === x25519;
  one("#make").hidden = handed;
  one("#read").hidden = !handed;
  if (!handed) return;
  one("[data-number]").textContent = await keys.spokenNumber(made);
  await look();
}

onPress(one("#generate"), async () => {
  const known = (await keys.list()).includes(name);
  handIn(known ? await keys.load(name) : await keys.generate(name));
});

await show().catch(showRefusal);
