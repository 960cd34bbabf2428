// SPDX-License-Identifier: AGPL-3.0-or-later
// A clip on its way: the page is loaded anew when its state changes, so that a resident need not ask.

import { Left } from "../../web/js/left.js";

const ASK_MS = 2000;

/**
 * Show how much of a clip has left; return what takes the answers.
 * @param {HTMLElement} box
 */
function uploading(box) {
  const [bar, told] = [box.querySelector("progress"), /** @type {HTMLElement} */ (box.querySelector("p"))];
  const left = new Left(box.dataset.remaining ?? "");
  return (/** @type {{sent_bytes: number, sealed_bytes: number}} */ { sent_bytes: sent, sealed_bytes: all }) => {
    box.hidden = !all;
    if (!bar || !all) return;
    [bar.max, bar.value] = [all, sent];
    const [n, of] = [sent, all].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    told.textContent = `${(box.dataset.upload ?? "").replace("{n}", n).replace("{of}", of)} ${left.say(sent, all)}`;
  };
}

/** @param {HTMLElement} place */
function wire(place) {
  if (["shared", "undone", "refused"].includes(place.dataset.state ?? "")) return;
  const box = /** @type {HTMLElement | null} */ (place.querySelector("[data-upload]"));
  const show = box ? uploading(box) : () => {};
  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.release ?? "");
      const release = answer.ok ? await answer.json() : { state: "" };
      if (release.state !== place.dataset.state) {
        location.reload();
        return;
      }
      show(release);
    } catch (error) {
      console.info("waiting", error);
    }
    setTimeout(ask, ASK_MS);
  };
  setTimeout(ask, ASK_MS);
}

document.querySelectorAll("[data-release]").forEach(wire);
