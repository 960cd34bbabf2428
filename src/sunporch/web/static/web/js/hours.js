// SPDX-License-Identifier: AGPL-3.0-or-later
// Hours of a choice in the reader's own time: `<select data-hours>` has an option for each hour of UTC.
// Today's distance to UTC is used, so after a change of the clocks the hour moves by one.

/**
 * @param {number} hour of UTC
 * @returns {string} the same hour here, as today's clock has it
 */
export function localHour(hour) {
  const at = new Date();
  at.setUTCHours(hour, 0, 0, 0);
  const language = document.documentElement.lang || undefined;
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
}

for (const select of document.querySelectorAll("select[data-hours]")) {
  const options = [...select.options];
  for (const option of options) option.textContent = localHour(Number(option.value));
  options.sort((a, b) => a.textContent.localeCompare(b.textContent));
  const chosen = select.value;
  select.append(...options);
  select.value = chosen;
}
