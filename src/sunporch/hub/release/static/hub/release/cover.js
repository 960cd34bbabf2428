// SPDX-License-Identifier: AGPL-3.0-or-later
// "Who stays covered?": boxes on the picture of a moment that one chooses. While the hub looks for people, it waits.

import { Left } from "../../web/js/left.js";
import { drawBoxes } from "../boxes.js";

const ASK_MS = 1000;
const STILL_WAIT_MS = 150;

/** @param {HTMLFormElement} form */
function wire(form) {
  const find = (/** @type {string} */ what) => /** @type {any} */ (form.querySelector(what));
  const [picture, moment] = ["[data-picture]", "#moment"].map(find);
  const length = Number(form.dataset.length);
  let waiting = 0;
  const show = drawBoxes(form, { from: 0, to: length }, (box) => {
    const at = Number(moment.value);
    return box("from") <= at && at < box("to");
  });

  moment.addEventListener("input", () => {
    find("[data-moment]").textContent = moment.value;
    show();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const at = Math.min(Number(moment.value), Math.max(0, length - 0.2));
      picture.src = `${form.dataset.still}?at=${(Number(form.dataset.begins) + at).toFixed(3)}`;
    }, STILL_WAIT_MS);
  });
  find("[data-scrub]").hidden = false;
}

/** @param {HTMLElement} place */
function wait(place) {
  const [bar, told] = [place.querySelector("progress"), /** @type {HTMLElement} */ (place.querySelector("[data-told]"))];
  const left = new Left(told.dataset.remaining ?? "");
  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.finding ?? "");
      const found = answer.ok ? await answer.json() : { state: "" };
      if (found.state !== "finding") {
        location.reload();
        return;
      }
      bar.max = found.total_s;
      bar.value = found.done_s;
      const soFar = (told.dataset.told ?? "")
        .replace("{done}", found.done_s.toFixed(0)).replace("{all}", found.total_s.toFixed(0));
      told.textContent = `${soFar}. ${left.say(found.done_s, found.total_s)}`;
    } catch (error) {
      console.info("cover", error);
    }
    setTimeout(ask, ASK_MS);
  };
  ask();
}

document.querySelectorAll("form[data-cover]").forEach(wire);
document.querySelectorAll("[data-finding]").forEach(wait);
