// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * A person's device: one key to sign with (Ed25519) and one to receive clips with (X25519), by pseudonym.
 *
 * Both are made here or taken from a key file, and are not extractable: neither this page nor another script under
 * this address can ever read them out. They can be used only in this browser, under this address.
 */

import { concat, fromBase64, fromBigEndian, fromHex, sha256, toHex, utf8 } from "./bytes.js";
import * as hpke from "./hpke.js";
import { ED25519, VerifierKey, checkName, keyBytes } from "./note.js";
import { kind } from "./refusal.js";
import * as store from "./store.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{name: string, verifier: VerifierKey, privateKey: CryptoKey, receiving: hpke.Pair,
 *   x25519: string}} Device */
/** What is kept: structured-clonable, with keys that no script can read.
 *  @typedef {{raw: Bytes, privateKey: CryptoKey, receiving: hpke.Pair}} Kept */

// RFC 8410: the fixed bytes before 32 raw ones; 0x70 ends the object identifier of Ed25519.
const PKCS8 = fromHex("302e020100300506032b657004220420", 16, "PKCS8");

export const DEVICE_UNKNOWN = kind(
  "browser.device-unknown",
  "This browser holds no keys for {name}.",
  "Enrol this browser on the page “This device”, or use the browser that you enrolled.",
);
const DEVICE_EXISTS = kind(
  "browser.device-exists",
  "This browser holds keys for {name} already, and nothing is overwritten.",
  "Use them; or choose “forget this device” first, which cannot be undone.",
);
const KEYFILE_MALFORMED = kind(
  "desk.keyfile-malformed",
  "This is not an officer's key file: {reason}.",
  "Use the file that `sunporch desk key` made when this device was enrolled.",
);

/**
 * Make this browser a device of `name`; throws `browser.device-exists`, `notekey.text-malformed`.
 * @param {string} name the pseudonym in the public record
 * @returns {Promise<Device>}
 */
export async function generate(name) {
  await checkNew(checkName(name));
  const made = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  const signing = /** @type {CryptoKeyPair} */ (made);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", signing.publicKey));
  return keep(name, { raw, privateKey: signing.privateKey, receiving: await hpke.generate() });
}

/**
 * Take over the keys of a key file as `sunporch desk key` writes it; throws `desk.keyfile-malformed`.
 * @param {string} untrusted
 * @returns {Promise<Device>}
 */
export async function importFile(untrusted) {
  const lines = untrusted.split("\n");
  if (lines.length !== 3 || lines[2] !== "") throw KEYFILE_MALFORMED({ reason: "it has not exactly two lines" });
  const [name, keyId, seed] = parsePrivate(lines[0]);
  if (!/^[0-9a-f]{64}$/.test(lines[1])) {
    throw KEYFILE_MALFORMED({ reason: "its second line is not 32 bytes of lower-case hexadecimal" });
  }
  const encoded = concat(PKCS8, seed);
  const privateKey = await crypto.subtle.importKey("pkcs8", encoded, { name: "Ed25519" }, false, ["sign"]);
  const raw = await publicOf(encoded);
  encoded.fill(0);
  const verifier = await VerifierKey.of(name, raw);
  if (toHex(verifier.keyId) !== keyId) throw KEYFILE_MALFORMED({ reason: "the hash does not belong to the key" });
  await checkNew(name);
  const receiving = await hpke.importPrivate(fromHex(lines[1], 32, "the second line"));
  return keep(name, { raw, privateKey, receiving });
}

/**
 * Return name, key id (hex) and seed of `PRIVATE+KEY+name+hash+key`.
 * @param {string} untrusted
 * @returns {[string, string, Bytes]}
 */
function parsePrivate(untrusted) {
  const [, name, keyId, key] = /^PRIVATE\+KEY\+([^+]*)\+([^+]*)\+(.*)$/.exec(untrusted) ?? [];
  if (key === undefined) throw KEYFILE_MALFORMED({ reason: "it does not begin with PRIVATE+KEY" });
  try {
    checkName(name);
    const data = keyBytes(key);
    if (data[0] !== ED25519) throw KEYFILE_MALFORMED({ reason: "its key is for co-signers only" });
    return [name, keyId, data.slice(1)];
  } catch (error) {
    const { what } = /** @type {import("./refusal.js").Refusal} */ (error);
    throw KEYFILE_MALFORMED({ reason: what.replace(/\.$/, "") });
  }
}

/**
 * Return the public half: WebCrypto tells it only of an extractable key, which lives for these two lines.
 * @param {Bytes} encoded PKCS8
 */
async function publicOf(encoded) {
  const shortLived = await crypto.subtle.importKey("pkcs8", encoded, { name: "Ed25519" }, true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", shortLived);
  return fromBase64(`${String(x).replaceAll("-", "+").replaceAll("_", "/")}=`, "the public key");
}

/** @param {string} name */
async function checkNew(name) {
  if ((await store.get("devices", name)) !== undefined) throw DEVICE_EXISTS({ name });
}

/**
 * @param {string} name
 * @param {Kept} kept
 */
async function keep(name, kept) {
  await store.put("devices", name, kept);
  return load(name);
}

/**
 * Return the keys of this browser for a pseudonym; throws `browser.device-unknown`.
 * @param {string} name
 * @returns {Promise<Device>}
 */
export async function load(name) {
  /** @type {Kept | undefined} */
  const kept = await store.get("devices", name);
  if (kept === undefined) throw DEVICE_UNKNOWN({ name });
  const { raw, privateKey, receiving } = kept;
  const x25519 = toHex(await hpke.rawPublic(receiving.publicKey));
  return { name, verifier: await VerifierKey.of(name, raw), privateKey, receiving, x25519 };
}

/** Return the pseudonyms for which this browser holds keys. */
export const list = () => store.names("devices");

/**
 * Destroy the keys of a pseudonym in this browser.
 * @param {string} name
 */
export const forget = (name) => store.remove("devices", name);

/**
 * Return what the registrar puts on record for this device.
 * @param {Device} device
 */
export const publicTexts = (device) => ({ key: String(device.verifier), x25519: device.x25519 });

const SPOKEN = utf8("sunporch/keys/v1\0");
const [GROUPS, DIGITS] = [6, 4];

/**
 * Return what two people compare by voice: 24 digits (80 bits of SHA-256), so many that nobody finds other keys for them.
 * @param {{key: string, x25519: string}} texts the public halves
 */
export async function spokenNumber({ key, x25519 }) {
  const hash = fromBigEndian(await sha256(SPOKEN, utf8(`${key}\n${x25519}\n`)));
  const digits = (hash % 10n ** BigInt(GROUPS * DIGITS)).toString().padStart(GROUPS * DIGITS, "0");
  return Array.from({ length: GROUPS }, (_, at) => digits.slice(at * DIGITS, (at + 1) * DIGITS)).join(" ");
}
