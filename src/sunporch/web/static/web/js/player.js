// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Plays an opened clip: fragments are opened as they come and are needed, so it begins at once and a long clip fits.
 *
 * The picture is drawn on a canvas, with who looks at it and when written over it. Frames are counted from what the
 * file says of them: after `seek(t)` the canvas shows the frame whose beginning is nearest to t.
 */

import { sha256, toHex } from "./bytes.js";
import { scan } from "./mp4.js";
import { kind } from "./refusal.js";
import { attach, plays } from "./source.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./mp4.js").Film} Film */
/** @typedef {import("./opening.js").Opened} Opened */
/** @typedef {{video: HTMLVideoElement, canvas: HTMLCanvasElement, mark: () => string}} Stage */

const AHEAD_SECONDS = 20;
const BEHIND_SECONDS = 20;
const PIECE = 4 * 1024 * 1024; // bytes opened at a time while the whole is checked

const MEDIA_DIFFERS = kind(
  "desk.media-differs",
  "The video inside the clip is not the one that its own index describes.",
  "Do not use it. Ask the resident to share it again.",
);
const MEDIA_UNPLAYABLE = kind(
  "browser.media-unplayable",
  "This browser cannot play {type}.",
  "Use a browser that plays H.264, or `sunporch desk open`.",
);

/**
 * Return the whole media of an opened clip, which is what record and index describe.
 *
 * Throws `clip.commitment-mismatch`, `desk.media-differs`.
 * @param {Opened} opened
 */
export async function wholeMedia(opened) {
  await opened.check();
  const read = reader(opened);
  const size = opened.end - opened.start;
  const whole = new Uint8Array(size);
  for (let at = 0; at < size; at += PIECE) whole.set(await read(at, Math.min(size, at + PIECE)), at);
  if (toHex(await sha256(whole)) !== opened.index.media_sha256) throw MEDIA_DIFFERS();
  return whole;
}

/** One clip on one stage. */
export class Player {
  /**
   * @param {Stage} stage
   * @param {Opened} opened
   * @param {Film} film
   * @param {MediaSource} source
   * @param {SourceBuffer} buffer
   */
  constructor(stage, opened, film, source, buffer) {
    this.stage = stage;
    this.opened = opened;
    this.film = film;
    this.source = source;
    this.buffer = buffer;
    /** @type {Set<number>} fragments that the video has */
    this.held = new Set();
    /** The number of the frame that the canvas shows, from 0; -1 before the first. */
    this.shown = -1;
    this.filling = Promise.resolve();
    /** @type {unknown} why no more of the film will be known */
    this.broken = null;
    this.growing = Promise.resolve();
    /** @type {(() => void)[]} who waits until more of the film is known */
    this.waiting = [];
    /** Hears of damage that is found later. @type {(error: unknown) => void} */
    this.failed = () => {};
    /** Hears of each frame that was drawn. */
    this.drawn = () => {};
  }

  /**
   * Put an opened clip on the stage; throws `browser.media-unplayable`, `browser.media-malformed`.
   * @param {Stage} stage
   * @param {Opened} opened
   */
  static async open(stage, opened) {
    const type = opened.index.media_type;
    if (!plays(type)) throw MEDIA_UNPLAYABLE({ type });
    const read = reader(opened);
    const more = scan(read, opened.end - opened.start);
    const film = /** @type {Film} */ ((await more.next()).value);
    const { source, buffer } = await attach(stage.video, type);
    stage.video.muted = !opened.index.sound;
    const player = new Player(stage, opened, film, source, buffer);
    await append(buffer, await read(0, film.initial));
    player.growing = player.#grow(more);
    stage.video.addEventListener("timeupdate", () => player.fill());
    stage.video.addEventListener("seeking", () => player.fill());
    player.#draw();
    await player.seek(film.frames[0]);
    return player;
  }

  /** Seconds: of the film, or what the index says of it while not all of it is here. */
  get duration() {
    const { film, opened } = this;
    return film.whole ? film.duration : Math.max(film.duration, (opened.index.end_ms - opened.index.start_ms) / 1000);
  }

