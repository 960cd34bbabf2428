// SPDX-License-Identifier: AGPL-3.0-or-later
// "Masks": boxes drawn on the camera's newest picture, in per cent of it.

import { drawBoxes } from "../boxes.js";

document.querySelectorAll("form[data-masks]").forEach((form) => drawBoxes(/** @type {HTMLFormElement} */ (form)));
