// SPDX-License-Identifier: AGPL-3.0-or-later
/** The sealed clip (spec/sealed-clip.md): its header, this device's half, the key, and what the index inside says. */

import { concat, fromBase64, fromHex, fromUtf8, sha256, toHex, utf8 } from "./bytes.js";
import * as hpke from "./hpke.js";
import { kind } from "./refusal.js";
import { dumps, loads } from "./strictjson.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{name: string, x25519: string}} Recipient */
/** @typedef {{id: string, origin: string, request: number, expires: number, custodian: string,
 *   recipients: Recipient[], encapsulations: Map<string, Bytes>, core: Bytes}} Header */
/** @typedef {{sA: Bytes, salt: Bytes}} RecipientHalf */
/** @typedef {{camera: string, start_ms: number, end_ms: number, media_type: string, media_sha256: string,
 *   media_sha512: string, original: string, redacted: number, reencoded: number, visible: number,
 *   sound: number, report: string}} Index */

export const FORMAT = "sunporch/clip/v1";
export const SUITE = "hpke-x25519-sha256-aes256gcm+cobblestone256";
export const INDEX_FORMAT = "sunporch/clip-index/v1";
export const MAX_HEADER = 8192; // bytes
export const MAX_INDEX = 1 << 20; // bytes
const MIN_RECIPIENTS = 2;
const MAX_RECIPIENTS = 8;
const MAX_CLIP_MS = 15 * 60 * 1000;
const DAY = 86_400; // seconds
const HALF_SIZE = 32;
const SALT_SIZE = 32;
const ENCAPSULATION_SIZE = 32 + 64 + 16;
const CORE = ["format", "suite", "id", "origin", "request", "expires", "custodian", "recipients"];
const INDEX_TEXTS = ["camera", "media_type", "media_sha256", "media_sha512", "original", "report"];
const INDEX_NUMBERS = ["start_ms", "end_ms", "redacted", "reencoded", "visible", "sound"];

const HEADER_MALFORMED = kind(
  "clip.header-malformed",
  "The clip's header is not in the form of spec/sealed-clip.md: {reason}.",
  "Fetch the clip again; if it stays so, ask the resident to share it again.",
);
const INDEX_MALFORMED = kind(
  "clip.index-malformed",
  "The index inside the clip is not in the form of spec/sealed-clip.md: {reason}.",
  "Ask the resident to share the clip again; their hub made something this program cannot read.",
);
const RECIPIENT_UNKNOWN = kind(
  "clip.recipient-unknown",
  "The clip was not sealed to {name}.",
  "Ask a colleague whose device is named in the appeal to re-seal it for yours.",
);
const ENCAPSULATION_REFUSED = kind(
  "clip.encapsulation-refused",
  "The part of the key meant for {name} does not open with this device's key.",
  "Check that this is the device named in the appeal; otherwise ask a colleague to re-seal the clip for it.",
);
const HALF_REFUSED = kind(
  "clip.half-refused",
  "The custodian's half of the key does not open with this opening's key, or belongs to another opening.",
  "Ask the custodian again within ten minutes of the opening's record; after that, file a new opening.",
);
export const COMMITMENT_MISMATCH = kind(
  "clip.commitment-mismatch",
  "Header and sealed file are not those that the record commits to.",
  "Do not use them. Fetch the clip again; if it stays so, tell the reviewer: someone changed it.",
);

/**
 * Return the header of canonical bytes; throws `clip.header-malformed` saying why.
 * @param {Bytes} untrusted
 * @returns {Header}
 */
export function parseHeader(untrusted) {
  const refuse = (/** @type {string} */ reason) => HEADER_MALFORMED({ reason });
  if (untrusted.length > MAX_HEADER) throw refuse(`it has more than ${MAX_HEADER} bytes`);
  const value = loaded(untrusted, refuse);
  checkFields(value, [...CORE, "encapsulations"], "it", refuse);
  if (value.format !== FORMAT || value.suite !== SUITE) throw refuse("its format or suite is not known here");
  const { id, origin, request, expires, custodian } = value;
  for (const name of ["id", "origin", "custodian"]) {
    if (typeof value[name] !== "string") throw refuse(`${name} is not text`);
  }
  if (typeof request !== "number" || typeof expires !== "number") throw refuse("request or expires is not a number");
  if (!/^[0-9a-f]{32}$/.test(String(id)) || !origin || !custodian) {
    throw refuse("id, origin or custodian is empty or malformed");
  }
  if (request < 0 || expires <= 0 || expires % DAY) {
    throw refuse("request or expires is out of bounds, or expires is not a day's start");
  }
  const recipients = parseRecipients(value.recipients, refuse);
  const encapsulations = parseEncapsulations(value.encapsulations, recipients, refuse);
  if (dumps(value) !== fromUtf8(untrusted, "it")) throw refuse("it is not in canonical form");
  const { encapsulations: _, ...core } = value;
  const texts = { id: String(id), origin: String(origin), custodian: String(custodian) };
  return { ...texts, request, expires, recipients, encapsulations, core: utf8(dumps(core)) };
}

