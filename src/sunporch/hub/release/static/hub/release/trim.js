// SPDX-License-Identifier: AGPL-3.0-or-later
// "Which seconds?": sliders beside the number fields, the picture of the moment, and the seconds played.
// Without it the number fields alone do the same.

import { clock } from "../../web/js/localtime.js";

const STILL_WAIT_MS = 150;
const LEAST_SECONDS = 1;

/** @param {HTMLFormElement} form */
function wire(form) {
  const find = (/** @type {string} */ what) => /** @type {any} */ (form.querySelector(what));
  const [begins, length] = [Number(form.dataset.begins), Number(form.dataset.length)];
  const fields = { start: find("[name=start]"), end: find("[name=end]") };
  const slides = { start: find("[data-slide=start]"), end: find("[data-slide=end]") };
  const [picture, player, said, failed] =
    ["[data-picture]", "[data-player]", "[data-said]", "[data-failed]"].map(find);
  const seconds = new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit", unit: "second", unitDisplay: "long", maximumFractionDigits: 1,
  });
  let waiting = 0;

  const rounded = (/** @type {number} */ n) => Math.round(n * 10) / 10;
  const value = (/** @type {"start" | "end"} */ name) => Number(fields[name].value) || 0;

  /** Show what the fields say. */
  function show() {
    const [start, end] = [value("start"), value("end")];
    slides.start.value = String(start);
    slides.end.value = String(end);
    for (const name of /** @type {const} */ (["start", "end"])) {
      slides[name].setAttribute("aria-valuetext", clock(new Date((begins + value(name)) * 1000)));
    }
    const chosen = find("[data-chosen]");
    chosen.style.insetInlineStart = `${(100 * start) / length}%`;
    chosen.style.inlineSize = `${Math.max(0.5, (100 * (end - start)) / length)}%`;
    said.textContent = end > start
      ? `${clock(new Date((begins + start) * 1000))} – ${clock(new Date((begins + end) * 1000))} · ${seconds.format(rounded(end - start))}`
      : "";
  }

  /** @param {number} at seconds from the beginning */
  function look(at) {
    player.pause();
    player.hidden = true;
    picture.hidden = false;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const moment = Math.min(at, Math.max(0, length - 0.2));
      picture.src = `${form.dataset.still}?at=${(begins + moment).toFixed(3)}`;
    }, STILL_WAIT_MS);
  }

  for (const name of /** @type {const} */ (["start", "end"])) {
    slides[name].addEventListener("input", () => {
      let at = Number(slides[name].value);
      at = name === "start"
        ? Math.min(at, value("end") - LEAST_SECONDS)
        : Math.max(at, value("start") + LEAST_SECONDS);
      fields[name].value = String(rounded(Math.max(0, Math.min(length, at))));
      show();
      look(value(name));
    });
    fields[name].addEventListener("input", () => {
      show();
      look(value(name));
    });
  }

  find("[data-play]").addEventListener("click", () => {
    const [from, to] = [begins + value("start"), begins + value("end")];
    failed.hidden = true;
    player.src = `${form.dataset.video}?from=${from.toFixed(3)}&to=${to.toFixed(3)}`;
    picture.hidden = true;
    player.hidden = false;
    player.play().catch(() => {});
  });
  player.addEventListener("error", () => {
    player.hidden = true;
    picture.hidden = false;
    failed.textContent = failed.dataset.failed;
    failed.hidden = false;
  });
  find("[data-sliders]").hidden = false;
  find("[data-play]").hidden = false;
  show();
}

document.querySelectorAll("form[data-trim]").forEach(wire);
