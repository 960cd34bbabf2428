// SPDX-License-Identifier: AGPL-3.0-or-later
// The live picture of a camera: asks for what is new three times a second while somebody looks, and says why where
// there is none. A film that this browser cannot play becomes a still that renews. Without it, the newest still.

import { clock } from "../../web/js/localtime.js";
import { filled, one, words } from "../../web/js/page.js";
import { plays } from "../../web/js/source.js";
import { Film } from "./film.js";

const ASK_MS = 300;
const AWAY_MS = 2000;
const STILL_MS = 2000;
const LATE_SECONDS = 5; // so old a newest picture is said
const UNKNOWN = 401;

/** A random name of this page, by which the hub counts who looks. */
const viewer = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const wait = (/** @type {number} */ ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** @param {HTMLElement} place */
function wire(place) {
  const [picture, video, said, state, taken] =
    ["[data-picture]", "video", "[data-said]", "[data-state]", "[data-taken]"].map((what) => one(what, place));
  const texts = /** @type {Record<string, any>} */ (words());
  const film = new Film(video);
  let [run, after] = ["", 0];
  let unplayable = false; // until the page is looked at anew

  /**
   * Say how it stands; a reader of screens hears it only when it changes.
   * @param {"live" | "away" | "stills"} name
   * @param {string} text
   */
  function tell(name, text) {
    if (place.dataset.now === name && said.textContent === text) return;
    place.dataset.now = name;
    state.textContent = texts[name];
    state.className = name === "away" ? "state ended" : "state open";
    state.hidden = false;
    said.textContent = text;
  }

  /** @param {boolean} goes whether this camera is being recorded */
  function tellRecording(goes) {
    const place = document.querySelector("[data-recording]"); // none where it is paused
    if (!place) return;
    place.textContent = texts[goes ? "recording" : "idle"];
    place.className = goes ? "state open" : "state ended";
  }

  /** @param {boolean} moving */
  function show(moving) {
    video.hidden = !moving;
    picture.hidden = moving || !picture.getAttribute("src");
    taken.hidden = moving;
    place.querySelector("[data-nothing]")?.toggleAttribute("hidden", moving || !picture.hidden);
  }

  /** Nothing that was shown is live any more. */
  function stop() {
    [run, after] = ["", 0];
    film.end();
    show(false);
  }

  /** @param {{id: string, what: string, next: string, params: Record<string, string>}} why */
  function away(why) {
    const [what, next] = texts[why.id] ?? [why.what, why.next];
    stop();
    tell("away", `${filled(what, why.params)} ${filled(next, why.params)}`);
    return AWAY_MS;
  }

  /** @param {Response} answer */
  async function refused(answer) {
    if (answer.status === UNKNOWN) location.reload(); // to sign in, and back
    return away((await answer.json()).error);
  }

  /** Show a new still instead of film. */
  async function still() {
    const answer = await fetch(place.dataset.still ?? "", { cache: "no-store" });
    if (!answer.ok) return refused(answer);
    const before = picture.src;
    picture.src = URL.createObjectURL(await answer.blob());
    if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    show(false);
    const at = clock(new Date(Math.round(Number(answer.headers.get("X-Taken-At"))) * 1000));
    taken.textContent = filled(texts.taken, { time: at });
    tell("stills", texts.unplayable);
    return STILL_MS;
  }

  /** Ask once; return how long to wait before the next time. */
  async function ask() {
    const query = new URLSearchParams({ viewer, run, after: String(after) });
    const answer = await fetch(`${place.dataset.live}?${query}`, { cache: "no-store" });
    if (!answer.ok) return refused(answer);
    tellRecording(answer.headers.get("X-Camera-State") === "recording");
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) return away((await answer.json()).away);
    const told = (/** @type {string} */ name) => answer.headers.get(`X-Live-${name}`) ?? "";
    const type = told("Type");
    if (unplayable || !plays(type)) return still();
    const piece = await answer.arrayBuffer();
    try {
      if (told("Begins") === "1") await film.begin(type);
      if (piece.byteLength) await film.add(piece);
    } catch (error) {
      // A telephone that saves power lets nothing play by itself; some films cannot be decoded after all.
      console.info("live", error);
      film.end();
      unplayable = true;
      return still();
    }
    [run, after] = [told("Run"), Number(told("After"))];
    show(true);
    const age = Number(told("Age"));
    const since = clock(new Date(Math.round(Date.now() / 1000 - age) * 1000));
    tell("live", age < LATE_SECONDS ? "" : filled(texts.late, { time: since }));
    return ASK_MS;
  }

  async function watch() {
    for (;;) {
      if (document.hidden) {
        stop();
        unplayable = false;
        await new Promise((resolve) => { document.addEventListener("visibilitychange", resolve, { once: true }); });
        continue;
      }
      let pause = AWAY_MS;
      try {
        pause = await ask();
      } catch (error) {
        console.info("live", error);
        stop();
        tell("away", texts.unreachable);
      }
      await wait(pause);
    }
  }

  watch();
}

document.querySelectorAll("[data-live]").forEach((place) => wire(/** @type {HTMLElement} */ (place)));