/**
 * @param {Bytes} untrusted
 * @param {(reason: string) => Error} refuse
 */
function loaded(untrusted, refuse) {
  try {
    return loads(untrusted);
  } catch (error) {
    throw refuse(String(/** @type {import("./refusal.js").Refusal} */ (error).params.reason));
  }
}

/**
 * @param {any} value
 * @param {string[]} wanted
 * @param {string} what
 * @param {(reason: string) => Error} refuse
 */
function checkFields(value, wanted, what, refuse) {
  const names = typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : [];
  if (names.length !== wanted.length || !wanted.every((name) => names.includes(name))) {
    throw refuse(`${what} has not exactly the fields ${[...wanted].sort().join(", ")}`);
  }
}

/**
 * @param {any} value
 * @param {(reason: string) => Error} refuse
 * @returns {Recipient[]}
 */
function parseRecipients(value, refuse) {
  if (!Array.isArray(value) || value.length < MIN_RECIPIENTS || value.length > MAX_RECIPIENTS) {
    throw refuse(`it has not ${MIN_RECIPIENTS} to ${MAX_RECIPIENTS} recipients`);
  }
  const recipients = value.map((item) => {
    checkFields(item, ["name", "x25519"], "a recipient", refuse);
    const { name, x25519 } = item;
    if (typeof name !== "string" || !name || typeof x25519 !== "string") {
      throw refuse("a recipient's name or key is not text");
    }
    if (!/^[0-9a-f]{64}$/.test(x25519)) throw refuse("a recipient's key is not 32 bytes of hexadecimal");
    return { name, x25519 };
  });
  if (new Set(recipients.map(({ name }) => name)).size !== recipients.length) throw refuse("a recipient stands twice");
  return recipients;
}

/**
 * @param {any} value
 * @param {Recipient[]} recipients
 * @param {(reason: string) => Error} refuse
 */
function parseEncapsulations(value, recipients, refuse) {
  if (!Array.isArray(value) || value.length !== recipients.length) {
    throw refuse("it has not one encapsulation for each recipient");
  }
  /** @type {Map<string, Bytes>} */
  const sealed = new Map();
  for (const [at, item] of value.entries()) {
    checkFields(item, ["name", "sealed"], "an encapsulation", refuse);
    if (item.name !== recipients[at].name || typeof item.sealed !== "string") {
      throw refuse("the encapsulations are not in the recipients' order");
    }
    let bytes;
    try {
      bytes = fromBase64(item.sealed, "an encapsulation");
    } catch {
      throw refuse("an encapsulation is not padded base64");
    }
    if (bytes.length !== ENCAPSULATION_SIZE) throw refuse(`an encapsulation has not ${ENCAPSULATION_SIZE} bytes`);
    sealed.set(item.name, bytes);
  }
  return sealed;
}

// Keys -------------------------------------------------------------------------------------------------------------

/**
 * Return the HPKE `info` of a recipient's encapsulation.
 * @param {string} name
 * @param {Bytes} core
 */
const recipientInfo = async (name, core) =>
  concat(utf8("sunporch/clip/v1/recipient\0"), utf8(name), utf8("\0"), await sha256(core));

/**
 * Open the encapsulation for `name`, or a re-sealing made for it, with the device's own pair.
 *
 * Throws `clip.header-malformed`, `clip.recipient-unknown`, `clip.encapsulation-refused`.
 * @param {Bytes} header
 * @param {string} name
 * @param {hpke.Pair} own
 * @param {Bytes} [rewrapped]
 * @returns {Promise<RecipientHalf>}
 */
export async function recipientHalf(header, name, own, rewrapped) {
  const parsed = parseHeader(header);
  const sealed = rewrapped ?? parsed.encapsulations.get(name);
  if (!sealed) throw RECIPIENT_UNKNOWN({ name });
  let secret;
  try {
    secret = await hpke.open(sealed, own, await recipientInfo(name, parsed.core));
  } catch {
    throw ENCAPSULATION_REFUSED({ name });
  }
  if (secret.length !== HALF_SIZE + SALT_SIZE) throw ENCAPSULATION_REFUSED({ name });
  return { sA: secret.slice(0, HALF_SIZE), salt: secret.slice(HALF_SIZE) };
}

