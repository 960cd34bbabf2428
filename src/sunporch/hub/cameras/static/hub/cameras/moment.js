// SPDX-License-Identifier: AGPL-3.0-or-later
// "Watch from": a day and time as people write it, in their own zone, sent as Unix seconds.

/** @param {HTMLFormElement} form */
function wire(form) {
  const when = /** @type {HTMLInputElement} */ (form.querySelector("[type=datetime-local]"));
  const at = /** @type {HTMLInputElement} */ (form.querySelector("[name=at]"));
  const zone = new Intl.DateTimeFormat(document.documentElement.lang, { timeZoneName: "short" })
    .formatToParts(new Date()).find((part) => part.type === "timeZoneName");
  /** @type {HTMLElement} */ (form.querySelector("[data-zone]")).textContent = zone ? `(${zone.value})` : "";
  form.addEventListener("submit", () => {
    at.value = String(new Date(when.value).getTime() / 1000);
  });
}

document.querySelectorAll("form[data-moment]").forEach(wire);
