// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Finds in the record itself whose device has which receiving key, so that no portal can put another in its place.
 *
 * Checked: that the key's entry is signed by the registrar whom the community approved for that agency (others: by the
 * community), in time, and that no such signature ended it. Not checked here: whether the approval had ended by then.
 */

import { VerifierKey } from "./note.js";
import { byCommunity } from "./record.js";
import { kind } from "./refusal.js";

/** @typedef {import("./record.js").PublicRecord} PublicRecord */
/** @typedef {import("./record.js").Line} Line */
/** @typedef {{index: number, name: string, role: string, agency: string, x25519: string}} Enrolled */

const RECIPIENT_UNENROLLED = kind(
  "browser.recipient-unenrolled",
  "The public record, as this browser checked it, has no live device named {name} that can receive clips.",
  "Do not go on; ask your registrar whether its key was recorded, or has ended.",
);

/**
 * Return a live device of the record; throws `browser.recipient-unenrolled`.
 * @param {PublicRecord} record
 * @param {string} name the pseudonym
 * @returns {Promise<Enrolled>}
 */
export async function enrolled(record, name) {
  /** @type {Enrolled | null} */
  let found = null;
  for (const line of record.lines) {
    const { type, fields } = line.decoded ?? {};
    if (type === "key" && !found && String(fields?.key).split("+")[0] === name) {
      const agency = String(fields?.agency);
      if (await mayName(record, line, agency)) {
        found = { index: line.index, name, role: String(fields?.role), agency, x25519: String(fields?.x25519) };
      }
    }
    if (type === "key_end" && found && fields?.key === found.index && (await mayName(record, line, found.agency))) {
      throw RECIPIENT_UNENROLLED({ where: `entry ${line.index}`, name });
    }
  }
  if (!found?.x25519) throw RECIPIENT_UNENROLLED({ name });
  return found;
}

/**
 * Say whether an entry is signed by whoever names and ends the keys of the agency (empty: those of no agency).
 * @param {PublicRecord} record
 * @param {Line} line
 * @param {string} agency
 */
async function mayName(record, line, agency) {
  const late = Number(line.decoded?.fields.not_after) < line.time;
  if (late || line.decoded?.origin !== record.origin) return false;
  if (await byCommunity(record, line)) return !agency || line.decoded.type === "key_end";
  for (const before of record.lines.slice(0, line.index)) {
    const { type, fields } = before.decoded ?? {};
    if (type !== "partnership" || !agency || fields?.agency !== agency || !(await byCommunity(record, before))) continue;
    if (await signedBy(line, String(fields.registrar))) return true;
  }
  return false;
}

/**
 * @param {Line} line
 * @param {string} key
 */
async function signedBy({ note }, key) {
  try {
    return ((await note?.verified([await VerifierKey.parse(key)])) ?? []).length > 0;
  } catch {
    return false; // a wrong signature by a known key makes the entry void
  }
}
