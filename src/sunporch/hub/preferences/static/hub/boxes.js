// SPDX-License-Identifier: AGPL-3.0-or-later
// Boxes drawn over a picture by mouse, pen or finger. The number fields of the form are the truth; without this module
// they and the form's buttons do the same.

const LEAST_DRAWN = 8; // of the screen's pixels: what is smaller was a tap
const SIDES = ["x", "y", "width", "height"];
const SVG = "http://www.w3.org/2000/svg";

/** @typedef {(name: string) => number} Box what a box's number fields say */

/**
 * Let boxes be drawn in a form, whose `data-width`, `data-height` and `data-step` say what its numbers count.
 *
 * Returns what draws the boxes of the fields anew.
 * @param {HTMLFormElement} form
 * @param {Record<string, number>} more what else a new box has
 * @param {(box: Box) => boolean} seen whether a box lies on the picture that is shown
 */
export function drawBoxes(form, more = {}, seen = () => true) {
  const find = (/** @type {string} */ what) => /** @type {any} */ (form.querySelector(what));
  const [width, height, step] = ["width", "height", "step"].map((name) => Number(form.dataset[name] ?? 1));
  const [over, list] = ["[data-over]", "[data-boxes]"].map(find);
  let drawn = /** @type {null | {x: number, y: number, rect: SVGRectElement}} */ (null);

  const boxes = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".box")]);
  const says = (/** @type {HTMLElement} */ box) => (/** @type {string} */ name) =>
    Number(/** @type {HTMLInputElement} */ (box.querySelector(`[name=${name}]`)).value);
  const rounded = (/** @type {number} */ n) => Number((Math.round(n / step) * step).toFixed(1));

  /** Draw the boxes of the fields. */
  function show() {
    over?.replaceChildren();
    boxes().forEach((box, number) => {
      box.querySelector("[data-number]").textContent = String(number + 1);
      box.querySelector("[data-remove]").value = String(number + 1);
      const rect = document.createElementNS(SVG, "rect");
      for (const name of SIDES) rect.setAttribute(name, String(says(box)(name)));
      rect.setAttribute("class", seen(says(box)) ? "cover" : "cover later");
      over?.append(rect);
    });
  }

  /** @param {Record<string, number>} numbers @returns {HTMLElement} */
  function add(numbers) {
    list.append(find("[data-empty]").content.cloneNode(true));
    const box = boxes()[boxes().length - 1];
    for (const [name, value] of Object.entries({ ...numbers, ...more })) {
      /** @type {HTMLInputElement} */ (box.querySelector(`[name=${name}]`)).value = String(value);
    }
    show();
    return box;
  }

  /** @param {PointerEvent} event @returns {{x: number, y: number}} in the form's own numbers */
  function place(event) {
    const shown = over.getBoundingClientRect();
    const inside = (/** @type {number} */ n, /** @type {number} */ most) => rounded(Math.min(most, Math.max(0, n)));
    return {
      x: inside(((event.clientX - shown.left) / shown.width) * width, width),
      y: inside(((event.clientY - shown.top) / shown.height) * height, height),
    };
  }

  const corner = (/** @type {{x: number, y: number}} */ a, /** @type {{x: number, y: number}} */ b) => ({
    x: Math.min(a.x, b.x), y: Math.min(a.y, b.y),
    width: rounded(Math.abs(a.x - b.x)), height: rounded(Math.abs(a.y - b.y)),
  });

  over?.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    over.setPointerCapture(event.pointerId);
    const rect = /** @type {SVGRectElement} */ (document.createElementNS(SVG, "rect"));
    rect.setAttribute("class", "cover");
    over.append(rect);
    drawn = { ...place(event), rect };
    event.preventDefault();
  });
  over?.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!drawn) return;
    for (const [name, n] of Object.entries(corner(drawn, place(event)))) drawn.rect.setAttribute(name, String(n));
  });
  over?.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => {
    if (!drawn) return;
    const made = corner(drawn, place(event));
    const shown = over.getBoundingClientRect();
    drawn = null;
    const sides = [(made.width / width) * shown.width, (made.height / height) * shown.height];
    if (Math.min(...sides) >= LEAST_DRAWN) add(made);
    else show();
  });
  over?.addEventListener("pointercancel", () => { drawn = null; show(); });

  find("[data-add]").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    const [x, y] = [rounded(width * 0.4), rounded(height * 0.4)];
    const box = add({ x, y, width: rounded(width * 0.2), height: rounded(height * 0.2) });
    /** @type {HTMLElement} */ (box.querySelector("input")).focus();
  });
  list.addEventListener("click", (/** @type {Event} */ event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-remove]");
    if (!button) return;
    event.preventDefault();
    button.closest(".box").remove();
    show();
    find("[data-add]").focus();
  });
  list.addEventListener("input", show);
  over?.classList.add("ready");
  show();
  return show;
}
