// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The file in which a copy of a clip leaves the viewer (spec/export.md): the same bytes for everybody who opens the
 * clip and reads the record up to the same length.
 */

import { concat, sha256, toHex, utf8 } from "./bytes.js";
import { entryId } from "./entry.js";
import { shareOf } from "./opening.js";
import { wholeMedia } from "./player.js";
import { dumps } from "./strictjson.js";
import { rootOf } from "./tlog.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./record.js").PublicRecord} PublicRecord */
/** @typedef {import("./opening.js").Opened} Opened */
/** @typedef {{name: string, bytes: Bytes}} Member */

export const FORMAT = "sunporch-export-v1";
const CUSTODY = "sunporch/export/v1";
const [STORED, OLD_ENOUGH, FIRST_DAY] = [0, 20, 0x21]; // of a ZIP: no compression, version 2.0, 1 January 1980

/**
 * Return the file and its SHA-256; throws `desk.media-differs` and what damage throws.
 * @param {Opened} opened
 * @param {PublicRecord} record
 * @param {number} clip index of the disclosure
 * @param {number} size how much of the record its custody list tells of
 * @returns {Promise<{file: Blob, hash: string}>}
 */
export async function pack(opened, record, clip, size) {
  const media = await wholeMedia(opened);
  const lines = record.lines.slice(0, size);
  const told = {
    format: CUSTODY,
    origin: record.origin,
    clip: { entry: clip, c: shareOf(record, clip).c },
    media: { name: "clip.mp4", bytes: media.length, sha256: toHex(await sha256(media)), sha512: await sha512(media) },
    index: { ...opened.index },
    record: { size, root: toHex(await rootOf(lines.map(({ leaf }) => leaf))) },
    custody: await custody(lines, clip),
  };
  const zip = stored([
    { name: "clip.mp4", bytes: media },
    { name: "custody.json", bytes: utf8(`${dumps(told)}\n`) },
  ]);
  return { file: new Blob([zip], { type: "application/zip" }), hash: toHex(await sha256(zip)) };
}

/** @param {Bytes} bytes */
const sha512 = async (bytes) => toHex(new Uint8Array(await crypto.subtle.digest("SHA-512", bytes)));

/**
 * Return the entries that name a clip, in order, as they stand in the record: whether each counts, `verify` says.
 * @param {PublicRecord["lines"]} lines
 * @param {number} clip
 */
async function custody(lines, clip) {
  const found = [];
  for (const { index, time, note, decoded } of lines) {
    const { disclosure, disclosures } = decoded?.fields ?? {};
    const named = disclosure === clip || (Array.isArray(disclosures) && disclosures.includes(clip));
    if (!note || !decoded || (index !== clip && !named)) continue;
    const signed = note.signatures.map(({ name }) => name);
    found.push({ entry: index, id: await entryId(note.text), time, type: decoded.type, signed });
  }
  return found;
}

/**
 * Return a ZIP of members that are not compressed, without times or anything else of this machine.
 * @param {Member[]} members
 */
function stored(members) {
  const files = [];
  const directory = [];
  let at = 0;
  for (const { name, bytes } of members) {
    const [path, sum] = [utf8(name), crc32(bytes)];
    const common = concat(
      little([0, STORED, 0, FIRST_DAY], 2),
      little([sum, bytes.length, bytes.length], 4),
      little([path.length, 0], 2),
    );
    const head = concat(utf8("PK\x03\x04"), little([OLD_ENOUGH], 2), common, path);
    directory.push(
      concat(utf8("PK\x01\x02"), little([OLD_ENOUGH, OLD_ENOUGH], 2), common, little([0, 0, 0], 2), little([0, at], 4), path),
    );
    files.push(head, bytes);
    at += head.length + bytes.length;
  }
  const listed = concat(...directory);
  const count = members.length;
  const end = concat(utf8("PK\x05\x06"), little([0, 0, count, count], 2), little([listed.length, at], 4), little([0], 2));
  return concat(...files, listed, end);
}

/**
 * @param {number[]} numbers
 * @param {number} size bytes of each, the lowest first
 */
const little = (numbers, size) =>
  Uint8Array.from(numbers.flatMap((number) => Array.from({ length: size }, (_, at) => (number / 2 ** (8 * at)) & 0xff)));

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** @param {Bytes} bytes */
function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = CRC[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}
