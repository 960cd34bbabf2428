// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The bytes of entries (spec/entries.md 1): the text that people sign, its id, and the leaf that the log keeps.
 *
 * The form of text and leaf is checked here; whether the fields are those of their type, and whether an entry is in
 * force, needs the whole fold: `sunporch verify` computes it, and pages say that they do not.
 */

import { fromUtf8, sha256, toHex, utf8 } from "./bytes.js";
import { checkName } from "./note.js";
import { kind } from "./refusal.js";
import { dumps, loads } from "./strictjson.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {import("./strictjson.js").Fields} Fields */
/** @typedef {{origin: string, type: string, version: number, fields: Fields}} Entry */

export const HEADING = "sunporch/entry/v1";
export const VERSION = 1;
export const MAX_LEAF = 8192; // bytes

const MAX_TYPE = 64; // code points
const NONCE_SIZE = 16;
const NO_TEXT = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

const LEAF_MALFORMED = kind(
  "docket.leaf-malformed",
  "This is not a leaf of the public record: {reason}.",
  "Fetch the log's entries again; if it stays so, tell the town: its log does not follow the format.",
);
const TEXT_MALFORMED = kind(
  "docket.text-malformed",
  "This is not the text of an entry: {reason}.",
  "Write the entry again as spec/entries.md says, and sign it again.",
);

/** Return 16 random bytes as hex: two entries are never the same text. */
export const newNonce = () => toHex(crypto.getRandomValues(new Uint8Array(NONCE_SIZE)));

/**
 * Return the text to sign.
 * @param {string} origin
 * @param {string} type
 * @param {Fields} fields all but `type` and `v`
 */
export const encode = (origin, type, fields) =>
  `${HEADING}\n${checkName(origin)}\n${dumps({ ...fields, type, v: VERSION })}\n`;

/**
 * Return what a signed text says; throws `docket.text-malformed` or `json.text-refused`.
 * @param {string} untrusted
 * @returns {Entry}
 */
export function decode(untrusted) {
  const lines = untrusted.split("\n");
  if (lines.length !== 4 || lines[3] !== "") {
    throw TEXT_MALFORMED({ reason: "it is not exactly three lines, each with its line end" });
  }
  if (lines[0] !== HEADING) throw TEXT_MALFORMED({ reason: `its first line is not ${HEADING}` });
  let origin;
  try {
    origin = checkName(lines[1]);
  } catch {
    throw TEXT_MALFORMED({ reason: "its second line is not the name of a log" });
  }
  const { type, v: version, ...fields } = loads(lines[2]);
  if (typeof type !== "string" || !type || [...type].length > MAX_TYPE || NO_TEXT.test(type)) {
    throw TEXT_MALFORMED({ where: "type", reason: `its \`type\` is not text of 1 to ${MAX_TYPE} characters` });
  }
  if (typeof version !== "number" || version < 1) {
    throw TEXT_MALFORMED({ where: "v", reason: "its `v` is not a whole number from 1" });
  }
  return { origin, type, version, fields };
}

/**
 * Return the id of an entry: the hex SHA-256 of its signed text.
 * @param {string} text
 */
export const entryId = async (text) => toHex(await sha256(utf8(text)));

/**
 * Return the log's time (Unix seconds) and the bytes of the signed note; throws `docket.leaf-malformed`.
 * @param {Bytes} untrusted
 * @returns {{time: number, note: Bytes}}
 */
export function splitLeaf(untrusted) {
  if (untrusted.length > MAX_LEAF) throw LEAF_MALFORMED({ reason: `it is longer than ${MAX_LEAF} bytes` });
  const end = untrusted.indexOf(0x0a);
  const time = end < 0 || end > 12 ? "" : asAscii(untrusted.slice(0, end));
  if (!/^(?:0|[1-9][0-9]{0,11})$/.test(time)) {
    throw LEAF_MALFORMED({ reason: "it does not begin with a line of whole seconds" });
  }
  if (end + 1 === untrusted.length) throw LEAF_MALFORMED({ reason: "it holds no signed note" });
  return { time: Number(time), note: untrusted.slice(end + 1) };
}

/** @param {Bytes} bytes */
const asAscii = (bytes) => (bytes.every((byte) => byte < 0x80) ? fromUtf8(bytes, "the time") : "");
