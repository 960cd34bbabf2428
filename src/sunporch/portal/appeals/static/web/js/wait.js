// SPDX-License-Identifier: AGPL-3.0-or-later
/** A page is loaded anew as soon as the state of what it waits for (the address in `data-wait`) is another. */

const PAUSE_MS = 2_000;

/** @param {HTMLElement} place */
async function hasChanged(place) {
  const answer = await fetch(place.dataset.wait, { cache: "no-store" });
  if (!answer.ok) throw new Error(`the site answered ${answer.status}`);
  return (await answer.json()).state !== place.dataset.state;
}

/** @param {HTMLElement} place */
async function watch(place) {
  for (;;) {
    try {
      if (await hasChanged(place)) return location.reload();
    } catch (error) {
      console.info("waiting", error);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

document.querySelectorAll("[data-wait]").forEach(watch);
