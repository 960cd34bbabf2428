// SPDX-License-Identifier: AGPL-3.0-or-later
/** Shows the number of handed-in keys to the registrar, made here from the very texts that are signed. */

import { spokenNumber } from "./keys.js";

for (const place of document.querySelectorAll("[data-number]")) {
  const { key, x25519 } = place.dataset;
  place.textContent = await spokenNumber({ key, x25519 });
}
