// SPDX-License-Identifier: AGPL-3.0-or-later
/** How long something will still take, judged by how fast it went so far. */

const LEAST_MS = 2000; // before that nobody can tell
const LEAST_SECONDS = 3; // less is not worth a word
const MINUTE = 60;

/** One thing that goes on. */
export class Left {
  /** @param {string} text with `{left}`, in the page's language */
  constructor(text) {
    this.text = text;
    this.begun = performance.now();
    /** @type {number | null} */
    this.first = null;
  }

  /**
   * Return how long it will still take, in words; empty while that cannot be told, or near its end.
   * @param {number} done of what is counted
   * @param {number} all
   */
  say(done, all) {
    this.first ??= done;
    const spent = performance.now() - this.begun;
    const came = done - this.first;
    if (spent < LEAST_MS || came <= 0) return "";
    const seconds = ((all - done) * spent) / came / 1000;
    if (seconds < LEAST_SECONDS) return "";
    const [count, unit] = seconds < MINUTE ? [seconds, "second"] : [seconds / MINUTE, "minute"];
    const shown = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit, unitDisplay: "long" });
    return this.text.replace("{left}", shown.format(Math.ceil(count)));
  }
}
