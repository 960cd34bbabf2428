// SPDX-License-Identifier: AGPL-3.0-or-later
/** Plays pieces of live film in a `<video>` by MSE, close to the newest picture; keeps little of what was shown. */

import { attach } from "../../web/js/source.js";

const BEHIND_SECONDS = 0.6; // what is held back, so that a piece that comes late leaves no hole
const MOST_BEHIND_SECONDS = 1.4; // beyond it the player goes to the newest
const KEPT_SECONDS = 10; // of what was shown

/**
 * @param {EventTarget} target
 * @param {string} name
 */
const event = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

export class Film {
  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
    /** @type {SourceBuffer | null} */
    this.buffer = null;
  }

  /**
   * Forget all that was shown and begin with a description.
   * @param {string} type
   */
  async begin(type) {
    this.end();
    this.buffer = (await attach(this.video, type)).buffer;
  }

  /** Show nothing any more. */
  end() {
    this.buffer = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  /**
   * Take the next piece and stay close to the newest picture.
   * @param {ArrayBuffer} piece
   */
  async add(piece) {
    if (!this.buffer) return;
    const { buffer, video } = this;
    const done = event(buffer, "updateend");
    buffer.appendBuffer(piece);
    await done;
    const { buffered } = buffer;
    if (!buffered.length) return;
    const newest = buffered.end(buffered.length - 1);
    const first = buffered.start(buffered.length - 1);
    if (video.currentTime < first || newest - video.currentTime > MOST_BEHIND_SECONDS) {
      video.currentTime = Math.max(first, newest - BEHIND_SECONDS);
    }
    if (video.paused) await video.play();
    if (video.currentTime - buffered.start(0) > 2 * KEPT_SECONDS) {
      const gone = event(buffer, "updateend");
      buffer.remove(0, video.currentTime - KEPT_SECONDS);
      await gone;
    }
  }
}
