// SPDX-License-Identifier: AGPL-3.0-or-later
// Times in the reader's own zone: every `<time>` that has an instant, its UTC kept as a title.
// `data-exact` shows seconds, and tenths where there are any.

/** The page's, with the day before the month: so do the days that the site writes itself. */
const LANGUAGE = document.documentElement.lang.replace(/^en$/, "en-GB") || undefined;

/**
 * @param {Date} at
 * @param {boolean} exact
 * @returns {string} day and time with the zone's name
 */
export function local(at, exact = false) {
  const fine = exact ? { second: "2-digit", fractionalSecondDigits: at.getMilliseconds() ? 1 : undefined } : {};
  return new Intl.DateTimeFormat(LANGUAGE, {
    day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit",
    hourCycle: "h23", timeZoneName: "short", ...fine,
  }).format(at);
}

/**
 * @param {Date} at
 * @returns {string} the time of day alone, to the tenth of a second where it has one
 */
export function clock(at) {
  return new Intl.DateTimeFormat(LANGUAGE, {
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    fractionalSecondDigits: at.getMilliseconds() ? 1 : undefined,
  }).format(at);
}

for (const element of document.querySelectorAll("time[datetime*='T']")) {
  const at = new Date(element.getAttribute("datetime"));
  if (Number.isNaN(at.getTime())) continue;
  element.title = element.textContent;
  element.textContent = "clock" in element.dataset ? clock(at) : local(at, "exact" in element.dataset);
}
