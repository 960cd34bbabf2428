// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Strict JSON as everything signed uses it (spec/entries.md 1.2): text, whole numbers, lists and objects only.
 *
 * `JSON.parse` would hide a key that stands twice and round a number that is too large, so this reads for itself.
 */

import { fromUtf8 } from "./bytes.js";
import { kind } from "./refusal.js";

/** Text, a whole number, a list or an object of these (JSDoc has no name for what holds itself).
 *  @typedef {string | number | any[] | {[key: string]: any}} Value */
/** @typedef {{[key: string]: Value}} Fields */

const MAX_DEPTH = 16;

const JSON_REFUSED = kind(
  "json.text-refused",
  "This is not the strict JSON that Sunporch signs: {reason}.",
  "Use one JSON object of text, whole numbers, lists and objects, without duplicate keys.",
);

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// eslint-disable-next-line no-control-regex -- a text may hold no control character (RFC 8259)
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  /** @param {RegExp} pattern sticky */
  take(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  /** @param {string} character */
  next(character) {
    this.take(SPACE);
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  /** @returns {never} */
  fail(reason = `character ${this.at} is not what may stand there`) {
    throw JSON_REFUSED({ reason });
  }

  /**
   * @param {number} depth
   * @returns {Value}
   */
  value(depth) {
    if (depth > MAX_DEPTH) this.fail(`it is nested deeper than ${MAX_DEPTH}`);
    this.take(SPACE);
    const first = this.text[this.at];
    if (first === "{") return this.object(depth);
    if (first === "[") return this.list(depth);
    return first === '"' ? this.string() : this.number();
  }

  /** @param {number} depth */
  object(depth) {
    /** @type {Map<string, Value>} */
    const found = new Map();
    this.next("{");
    if (!this.next("}")) {
      do {
        this.take(SPACE);
        if (depth >= MAX_DEPTH) this.fail(`it is nested deeper than ${MAX_DEPTH}`);
        const name = this.string();
        if (!this.next(":")) this.fail();
        if (found.has(name)) this.fail(`the key ${JSON.stringify(name)} stands twice`);
        found.set(name, this.value(depth + 1));
      } while (this.next(","));
      if (!this.next("}")) this.fail();
    }
    const plain = Object.create(null); // a key may be called `__proto__`
    for (const [name, value] of found) plain[name] = value;
    return /** @type {Fields} */ (plain);
  }

  /** @param {number} depth */
  list(depth) {
    /** @type {Value[]} */
    const found = [];
    this.next("[");
    if (this.next("]")) return found;
    do found.push(this.value(depth + 1));
    while (this.next(","));
    return this.next("]") ? found : this.fail();
  }

  string() {
    const spelled = this.take(STRING);
    if (spelled === undefined) this.fail();
    const text = JSON.parse(/** @type {string} */ (spelled));
    if (!text.isWellFormed()) this.fail("a text holds half a surrogate pair");
    return text;
  }

  number() {
    const spelled = this.take(NUMBER);
    if (!spelled) this.fail();
    if (!/^-?[0-9]+$/.test(/** @type {string} */ (spelled))) this.fail(`${spelled} is not a whole number`);
    const number = Number(spelled);
    if (!Number.isSafeInteger(number)) this.fail(`${spelled} is beyond 2^53-1`);
    return number === 0 ? 0 : number; // -0 is 0
  }
}

/**
 * Return the object of a text or of UTF-8 bytes, or throw `json.text-refused` saying why.
 * @param {string | import("./bytes.js").Bytes} untrusted
 * @returns {Fields}
 */
export function loads(untrusted) {
  const text = typeof untrusted === "string" ? untrusted : decoded(untrusted);
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.take(SPACE);
  if (reader.at !== text.length) reader.fail();
  if (typeof value !== "object" || Array.isArray(value)) reader.fail("it is not an object");
  return /** @type {Fields} */ (value);
}

/** @param {import("./bytes.js").Bytes} untrusted */
function decoded(untrusted) {
  try {
    return fromUtf8(untrusted, "it");
  } catch {
    throw JSON_REFUSED({ reason: "it is not UTF-8" });
  }
}

/**
 * Compare by Unicode code point; JavaScript's own order is by UTF-16 unit.
 * @param {string} one
 * @param {string} other
 */
function byCodePoint(one, other) {
  const left = [...one];
  const right = [...other];
  for (let at = 0; at < Math.min(left.length, right.length); at += 1) {
    const step = /** @type {number} */ (left[at].codePointAt(0)) - /** @type {number} */ (right[at].codePointAt(0));
    if (step) return step;
  }
  return left.length - right.length;
}

/**
 * Return the canonical line; throws `json.text-refused` for what strict JSON does not have.
 * @param {Fields} value
 * @returns {string}
 */
export function dumps(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw JSON_REFUSED({ reason: "it is not an object" });
  }
  return written(value, 0);
}

/**
 * @param {Value} value
 * @param {number} depth
 * @returns {string}
 */
function written(value, depth) {
  if (depth > MAX_DEPTH) throw JSON_REFUSED({ reason: `it is nested deeper than ${MAX_DEPTH}` });
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw JSON_REFUSED({ reason: "a text holds half a surrogate pair" });
    return JSON.stringify(value); // escapes exactly what the canonical form escapes, in its spelling
  }
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
  if (Array.isArray(value)) return `[${value.map((item) => written(item, depth + 1)).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value).sort(byCodePoint);
    return `{${names.map((name) => `${written(name, depth + 1)}:${written(value[name], depth + 1)}`).join(",")}}`;
  }
  throw JSON_REFUSED({ reason: `${typeof value} is not used` });
}
