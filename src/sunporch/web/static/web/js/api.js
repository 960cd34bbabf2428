// SPDX-License-Identifier: AGPL-3.0-or-later
/** Asks a site of ours as the page's own person, or a custodian as nobody; a refusal comes in the server's words. */

import { Refusal, kind } from "./refusal.js";

const SERVER_UNREACHABLE = kind(
  "browser.server-unreachable",
  "{where} does not answer.",
  "Check your connection and try again in a minute; nothing was lost.",
);
const ANSWER_MALFORMED = kind(
  "browser.answer-malformed",
  "{where} answered something that this page does not understand (status {status}).",
  "Load the page again; if it stays so, tell whoever runs the site.",
);

/** The token of the page's own forms: without it no cookie counts. */
const csrf = () => document.querySelector("meta[name='csrf-token']")?.getAttribute("content") ?? "";

/**
 * @param {string} address
 * @param {RequestInit} options
 */
async function ask(address, options) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw SERVER_UNREACHABLE({ where: new URL(address, location.href).host });
  }
  if (!answer.ok) throw await refusalOf(address, answer);
  return answer;
}

/**
 * Return what a server says went wrong. Its words are shown as text, never as markup.
 * @param {string} address
 * @param {Response} answer
 */
async function refusalOf(address, answer) {
  const told = refusalIn(await answer.json().catch(() => null));
  return told ?? malformed(address, answer);
}

/**
 * Return the refusal of an answer that makes no sense.
 * @param {string} address
 * @param {Response} answer
 */
export const malformed = (address, answer) =>
  ANSWER_MALFORMED({ where: new URL(address, location.href).host, status: answer.status });

/**
 * Return the refusal that an answer carries, or null.
 * @param {any} answer
 */
export function refusalIn(answer) {
  const { id, what, next, where, params } = answer?.error ?? {};
  if (![id, what, next].every((text) => typeof text === "string")) return null;
  return new Refusal(id, what, next, { ...params, where });
}

/**
 * @param {string} address
 * @param {Response} answer
 * @returns {Promise<any>}
 */
async function json(address, answer) {
  try {
    return await answer.json();
  } catch {
    throw malformed(address, answer);
  }
}

/**
 * @param {string} address
 * @returns {Promise<any>}
 */
export async function get(address) {
  return json(address, await ask(address, { cache: "no-store", credentials: "same-origin" }));
}

/**
 * @param {string} address
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export async function post(address, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf() };
  /** @type {RequestInit} */
  const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" };
  return json(address, await ask(address, options));
}

/**
 * Ask another house, which learns nothing about who asks: no cookie, no referrer, no token.
 * @param {string} address
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export async function postAsNobody(address, body) {
  const headers = { "Content-Type": "application/json" };
  /** @type {RequestInit} */
  const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "omit", mode: "cors" };
  return json(address, await ask(address, { ...options, referrerPolicy: "no-referrer" }));
}

/**
 * Return the answer that carries a file, as soon as its first bytes are on their way.
 * @param {string} address
 */
export const file = (address) => ask(address, { cache: "no-store", credentials: "same-origin" });
