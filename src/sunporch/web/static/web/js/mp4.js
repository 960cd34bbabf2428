// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Where the pictures of a fragmented MP4 lie (ISO/IEC 14496-12): its fragments, and when each frame is shown.
 *
 * Reads box heads and `moof` boxes only, one after the other, so that a clip is known as far as it came.
 */

import { fromBigEndian } from "./bytes.js";
import { kind } from "./refusal.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {(start: number, end: number) => Promise<Bytes>} Read */
/** Bytes [start, end) of the media, the first of which shows its first frame at `time` (seconds).
 *  @typedef {{start: number, end: number, time: number}} Fragment */
/** What is known of a film so far; `frames`: when each is shown, seconds, ascending; `initial`: how many bytes come
 *  before the first fragment.
 *  @typedef {{initial: number, fragments: Fragment[], frames: number[], duration: number, whole: boolean}} Film */
/** @typedef {{type: string, start: number, body: number, end: number}} Box */

const MAX_BOX = 8 * 1024 * 1024; // bytes of a `moov` or `moof`
const MAX_FRAGMENTS = 100_000;
const MAX_FRAMES = 200_000; // 15 minutes at 120 a second, and room to spare

const MEDIA_MALFORMED = kind(
  "browser.media-malformed",
  "The video inside the clip is not a fragmented MP4 that this page can play: {reason}.",
  "Open it with `sunporch desk open` and another player, or ask the resident to share it again.",
);

/**
 * @param {Bytes} bytes
 * @param {number} at
 * @param {number} size
 */
const number = (bytes, at, size) => Number(fromBigEndian(bytes.subarray(at, at + size)));

/**
 * @param {Bytes} bytes of one box's content
 * @returns {Generator<Box>}
 */
function* boxes(bytes, start = 0, end = bytes.length) {
  for (let at = start; at + 8 <= end; ) {
    const size = number(bytes, at, 4);
    if (size < 8 || at + size > end) throw MEDIA_MALFORMED({ reason: "a box is longer than what holds it" });
    yield { type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), start: at, body: at + 8, end: at + size };
    at += size;
  }
}

/**
 * Return the first box of a path, e.g. `mdia/mdhd`.
 * @param {Bytes} bytes
 * @param {string} path
 * @param {Box} inside
 * @returns {Box | undefined}
 */
function find(bytes, path, inside) {
  const [type, ...rest] = path.split("/");
  const found = [...boxes(bytes, inside.body, inside.end)].find((box) => box.type === type);
  return found && rest.length ? find(bytes, rest.join("/"), found) : found;
}

/**
 * Read on in media bytes [0, size): gives the film whenever one more fragment of it is known, and once it is whole.
 * @param {Read} read
 * @param {number} size
 * @returns {AsyncGenerator<Film>} the same film, which grows
 */
export async function* scan(read, size) {
  let track = null;
  /** @type {Film} */
  const film = { initial: 0, fragments: [], frames: [], duration: 0, whole: false };
  /** @type {{start: number, frames: number[]} | null} what is known of the fragment whose end is not */
  let last = null;
  for (let at = 0; at < size; ) {
    const head = await read(at, Math.min(size, at + 16));
    if (head.length < 8) throw MEDIA_MALFORMED({ reason: "it ends inside a box" });
    const length = number(head, 0, 4) === 1 ? number(head, 8, 8) : number(head, 0, 4);
    const type = String.fromCharCode(...head.subarray(4, 8));
    if (length < 8 || at + length > size) throw MEDIA_MALFORMED({ reason: `its ${type} does not end` });
    if (type.startsWith("moo") && length > MAX_BOX) throw MEDIA_MALFORMED({ reason: `its ${type} is too long` });
    if (type === "moov") track = videoTrack(await read(at, at + length));
    if (type === "moof") {
      if (!track) throw MEDIA_MALFORMED({ reason: "pictures come before what describes them" });
      const frames = framesOf(film, await read(at, at + length), track);
      // A fragment of sound alone shows nothing: it is appended with the one before.
      if (frames.length) {
        if (last) yield grown(film, last, at);
        else film.initial = at;
        last = { start: at, frames };
      }
    }
    at += length;
  }
  if (!last) throw MEDIA_MALFORMED({ reason: "it holds no picture" });
  film.whole = true;
  yield grown(film, last, size);
}

/**
 * Return the film with one more fragment.
 * @param {Film} film
 * @param {{start: number, frames: number[]}} fragment
 * @param {number} end
 */