/**
 * Return the sealing of `s_A || salt` for a device that the header does not name; header and `c` never change.
 *
 * Throws `clip.header-malformed`, `clip.key-malformed`.
 * @param {Bytes} header
 * @param {RecipientHalf} half
 * @param {Recipient} recipient
 */
export async function rewrap(header, half, { name, x25519 }) {
  const { core } = parseHeader(header);
  return hpke.seal(concat(half.sA, half.salt), await hpke.importPublic(x25519), await recipientInfo(name, core));
}

/**
 * Return the custodian's half; throws `clip.half-refused`.
 * @param {Bytes} sealed
 * @param {hpke.Pair} ephemeral of the opening
 * @param {Bytes} leafHash of the opening's entry
 */
export async function openHalf(sealed, ephemeral, leafHash) {
  let half;
  try {
    half = await hpke.open(sealed, ephemeral, concat(utf8("sunporch/half/v1\0"), leafHash));
  } catch {
    throw HALF_REFUSED();
  }
  if (half.length !== HALF_SIZE) throw HALF_REFUSED();
  return half;
}

/**
 * Return `c`, which the record holds for a clip: 64 hex digits.
 * @param {Bytes} header
 * @param {Bytes} sealedSha256
 * @param {Bytes} salt
 */
export const commitment = async (header, sealedSha256, salt) =>
  toHex(await sha256(utf8("sunporch/c/v1\0"), await sha256(header), sealedSha256, salt));

/**
 * Throw `clip.commitment-mismatch` unless header and sealed file are those of the record.
 * @param {Bytes} header
 * @param {Bytes | null} sealedSha256
 * @param {Bytes} salt
 * @param {string} c from the record, not from whoever delivered the clip
 */
export async function check(header, sealedSha256, salt, c) {
  if (!sealedSha256 || (await commitment(header, sealedSha256, salt)) !== c) throw COMMITMENT_MISMATCH();
}

/**
 * Return K = HKDF-SHA256(salt=SHA256(header), ikm=s_A || s_K, info="sunporch/clip/v1"), 32 bytes.
 * @param {Bytes} header
 * @param {Bytes} sA
 * @param {Bytes} sK
 */
export async function clipKey(header, sA, sK) {
  const ikm = await crypto.subtle.importKey("raw", concat(sA, sK), "HKDF", false, ["deriveBits"]);
  const algorithm = { name: "HKDF", hash: "SHA-256", salt: await sha256(header), info: utf8(FORMAT) };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, ikm, 256));
}

// Index ------------------------------------------------------------------------------------------------------------

/**
 * Return what the resident's hub says of the clip; throws `clip.index-malformed` saying why.
 * @param {Bytes} untrusted
 * @returns {Index}
 */
export function parseIndex(untrusted) {
  const refuse = (/** @type {string} */ reason) => INDEX_MALFORMED({ reason });
  const { format, ...value } = loaded(untrusted, refuse);
  if (format !== INDEX_FORMAT) throw refuse("its format is not known here");
  checkFields(value, [...INDEX_TEXTS, ...INDEX_NUMBERS], "it", refuse);
  for (const name of INDEX_TEXTS) if (typeof value[name] !== "string") throw refuse(`${name} is not text`);
  for (const name of INDEX_NUMBERS) if (typeof value[name] !== "number") throw refuse(`${name} is not a number`);
  const index = /** @type {Index} */ (/** @type {unknown} */ (value));
  for (const [text, size] of /** @type {[string, number][]} */ ([
    [index.media_sha256, 32],
    [index.media_sha512, 64],
    [index.original, 32],
  ])) {
    if (!isHex(text, size)) throw refuse("media_sha256, media_sha512 or original is not a digest");
  }
  if (index.end_ms - index.start_ms > MAX_CLIP_MS) throw refuse("it is longer than 15 minutes");
  if (index.visible < 0) throw refuse("visible is less than none");
  if (index.end_ms <= index.start_ms) throw refuse("it ends before it begins");
  if (![index.redacted, index.reencoded, index.sound].every(isFlag)) throw refuse("a flag is not 0 or 1");
  if (index.redacted > index.reencoded) {
    throw refuse("nothing can be covered in pictures that were not encoded anew");
  }
  return index;
}

/**
 * @param {string} text
 * @param {number} size
 */
function isHex(text, size) {
  try {
    return fromHex(text, size, "it").length === size;
  } catch {
    return false;
  }
}

/** @param {number} number */
const isFlag = (number) => number === 0 || number === 1;