  /**
   * Know more of the film as it comes, to its end.
   * @param {AsyncGenerator<Film>} more
   */
  async #grow(more) {
    try {
      for await (const _ of more) {
        this.#wake();
        void this.fill();
      }
    } catch (error) {
      this.broken = error;
      this.failed(error);
    }
    this.#wake();
  }

  #wake() {
    for (const go of this.waiting.splice(0)) go();
  }

  /**
   * Wait until so much of the film is known, or all of it; throws what makes that impossible.
   * @param {() => boolean} enough
   */
  async #known(enough) {
    while (!this.film.whole && !enough()) {
      if (this.broken) throw this.broken;
      await new Promise((go) => this.waiting.push(() => go(undefined)));
    }
  }

  /** Have what is needed around the present moment; one after the other. */
  fill() {
    this.filling = this.filling.then(() => this.#fill()).catch((error) => this.failed(error));
    return this.filling;
  }

  async #fill() {
    const { currentTime } = this.stage.video;
    const { fragments } = this.film;
    const read = reader(this.opened);
    // A video seeks nowhere behind what it takes for its end.
    if (this.source.readyState === "open" && this.source.duration !== this.duration) {
      this.source.duration = this.duration;
    }
    for (const [number, { start, end, time }] of fragments.entries()) {
      const ends = fragments[number + 1]?.time ?? this.film.duration;
      const near = ends > currentTime - BEHIND_SECONDS && time < currentTime + AHEAD_SECONDS;
      if (near && !this.held.has(number)) {
        await append(this.buffer, await read(start, end));
        this.held.add(number);
      } else if (!near && this.held.delete(number)) {
        this.buffer.remove(time, ends);
        await event(this.buffer, "updateend");
      }
    }
    // Without it a video waits at its end for more, and never says that it is over. Whatever is added later opens it.
    const over = this.film.whole && this.held.has(fragments.length - 1);
    if (over && this.source.readyState === "open") this.source.endOfStream();
  }

  /**
   * Go to the frame that begins nearest to `time` (seconds), and say when the canvas shows it.
   * @param {number} time
   */
  async seek(time) {
    const { frames } = this.film;
    await this.#known(() => frames[frames.length - 1] > time);
    let nearest = 0;
    for (const [number, begins] of frames.entries()) {
      if (Math.abs(begins - time) < Math.abs(frames[nearest] - time)) nearest = number;
    }
    await this.show(nearest);
  }

  /**
   * Show frame `number`; the nearest there is.
   * @param {number} number
   */
  async show(number) {
    const { frames } = this.film;
    const { video } = this.stage;
    video.pause();
    await this.#known(() => frames.length > number + 1);
    const wanted = Math.max(0, Math.min(frames.length - 1, number));
    // Into the middle of the frame: exactly at its beginning, rounding decides between two.
    const middle = (frames[wanted] + (frames[wanted + 1] ?? this.duration)) / 2;
    video.currentTime = middle;
    const drawn = new Promise((resolve) => {
      this.awaited = { wanted, resolve, again: (frames[wanted] + 3 * middle) / 4 };
    });
    await this.fill();
    await drawn;
  }

  /**
   * Show the frame so many after (or before) this one.
   * @param {number} count
   */
  step(count) {
    return this.show(this.shown + count);
  }

  /** Play on, or from the beginning where the end is reached. */
  async play() {
    if (this.stage.video.ended) await this.show(0);
    await this.stage.video.play();
  }

  /** Stop at a frame whose number is certain: what a browser names while it plays may be another one (Firefox 153). */
  async pause() {
    const { video } = this.stage;
    video.pause();
    await this.show(this.#at(video.currentTime));
  }

  /**
   * Return the number of the frame that is shown at a time.
   * @param {number} time seconds
   */
  #at(time) {
    const { frames } = this.film;
    const later = frames.findIndex((begins) => begins > time + 0.0005);
    return (later < 0 ? frames.length : later) - 1;
  }

  #draw() {
    const { video } = this.stage;
    const drawn = (/** @type {number} */ _, /** @type {VideoFrameCallbackMetadata} */ { mediaTime }) => {
      this.#paint(mediaTime);
      video.requestVideoFrameCallback(drawn);
    };
    video.requestVideoFrameCallback(drawn);
    // Firefox (153) calls nobody for the first seek after a short play; a second one into the same frame it tells.
    const again = () => {
      if (this.awaited?.again) video.currentTime = this.awaited.again;
      if (this.awaited) this.awaited.again = 0;
    };
    video.addEventListener("seeked", () => requestAnimationFrame(() => requestAnimationFrame(again)));
  }

  /** @param {number} mediaTime */
  #paint(mediaTime) {
    const { video, canvas, mark } = this.stage;
    this.shown = this.#at(mediaTime);
    if (canvas.width !== video.videoWidth || canvas.height !== video.videoHeight) {
      [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    }
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.drawImage(video, 0, 0);
    write(pen, mark());
    this.drawn();
    if (this.awaited?.wanted !== this.shown) return;
    this.awaited.resolve(undefined);
    this.awaited = null;
  }

  /**
   * Compare the whole file with the record, and its media with the clip's own index.
   *
   * Throws `clip.commitment-mismatch`, `desk.media-differs`, and whatever keeps the film from being known to its end.
   * Runs beside playing; whoever calls it must take the clip off the stage if it throws.
   */
  async check() {
    await wholeMedia(this.opened);
    await this.growing;
    if (this.broken) throw this.broken;
  }

  /** Take the clip off the stage: nothing of it stays in the page. */
  close() {
    const { video, canvas } = this.stage;
    video.pause();
    video.removeAttribute("src");
    video.load();
    canvas.width = canvas.height = 0;
  }
}

/**
 * @param {Opened} opened
 * @returns {import("./mp4.js").Read}
 */
const reader = ({ file, start }) => (from, to) => file.plain(start + from, start + to);

/**
 * @param {SourceBuffer} buffer
 * @param {Bytes} bytes
 */
async function append(buffer, bytes) {
  buffer.appendBuffer(bytes);
  await event(buffer, "updateend");
}

/**
 * @param {EventTarget} target
 * @param {string} name
 */
const event = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

/**
 * Write who looks at it, and when, over the picture: light on dark, so that it stays readable on any.
 * @param {CanvasRenderingContext2D} pen
 * @param {string} text
 */
function write(pen, text) {
  const { width, height } = pen.canvas;
  const size = Math.max(10, Math.round(height / 28));
  pen.font = `${size}px ui-monospace, monospace`;
  pen.textBaseline = "bottom";
  const wide = pen.measureText(text).width;
  for (const [x, y] of [
    [size / 2, height - size / 2],
    [width - wide - size / 2, size * 1.8],
  ]) {
    pen.fillStyle = "rgb(0 0 0 / 55%)";
    pen.fillRect(x - size / 4, y - size * 1.15, wide + size / 2, size * 1.3);
    pen.fillStyle = "rgb(255 255 255 / 85%)";
    pen.fillText(text, x, y);
  }
}