function grown(film, { start, frames }, end) {
  if (film.fragments.length >= MAX_FRAGMENTS || film.frames.length + frames.length > MAX_FRAMES) {
    throw MEDIA_MALFORMED({ reason: "it has more pictures than fifteen minutes can hold" });
  }
  film.fragments.push({ start, end, time: frames.reduce((a, b) => Math.min(a, b)) });
  for (const time of frames) film.frames.push(time);
  film.frames.sort((one, other) => one - other);
  return film;
}

/** `duration`: of a frame, where nothing else says it.
 *  @typedef {{id: number, timescale: number, duration: number}} Track */

/**
 * @param {Bytes} moov
 * @returns {Track}
 */
function videoTrack(moov) {
  const whole = { type: "moov", start: 0, body: 8, end: moov.length };
  for (const trak of boxes(moov, 8)) {
    const handler = trak.type === "trak" && find(moov, "mdia/hdlr", trak);
    if (!handler || String.fromCharCode(...moov.subarray(handler.body + 8, handler.body + 12)) !== "vide") continue;
    const tkhd = find(moov, "tkhd", trak);
    const mdhd = find(moov, "mdia/mdhd", trak);
    if (!tkhd || !mdhd) break;
    const id = number(moov, tkhd.body + (moov[tkhd.body] ? 20 : 12), 4);
    const timescale = number(moov, mdhd.body + (moov[mdhd.body] ? 20 : 12), 4);
    const mvex = find(moov, "mvex", whole);
    const trexes = mvex ? [...boxes(moov, mvex.body, mvex.end)].filter((box) => box.type === "trex") : [];
    const trex = trexes.find((box) => number(moov, box.body + 4, 4) === id);
    if (timescale) return { id, timescale, duration: trex ? number(moov, trex.body + 12, 4) : 0 };
  }
  throw MEDIA_MALFORMED({ reason: "it has no track of pictures" });
}

/**
 * Return when each frame of a fragment is shown, in the order in which the file has them.
 * @param {Film} film learns how long it is
 * @param {Bytes} moof
 * @param {Track} track
 */
function framesOf(film, moof, track) {
  /** @type {number[]} */
  const frames = [];
  for (const traf of boxes(moof, 8)) {
    const tfhd = traf.type === "traf" && find(moof, "tfhd", traf);
    if (tfhd && number(moof, tfhd.body + 4, 4) === track.id) addFrames(film, frames, moof, track, traf, tfhd);
  }
  return frames;
}

/**
 * @param {Film} film
 * @param {number[]} frames
 * @param {Bytes} moof
 * @param {Track} track
 * @param {Box} traf
 * @param {Box} tfhd
 */
function addFrames(film, frames, moof, track, traf, tfhd) {
  const tfdt = find(moof, "tfdt", traf);
  if (!tfdt) throw MEDIA_MALFORMED({ reason: "a fragment does not say when it begins" });
  let time = number(moof, tfdt.body + 4, moof[tfdt.body] ? 8 : 4);
  const flags = number(moof, tfhd.body + 1, 3);
  const at = tfhd.body + 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
  const usual = flags & 8 ? number(moof, at, 4) : track.duration;
  for (const trun of [...boxes(moof, traf.body, traf.end)].filter((box) => box.type === "trun")) {
    const has = number(moof, trun.body + 1, 3);
    let here = trun.body + 8 + (has & 1 ? 4 : 0) + (has & 4 ? 4 : 0);
    const offset = (has & 0x100 ? 4 : 0) + (has & 0x200 ? 4 : 0) + (has & 0x400 ? 4 : 0);
    const width = offset + (has & 0x800 ? 4 : 0);
    const count = number(moof, trun.body + 4, 4);
    if (here + count * width > trun.end || count > MAX_FRAMES) {
      throw MEDIA_MALFORMED({ reason: "a fragment breaks off" });
    }
    for (let sample = 0; sample < count; sample += 1, here += width) {
      const lasts = has & 0x100 ? number(moof, here, 4) : usual;
      // Signed in version 1; version 0 never exceeds 2^31 in a clip of 15 minutes.
      const later = has & 0x800 ? number(moof, here + offset, 4) | 0 : 0;
      frames.push((time + later) / track.timescale);
      time += lasts;
      film.duration = Math.max(film.duration, (time + later) / track.timescale);
    }
  }
}
