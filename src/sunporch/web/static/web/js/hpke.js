// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * HPKE (RFC 9180), base mode, single shot, on WebCrypto: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
 *
 * A sealing is `enc (32 bytes) || ciphertext`. The names of functions and labels are those of the RFC.
 */

import { bigEndian, concat, fromHex, toHex, utf8 } from "./bytes.js";
import { kind } from "./refusal.js";

/** @typedef {import("./bytes.js").Bytes} Bytes */
/** @typedef {{id: number, keySize: number}} Aead */
/** @typedef {{privateKey: CryptoKey, publicKey: CryptoKey}} Pair */

export const ENC_SIZE = 32;
export const TAG_SIZE = 16;

/** The house's only AEAD. @type {Aead} */
export const AES_256_GCM = { id: 0x0002, keySize: 32 };
/** For the vectors that the RFC itself prints. @type {Aead} */
export const AES_128_GCM = { id: 0x0001, keySize: 16 };

export const KEY_MALFORMED = kind(
  "clip.key-malformed",
  "This is not an X25519 key: 32 bytes in lower-case hexadecimal, and not one that anybody could open.",
  "Use the key file that your device made when it was enrolled.",
);
/** What `open` throws; who knows what was sealed for whom says it in better words. */
export const SEALING_REFUSED = kind(
  "hpke.sealing-refused",
  "What was sealed does not open with this key, or was changed.",
  "Fetch it again; if it stays so, it was sealed to another device.",
);

const VERSION = utf8("HPKE-v1");
const KEM = concat(utf8("KEM"), bigEndian(0x0020, 2));
const EMPTY = new Uint8Array(0);
const NONCE_SIZE = 12;
const HASH = 32;
// RFC 8410: the fixed bytes before 32 raw ones; 0x6e ends the object identifier of X25519.
const PKCS8 = fromHex("302e020100300506032b656e04220420", 16, "PKCS8");

/** @param {Aead} aead */
const suite = (aead) =>
  concat(utf8("HPKE"), bigEndian(0x0020, 2), bigEndian(0x0001, 2), bigEndian(aead.id, 2));

/**
 * @param {Bytes} key
 * @param {Bytes} message
 */
async function hmac(key, message) {
  // An empty key is one of zeros (RFC 2104), and WebCrypto takes none.
  const zeros = key.length ? key : new Uint8Array(HASH);
  const imported = await crypto.subtle.importKey("raw", zeros, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, message));
}

/**
 * @param {Bytes} suiteId
 * @param {Bytes} salt
 * @param {string} label
 * @param {Bytes} ikm
 */
const labeledExtract = (suiteId, salt, label, ikm) => hmac(salt, concat(VERSION, suiteId, utf8(label), ikm));

/**
 * Expand to at most one hash's length, which is all that this suite ever asks for.
 * @param {Bytes} suiteId
 * @param {Bytes} prk
 * @param {string} label
 * @param {Bytes} info
 * @param {number} size
 */
async function labeledExpand(suiteId, prk, label, info, size) {
  const labeled = concat(bigEndian(size, 2), VERSION, suiteId, utf8(label), info);
  return (await hmac(prk, concat(labeled, Uint8Array.of(1)))).slice(0, size);
}

/**
 * Return the raw bytes of a public key.
 * @param {CryptoKey} key
 * @returns {Promise<Bytes>}
 */
export const rawPublic = async (key) => new Uint8Array(await crypto.subtle.exportKey("raw", key));

/**
 * Return a public key of 64 hex digits; throws `clip.key-malformed`.
 * @param {string} untrusted
 */
export async function importPublic(untrusted) {
  if (!/^[0-9a-f]{64}$/.test(untrusted)) throw KEY_MALFORMED({ where: untrusted });
  try {
    return await crypto.subtle.importKey("raw", fromHex(untrusted, 32, "the key"), { name: "X25519" }, true, []);
  } catch {
    throw KEY_MALFORMED({ where: untrusted }); // Firefox takes no point of small order in the first place
  }
}

/**
 * Return the pair of a raw private key as keys that no script can read back.
 * @param {Bytes} raw 32 bytes
 * @returns {Promise<Pair>}
 */
