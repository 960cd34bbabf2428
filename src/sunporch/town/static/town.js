// SPDX-License-Identifier: AGPL-3.0-or-later
// Keeps the town page alive: every three seconds what the three panes, the steps and the clock show now.

const EVERY_MS = 3000;

/** @param {string} name @returns {HTMLElement} */
const live = (name) => document.querySelector(`[data-live="${name}"]`);

/** @param {string} name @param {string} text */
const made = (name, text) => Object.assign(document.createElement(name), { textContent: text });

/** @param {string} line its parts are parted by tabs, as in an entry of the record: place, time, words */
function item(line) {
  const parts = line.split("\t").map((part) => made("span", part));
  const found = made("li", "");
  found.append(...parts.flatMap((part) => [part, " "]));
  return found;
}

/** @param {HTMLElement} list @param {string[]} lines */
function fill(list, lines) {
  if (list.dataset.shown === JSON.stringify(lines)) return;
  list.dataset.shown = JSON.stringify(lines);
  list.replaceChildren(...lines.map(item));
}

async function look() {
  try {
    const answer = await fetch("/now.json");
    if (!answer.ok) throw new Error(`the town page answered ${answer.status}`);
    const now = await answer.json();
    for (const name of ["time", "day", "behind"]) live(name).textContent = now[name];
    for (const name of ["ana", "diaz", "record"]) fill(live(name), now[name]);
    [...live("done").children].forEach((step, n) => step.classList.toggle("done", Boolean(now.done[n])));
    live("can_end").disabled = !now.can_end;
    live("trouble").textContent = now.trouble;
  } catch (error) {
    live("trouble").textContent = "The town does not answer; it may have been ended.";
  }
  setTimeout(look, EVERY_MS);
}

look();
