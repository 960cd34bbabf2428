// SPDX-License-Identifier: AGPL-3.0-or-later
/** What every page of ours that does something by script shares: its refusal in words, its texts, the town's time. */

import { Refusal, kind, said } from "./refusal.js";

const PAGE_FAILED = kind(
  "browser.page-failed",
  "This page met a fault of its own: {reason}.",
  "Load the page again; if it stays so, tell whoever runs the site what you read here.",
);

/**
 * Return an element that the page must have.
 * @param {string} selector
 * @param {ParentNode} [inside]
 * @returns {any}
 */
export function one(selector, inside = document) {
  const found = inside.querySelector(selector);
  if (!found) throw PAGE_FAILED({ reason: `it lacks ${selector}` });
  return found;
}

/**
 * Return the page's own texts: the block `words`, in the reader's language.
 * @returns {Record<string, string>}
 */
export const words = () => JSON.parse(one("#words").textContent);

/**
 * Fill the `{name}` of a text.
 * @param {string} text
 * @param {Record<string, string | number>} params
 */
export const filled = (text, params) => text.replace(/\{(\w+)\}/g, (whole, name) => String(params[name] ?? whole));

/** Show nothing as refused. */
export function clearRefusal() {
  one("#refused").hidden = true;
}

/**
 * Show what went wrong and what to do next, at the top, and take the reader there.
 * @param {unknown} error
 */
export async function showRefusal(error) {
  const refused = error instanceof Refusal ? error : PAGE_FAILED({ reason: String(error) });
  const box = one("#refused");
  const [what, next] = await said(refused);
  one("[data-what]", box).textContent = what;
  one("[data-next]", box).replaceChildren(...typed(next));
  one("[data-id]", box).textContent = refused.where ? `${refused.id}, ${refused.where}` : refused.id;
  box.hidden = false;
  box.focus();
}

/**
 * Return a sentence's parts: what one types stands between backticks, and in a page as code.
 * @param {string} sentence
 * @returns {(string | HTMLElement)[]}
 */
function typed(sentence) {
  const parts = sentence.split("`");
  if (parts.length % 2 === 0) return [sentence];
  return parts.map((part, n) => (n % 2 ? Object.assign(document.createElement("code"), { textContent: part }) : part));
}

/**
 * Return a clock of the town's time in seconds: what the site said when it made this page, running on.
 * @param {number} then Unix seconds
 */
export const townTime = (then) => () => Math.floor(then + performance.now() / 1000);

/**
 * Do something once at a time, and show it if it is refused.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} act
 */
export function onPress(button, act) {
  button.addEventListener("click", async () => {
    clearRefusal();
    button.disabled = true;
    try {
      await act();
    } catch (error) {
      await showRefusal(error);
    } finally {
      button.disabled = false;
    }
  });
}