export async function importPrivate(raw) {
  if (raw.length !== 32) throw KEY_MALFORMED();
  const encoded = concat(PKCS8, raw);
  const privateKey = await crypto.subtle.importKey("pkcs8", encoded, { name: "X25519" }, false, ["deriveBits"]);
  encoded.fill(0);
  const base = await importPublic(`09${"00".repeat(31)}`);
  const shown = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: base }, privateKey, 256));
  return { privateKey, publicKey: await importPublic(toHex(shown)) };
}

/**
 * Make a pair whose private half no script can read.
 * @returns {Promise<Pair>}
 */
export const generate = async () =>
  /** @type {Pair} */ (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]));

/**
 * Return the shared secret of the KEM (RFC 9180 section 4.1).
 * @param {CryptoKey} own
 * @param {CryptoKey} other
 * @param {Bytes} enc
 * @param {Bytes} recipient
 */
async function sharedSecret(own, other, enc, recipient) {
  const dh = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: other }, own, 256));
  // A point of small order gives zeros, and so a key that anybody knows (RFC 7748 section 6.1).
  if (dh.every((byte) => byte === 0)) throw KEY_MALFORMED();
  const prk = await labeledExtract(KEM, EMPTY, "eae_prk", dh);
  return labeledExpand(KEM, prk, "shared_secret", concat(enc, recipient), HASH);
}

/**
 * Return key and nonce of the base mode (RFC 9180 section 5.1).
 * @param {Bytes} secret
 * @param {Bytes} info
 * @param {Aead} aead
 * @param {KeyUsage} usage
 */
async function schedule(secret, info, aead, usage) {
  const id = suite(aead);
  const hashes = await Promise.all([
    labeledExtract(id, EMPTY, "psk_id_hash", EMPTY),
    labeledExtract(id, EMPTY, "info_hash", info),
  ]);
  const context = concat(Uint8Array.of(0), ...hashes);
  const prk = await labeledExtract(id, secret, "secret", EMPTY);
  const raw = await labeledExpand(id, prk, "key", context, aead.keySize);
  const nonce = await labeledExpand(id, prk, "base_nonce", context, NONCE_SIZE);
  const key = await crypto.subtle.importKey("raw", raw, { name: "AES-GCM" }, false, [usage]);
  return { key, nonce };
}

/**
 * Return `enc || ciphertext`; throws `clip.key-malformed` for a key that anybody could open.
 * @param {Bytes} plaintext
 * @param {CryptoKey} recipient public
 * @param {Bytes} info
 * @param {{aad?: Bytes, aead?: Aead, ephemeral?: Pair}} [more] for vectors; the house has no `aad`
 * @returns {Promise<Bytes>}
 */
export async function seal(plaintext, recipient, info, more = {}) {
  const { aad = EMPTY, aead = AES_256_GCM } = more;
  const ephemeral = more.ephemeral ?? (await generate());
  const enc = await rawPublic(ephemeral.publicKey);
  let secret;
  try {
    secret = await sharedSecret(ephemeral.privateKey, recipient, enc, await rawPublic(recipient));
  } catch {
    throw KEY_MALFORMED({ where: toHex(await rawPublic(recipient)) });
  }
  const { key, nonce } = await schedule(secret, info, aead, "encrypt");
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad, tagLength: 8 * TAG_SIZE };
  return concat(enc, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext)));
}

/**
 * Return what was sealed; throws `hpke.sealing-refused`.
 * @param {Bytes} untrusted `enc || ciphertext`
 * @param {Pair} own
 * @param {Bytes} info
 * @param {{aad?: Bytes, aead?: Aead}} [more]
 * @returns {Promise<Bytes>}
 */
export async function open(untrusted, own, info, more = {}) {
  const { aad = EMPTY, aead = AES_256_GCM } = more;
  if (untrusted.length < ENC_SIZE + TAG_SIZE) throw SEALING_REFUSED();
  const enc = untrusted.slice(0, ENC_SIZE);
  try {
    const sender = await importPublic(toHex(enc));
    const secret = await sharedSecret(own.privateKey, sender, enc, await rawPublic(own.publicKey));
    const { key, nonce } = await schedule(secret, info, aead, "decrypt");
    const algorithm = { name: "AES-GCM", iv: nonce, additionalData: aad, tagLength: 8 * TAG_SIZE };
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, untrusted.slice(ENC_SIZE)));
  } catch {
    throw SEALING_REFUSED();
  }
}
