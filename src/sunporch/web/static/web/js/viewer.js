// SPDX-License-Identifier: AGPL-3.0-or-later
/** The page of one clip: says what opening does, opens it, and plays it. */

import { converse } from "./asking.js";
import { Copies } from "./exporting.js";
import * as keys from "./keys.js";
import { Left } from "./left.js";
import { Opener } from "./opening.js";
import { filled, one, onPress, showRefusal, townTime, words } from "./page.js";
import { Player } from "./player.js";
import { Remarks } from "./triage.js";

/** @typedef {import("./opening.js").Step} Step */

const text = words();
const root = one("[data-viewer]");
const { api, log, name, clip, request } = root.dataset;
const now = townTime(Number(root.dataset.now));
const steps = one("#steps");
const stage = one("#stage");
const remarks = root.querySelector("#remarks") ? new Remarks(`${api}/clips/${clip}/remarks`, text) : null;

/** Who looks, and when: written over every picture. */
const mark = () => `${name} ${new Date(now() * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/**
 * @param {Step} step
 * @param {string} [detail]
 */
function tell(step, detail = "") {
  steps.hidden = false;
  let done = true;
  for (const line of steps.querySelectorAll("li")) {
    const here = line.dataset.step === step;
    if (here) done = false;
    line.toggleAttribute("aria-current", here);
    if (here) line.setAttribute("aria-current", "step");
    one("[data-state]", line).textContent = here ? text.doing : done ? text.done : "";
  }
  const line = one(`[data-step="${step}"] [data-detail]`, steps);
  if (detail) line.textContent = filled(text.entry, { n: detail });
}

let left = new Left(text.left);

/**
 * @param {number} came bytes
 * @param {number} size bytes
 */
function arrived(came, size) {
  const [n, of] = [came, size].map((bytes) => (bytes / 2 ** 20).toFixed(1));
  const told = came < size ? `${filled(text.arrived, { n, of })} ${left.say(came, size)}` : "";
  for (const place of document.querySelectorAll("[data-arrived]")) place.textContent = told;
}

/** @param {Player} player */
function control(player) {
  const { video } = player.stage;
  const [play, position, where] = [one("#play"), one("#position"), one("#where")];
  const show = () => {
    position.max = String(player.duration);
    play.textContent = video.paused ? text.play : text.pause;
    const frame = Math.max(0, player.shown);
    position.value = String(player.film.frames[frame]);
    const time = player.film.frames[frame].toFixed(2);
    where.textContent = filled(text.where, { time, of: player.duration.toFixed(2), frame });
    position.setAttribute("aria-valuetext", where.textContent);
  };
  for (const name of ["play", "pause", "ended"]) video.addEventListener(name, show);
  player.drawn = show;
  onPress(play, async () => (video.paused ? player.play() : player.pause()));
  onPress(one("#back"), () => player.step(-1));
  onPress(one("#on"), () => player.step(1));
  position.addEventListener("input", () => player.seek(Number(position.value)).catch(showRefusal));
  show();
}

/** @param {import("./opening.js").Opened} opened */
function describe({ access, index }) {
  const told = one("#told");
  const set = (/** @type {string} */ key, /** @type {string} */ value) => {
    one(`[data-told="${key}"]`, told).textContent = value;
  };
  set("access", String(access));
  set("camera", index.camera);
  set("begins", new Date(index.start_ms).toISOString().replace("T", " ").replace(/\.\d+Z/, " UTC"));
  set("covered", index.redacted ? text.covered : text.uncovered);
  set("visible", String(index.visible));
  set("sound", index.sound ? text.sound : text.silent);
  set("pictures", index.reencoded ? text.anew : text.original);
}

/** @param {keys.Device} device */
async function open(device) {
  left = new Left(text.left); // each opening is a wait of its own
  const opener = new Opener(device, { api, log, now }, tell, arrived);
  const opened = await opener.open(Number(clip), one("#purpose").value);
  stage.hidden = false;
  /** @type {Player} */
  let player;
  try {
    player = await Player.open({ video: one("video", stage), canvas: one("canvas", stage), mark }, opened);
  } catch (error) {
    stage.hidden = true;
    throw error;
  }
  const end = (/** @type {unknown} */ error) => {
    player.close();
    stage.hidden = true;
    showRefusal(error);
  };
  player.failed = end;
  describe(opened);
  control(player);
  const state = one("#state");
  state.textContent = text.opened;
  one("#before").hidden = true;
  steps.hidden = true;
  one("h2", stage).focus();
  player.check().then(() => {
    one("#whole").textContent = text.whole;
  }, end);
  await remarks?.opened(() => player.film.frames[Math.max(0, player.shown)], (seconds) => player.seek(seconds));
  const at = { api, log, clip: Number(clip), now };
  if (root.querySelector("#export")) await new Copies(device, at, opened, text).offer();
}

try {
  const device = await keys.load(name);
  one("#ready").hidden = false;
  onPress(one("#open"), async () => {
    try {
      await open(device);
    } catch (error) {
      const here = steps.querySelector("[aria-current] [data-state]");
      if (here) here.textContent = text.stopped;
      throw error;
    }
  });
  await remarks?.offer();
  await converse(device, { api, log, clip: Number(clip), request: Number(request) }, text);
} catch (error) {
  if (/** @type {import("./refusal.js").Refusal} */ (error).id !== "browser.device-unknown") showRefusal(error);
  else one("#no-device").hidden = false;
}
