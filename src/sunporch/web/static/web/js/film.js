// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The proof of a film that a household gave out (spec/film-proof.md): which bytes, from when, signed by its hub.
 *
 * It shows that a film is unaltered since that hub signed it; never that what is seen happened.
 */

import { sha256, toHex } from "./bytes.js";
import { Note, VerifierKey } from "./note.js";
import { Refusal, kind } from "./refusal.js";
import { loads } from "./strictjson.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{bytes: number, sha256: string, sha512: string, from_90k: number, to_90k: number, signed_at: number,
 *   gaps: [number, number][], camera_clock_ms: number[], original_sha256: string,
 *   report: Record<string, any>, key: string}} Film */

export const TITLE = "sunporch/film/v1";
export const TICKS = 90_000;
const NUMBERS = ["bytes", "from_90k", "signed_at", "to_90k"];
/** @type {Record<string, number>} */
const DIGESTS = { original_sha256: 64, sha256: 64, sha512: 128 };
const FIELDS = [...NUMBERS, ...Object.keys(DIGESTS), "camera_clock_ms", "gaps", "key", "report"].sort().join();

const MALFORMED = kind(
  "verify.film-proof-malformed",
  "This is not the proof of a film: {reason}.",
  "Choose the file that ends in .proof and came together with the film.",
);
const FOREIGN = kind(
  "verify.film-foreign",
  "Another hub signed this proof: {key}.",
  "Ask whoever gave you the film which hub made it, and check it there.",
);
const ALTERED = kind(
  "verify.film-altered",
  "The film is not the one that the hub signed: its bytes differ.",
  "Ask for the film again; a messenger may have changed it. Do not rely on this copy.",
);

/**
 * Return what the proof says of the film, whose bytes and signature are as they must be.
 *
 * `hub` is the verifier key of the hub that must have signed, learnt elsewhere; without it the key is whatever the
 * proof names, and the caller must say so.
 * @param {Bytes} untrustedNote
 * @param {Bytes} film
 * @param {string} [hub]
 * @returns {Promise<Film>}
 */
export async function check(untrustedNote, film, hub = "") {
  const said = await signed(untrustedNote);
  if (hub && said.key !== hub) throw FOREIGN({ key: said.key });
  const longer = new Uint8Array(await crypto.subtle.digest("SHA-512", film));
  const same = film.length === said.bytes && toHex(await sha256(film)) === said.sha256;
  if (!same || toHex(longer) !== said.sha512) throw ALTERED();
  return said;
}

/**
 * Return what the proof says, if it is signed by the key that it names.
 * @param {Bytes} untrustedNote
 */
async function signed(untrustedNote) {
  try {
    const note = Note.parse(untrustedNote);
    const said = parse(note.text);
    if ((await note.verified([await VerifierKey.parse(said.key)])).length) return said;
  } catch (error) {
    if (!(error instanceof Refusal) || error.id.startsWith("verify.")) throw error;
    const changed = error.id === "tlog.signature-wrong";
    throw MALFORMED({ reason: changed ? "it was changed after it was signed" : error });
  }
  throw MALFORMED({ reason: "it is not signed by the key that it names" });
}

/**
 * @param {string} text
 * @returns {Film}
 */
function parse(text) {
  const lines = text.split("\n");
  if (lines.length !== 3 || lines[0] !== TITLE) throw MALFORMED({ reason: "it does not begin as a film's proof" });
  /** @type {any} */
  let value;
  try {
    value = loads(lines[1]);
  } catch (error) {
    throw MALFORMED({ reason: error instanceof Refusal ? error : String(error) });
  }
  if (Object.keys(value).sort().join() !== FIELDS) throw MALFORMED({ reason: "its fields are not those of the form" });
  for (const [name, size] of Object.entries(DIGESTS)) {
    const digest = typeof value[name] === "string" && value[name].length === size && /^[0-9a-f]*$/.test(value[name]);
    if (!digest) throw MALFORMED({ reason: `${name} is not a digest` });
  }
  if (NUMBERS.some((name) => typeof value[name] !== "number" || value[name] < 0)) {
    throw MALFORMED({ reason: "a size or a time is not a whole number" });
  }
  if (value.from_90k >= value.to_90k || value.signed_at > Math.floor(Number.MAX_SAFE_INTEGER / TICKS)) {
    throw MALFORMED({ reason: "it ends before it begins, or was signed in no age of ours" });
  }
  const whole = (/** @type {any} */ list) => Array.isArray(list) && list.every((each) => typeof each === "number");
  const gap = (/** @type {any} */ one) => whole(one) && one.length === 2 && value.from_90k <= one[0] && one[0] < one[1] && one[1] <= value.to_90k;
  if (!whole(value.camera_clock_ms) || !Array.isArray(value.gaps) || !value.gaps.every(gap)) {
    throw MALFORMED({ reason: "its gaps or clocks are not in form" });
  }
  if (!Array.isArray(value.report.covered) || typeof value.key !== "string") throw MALFORMED({ reason: "its report or key is missing" });
  return value;
}
