// SPDX-License-Identifier: AGPL-3.0-or-later
// "Check a film": the film and its proof are compared here, in this browser; nothing is sent anywhere.

import { TICKS, check } from "../../web/js/film.js";
import { local } from "../../web/js/localtime.js";
import { clearRefusal, filled, one, onPress, words } from "../../web/js/page.js";
import { kind } from "../../web/js/refusal.js";

const MOST_BYTES = 1024 ** 3; // a browser hashes a file as a whole, in memory
const text = words();
const INSECURE = kind(
  "browser.page-insecure",
  "This browser checks only on a secure page (https), and this is none.",
  "Use the command below instead.",
);
const FILM_OVERSIZE = kind(
  "browser.film-oversize",
  "This film is too large for a browser.",
  "Use the command below instead.",
);

const form = one("[data-film-check]");
const [film, proof, press, found] = ["#film", "#proof", "#check-now", "#found"].map((name) => one(name));

/** @param {number} ticks */
const moment = (ticks) => local(new Date(ticks / (TICKS / 1000)), true);

/** @param {import("../../web/js/film.js").Film} said */
function show(said) {
  const covered = said.report.covered.length;
  const lines = [
    filled(text.signed, { at: local(new Date(said.signed_at * 1000), true) }),
    covered ? filled(text.covered, { n: covered }) : text.uncovered,
    said.report.sound ? text.sound : text.silent,
    ...said.gaps.map(([from, to]) => filled(text.gap, { from: moment(from), to: moment(to) })),
    ...said.camera_clock_ms.map((ms) => filled(text.clock, { seconds: (ms / 1000).toFixed(1) })),
  ];
  one("[data-found]", found).replaceChildren(...lines.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
  one("[data-from]", found).textContent = moment(said.from_90k);
  one("[data-to]", found).textContent = moment(said.to_90k);
  found.hidden = false;
  found.focus();
}

function ready() {
  clearRefusal();
  found.hidden = true;
  press.disabled = !film.files.length || !proof.files.length;
}

onPress(press, async () => {
  found.hidden = true;
  if (!globalThis.crypto?.subtle) throw INSECURE();
  if (film.files[0].size > MOST_BYTES) throw FILM_OVERSIZE();
  const [bytes, note] = await Promise.all([film.files[0], proof.files[0]].map((file) => file.arrayBuffer()));
  show(await check(new Uint8Array(note), new Uint8Array(bytes), form.dataset.key));
});

/** @param {DragEvent} event */
function drop(event) {
  event.preventDefault();
  for (const file of event.dataTransfer?.files ?? []) {
    const place = file.name.endsWith(".proof") ? proof : film;
    const chosen = new DataTransfer();
    chosen.items.add(file);
    place.files = chosen.files;
  }
  ready();
}

for (const place of [film, proof]) place.addEventListener("change", ready);
form.addEventListener("dragover", (/** @type {DragEvent} */ event) => event.preventDefault());
form.addEventListener("drop", drop);
form.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
one("[data-drop]").hidden = false;
ready();
