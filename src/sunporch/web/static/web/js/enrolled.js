// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Finds in the record itself whose device has which keys, so that no portal can put others in their place.
 *
 * Checked: that the key's entry is signed by the registrar whom the community approved for that agency (others: by the
 * community), in time, and that no such signature ended it. Not checked here: whether the approval had ended by then.
 */

import { VerifierKey } from "./note.js";
import { byCommunity } from "./record.js";
import { kind } from "./refusal.js";

/** @typedef {import("./record.js").PublicRecord} PublicRecord */
/** @typedef {import("./record.js").Line} Line */
/** @typedef {{index: number, key: string, name: string, role: string, agency: string, x25519: string}} Enrolled */

const RECIPIENT_UNENROLLED = kind(
  "browser.recipient-unenrolled",
  "The public record, as this browser checked it, has no live device named {name} that can receive clips.",
  "Do not go on; ask your registrar whether its key was recorded, or has ended.",
);

/**
 * Return a live device that can receive clips; throws `browser.recipient-unenrolled`.
 * @param {PublicRecord} record
 * @param {string} name the pseudonym
 */
export async function recipient(record, name) {
  const found = (await enrolled(record)).find((one) => one.name === name && one.x25519);
  if (!found) throw RECIPIENT_UNENROLLED({ name });
  return found;
}

/**
 * Return all live devices, or those that were live at one of the entries.
 * @param {PublicRecord} record
 * @param {number} [at] index of the entry
 * @returns {Promise<Enrolled[]>}
 */
export async function enrolled(record, at) {
  /** @type {import("./entry.js").Fields[]} */
  const approved = [];
  /** @type {Enrolled[]} */
  const found = [];
  const ended = new Set();
  for (const line of record.lines.slice(0, at)) {
    const { type, fields } = line.decoded ?? {};
    if (!fields || !["partnership", "key", "key_end"].includes(String(type)) || !inTime(record, line)) continue;
    const town = await byCommunity(record, line);
    const byRegistrar = (/** @type {string} */ agency) =>
      signedBy(line, approved.filter((one) => one.agency === agency).map((one) => String(one.registrar)));
    if (type === "partnership" && town) approved.push(fields);
    if (type === "key") {
      const one = device(line.index, fields);
      const named = one.agency ? await byRegistrar(one.agency) : town;
      if (named && !found.some(({ name }) => name === one.name)) found.push(one);
    }
    if (type === "key_end") {
      const one = found.find(({ index }) => index === fields.key);
      if (one && (town || (await byRegistrar(one.agency)))) ended.add(one);
    }
  }
  return found.filter((one) => !ended.has(one));
}

/**
 * @param {number} index
 * @param {import("./entry.js").Fields} fields
 * @returns {Enrolled}
 */
function device(index, { key, role, agency, x25519 }) {
  const [name] = String(key).split("+");
  return { index, key: String(key), name, role: String(role), agency: String(agency), x25519: String(x25519) };
}

/**
 * Say whether an entry is of this log and came in time.
 * @param {PublicRecord} record
 * @param {Line} line
 */
export function inTime({ origin }, { time, decoded }) {
  return decoded?.origin === origin && time <= Number(decoded.fields.not_after);
}

/**
 * Say whether one of the keys signed.
 * @param {Line} line
 * @param {string[]} keys
 */
export async function signedBy({ note }, keys) {
  const parsed = await Promise.all(keys.map((key) => VerifierKey.parse(key).catch(() => null)));
  try {
    return ((await note?.verified(parsed.filter((key) => key !== null))) ?? []).length > 0;
  } catch {
    return false; // a wrong signature by a known key makes the entry void
  }
}
