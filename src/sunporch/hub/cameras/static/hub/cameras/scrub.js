// SPDX-License-Identifier: AGPL-3.0-or-later
// The day's bar as a slider: what the camera saw at the moment below the thumb, or why there is nothing.
// Without it the stills of the hours and "Watch from" lead to the same.

import { local } from "../../web/js/localtime.js";

// One still after another: as many as the hub gives a page for as long as one may drag.
const WAIT_MS = 250;

/** @typedef {{begins: number, still: string, reach: number, spans: [number, number][]}} Day Unix seconds; `reach` is how
 *  far beside its footage a bar that was too short to be seen is drawn */

/** @param {HTMLElement} place */
function wire(place) {
  const find = (/** @type {string} */ what) => /** @type {any} */ (place.querySelector(what));
  const [slide, glance, picture, said, watch] =
    ["input", "figure", "img", "[data-said]", "a"].map(find);
  const day = /** @type {Day} */ (JSON.parse(find("script").textContent));
  const gaps = [...document.querySelectorAll("tr[data-from]")].map((row) => /** @type {HTMLElement} */ (row));
  let wanted = /** @type {number | null} */ (null);
  let asking = false;

  /** Return the moment with footage that is drawn at `at`, or null. */
  const recorded = (/** @type {number} */ at) => {
    const near = day.spans.filter(([from, to]) => at >= from && at < Math.max(to, from + day.reach));
    const inside = near.find(([, to]) => at < to);
    return inside ? at : near.length ? near[near.length - 1][0] : null;
  };

  /** Say why nothing was recorded, in the words of the list below. */
  const why = (/** @type {number} */ at) =>
    gaps.find(({ dataset: { from, to } }) => Number(from) <= at && at < Number(to))?.lastElementChild?.textContent
    ?? place.dataset.nothing;

  /** Ask for the newest moment that is wanted, one picture at a time. */
  async function ask() {
    if (asking) return;
    asking = true;
    while (wanted !== null) {
      const at = wanted;
      wanted = null;
      const came = new Promise((done) => {
        picture.onload = () => done(true);
        picture.onerror = () => done(false);
      });
      picture.src = `${day.still}?at=${at}`;
      const seen = await came;
      picture.hidden = !seen;
      if (!seen && wanted === null) said.textContent = `${local(new Date(at * 1000), true)} · ${place.dataset.unseen}`;
      await new Promise((done) => setTimeout(done, WAIT_MS));
    }
    asking = false;
  }

  slide.addEventListener("input", () => {
    const pointed = day.begins + Number(slide.value);
    const at = recorded(pointed);
    const time = local(new Date((at ?? pointed) * 1000), true);
    glance.hidden = false;
    said.textContent = at === null ? `${time} · ${why(pointed)}` : time;
    slide.setAttribute("aria-valuetext", said.textContent);
    picture.hidden = watch.hidden = at === null;
    wanted = at;
    if (at === null) return;
    watch.href = `?at=${at}`;
    void ask();
  });
  slide.hidden = false;
}

document.querySelectorAll("[data-scrub]").forEach((place) => wire(/** @type {HTMLElement} */ (place)));
