// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * "Check this in my browser" on the pages of the public record: what holds, what does not, and what was not checked.
 *
 * What the page's server says of entries is compared with the record; what only the server says stays marked as that.
 */

import { toHex } from "./bytes.js";
import { filled, one, onPress, words } from "./page.js";
import * as record from "./record.js";

/** @typedef {import("./record.js").PublicRecord} PublicRecord */

const text = words();
const place = one("[data-check]");
const found = one("#found");
const fetch = record.logFiles(place.dataset.log);

/**
 * @param {string} key of the page's words
 * @param {Record<string, string | number>} params
 * @param {boolean} good
 */
function tell(key, params = {}, good = true) {
  const line = document.createElement("li");
  const mark = document.createElement("strong");
  mark.className = good ? "good" : "bad";
  mark.textContent = good ? text.holds : text.fails;
  line.append(mark, ` ${filled(text[key], params)}`);
  found.append(line);
}

/** @param {number} seconds */
const moment = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;

/** Read and check the whole record, and say what it is. */
async function whole() {
  const seen = await record.remembered();
  const progress = one("#progress");
  progress.hidden = false;
  const checked = await record
    .readRecord(fetch, seen, (done, all) => {
      progress.max = all;
      progress.value = done;
    })
    .finally(() => {
      progress.hidden = true;
    });
  const { origin, size, root, signed, policy, time } = checked;
  tell("signed", { origin, n: signed.times.size, of: policy.witnesses.size, size, at: moment(time) });
  tell("root", { size, root: toHex(root) });
  if (seen) tell("continues", { size: seen.size });
  else tell("first", { size });
  await record.remember(checked);
  return checked;
}

/**
 * Say what was found of each entry that the page lists.
 * @param {PublicRecord} checked
 */
async function entries(checked) {
  const keys = await record.namedKeys(checked);
  let [signatures, agree] = [0, 0];
  for (const item of place.ownerDocument.querySelectorAll("li[data-index]")) {
    const line = record.lineOf(checked, Number(item.dataset.index));
    const signers = await record.signersOf(line, keys);
    signatures += signers.filter(({ good }) => good).length;
    for (const { name } of signers.filter(({ good }) => good === false)) {
      tell("wrong", { n: line.index, name }, false);
    }
    if (agrees(item, line, signers)) agree += 1;
    else tell("differs", { n: line.index }, false);
    explore(item, line, signers);
  }
  tell("signatures", { n: signatures });
  tell("agree", { n: agree });
}

/**
 * Say whether the page tells of an entry what the entry says.
 * @param {any} item
 * @param {record.Line} line
 * @param {record.Signer[]} signers
 */
function agrees(item, line, signers) {
  const { type, time, signers: named } = item.dataset;
  const good = signers.filter((signer) => signer.good).map(({ name }) => name);
  const same = Number(time) === line.time && (line.decoded?.type ?? "unreadable") === type;
  return same && named.split(" ").filter(Boolean).every((/** @type {string} */ name) => good.includes(name));
}

/**
 * Put the raw entry, and who signed it, below its line.
 * @param {any} item
 * @param {record.Line} line
 * @param {record.Signer[]} signers
 */
function explore(item, line, signers) {
  item.querySelector(".checked")?.remove();
  const made = one("#raw").content.cloneNode(true);
  const list = one("ul", made);
  for (const { name, good, index } of signers) {
    const row = document.createElement("li");
    const said = good === null ? text.unknown : good ? text.good : text.bad;
    row.textContent = filled(said, { name, n: index ?? "" });
    row.className = good === false ? "bad" : "";
    list.append(row);
  }
  one("pre", made).textContent = line.note ? String(line.note) : text.unreadable;
  one("[data-server]", made).hidden = !item.querySelector("[data-reason]");
  item.append(made);
}

/**
 * Check one appeal: its proof from tiles, its text, and what the page says of it.
 * @param {PublicRecord} checked
 */
async function appeal(checked) {
  const index = Number(place.dataset.index);
  const proof = await record.prove(fetch, checked, index);
  tell("proven", { n: index, hashes: proof.path.length });
  const { decoded } = record.lineOf(checked, index);
  const said = JSON.parse(one("#said").textContent);
  const fields = /** @type {Record<string, unknown>} */ (decoded?.fields ?? {});
  const other = Object.keys(said).filter((name) => JSON.stringify(said[name]) !== JSON.stringify(fields[name]));
  tell(other.length ? "otherwise" : "same", { fields: other.join(", ") }, !other.length);
  const shown = document.querySelector("#narrative");
  if (shown) {
    const wanted = await record.committedText(fetch, String(fields.narrative));
    const plain = (/** @type {string | null} */ words_) => String(words_).replace(/\s+/g, " ").trim();
    const same = plain(shown.textContent) === plain(wanted);
    tell(same ? "narrative" : "another", {}, same);
  }
  const link = one("#proof");
  link.href = URL.createObjectURL(new Blob([proof.encode()], { type: "application/octet-stream" }));
  link.download = `${checked.origin}-${index}.tlog-proof`;
  link.hidden = false;
}

const memory = one("#seen");

/** Offer to forget what this browser saw, where it saw anything. */
async function offer() {
  memory.hidden = !(await record.remembered());
}

onPress(one("#forget"), async () => {
  await record.forget();
  found.replaceChildren();
  await offer();
});
await offer();

onPress(one("#check-now"), async () => {
  found.replaceChildren();
  const checked = await whole();
  await (place.dataset.check === "appeal" ? appeal(checked) : entries(checked));
  if (!found.querySelector(".bad")) tell("finished");
  await offer();
});
