// SPDX-License-Identifier: AGPL-3.0-or-later
// "Your link": copy it, or hand it to another app of this telephone, where the browser can.

/** @param {HTMLElement} place */
function wire(place) {
  const address = /** @type {HTMLInputElement} */ (place.querySelector("input"));
  const said = /** @type {HTMLElement} */ (place.querySelector("[data-said]"));
  const [copy, hand] = ["[data-copy]", "[data-hand]"].map((name) => /** @type {any} */ (place.querySelector(name)));
  copy.hidden = !navigator.clipboard;
  hand.hidden = !navigator.share;
  address.addEventListener("focus", () => address.select());
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(address.value);
    said.textContent = said.dataset.copied ?? "";
  });
  hand.addEventListener("click", () => {
    // Whoever closes the list of apps has changed their mind: no error.
    navigator.share({ url: address.value }).catch((error) => console.info("handing", error));
  });
}

document.querySelectorAll("[data-handing]").forEach(wire);
