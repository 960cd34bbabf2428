// SPDX-License-Identifier: AGPL-3.0-or-later
// "Who stays covered?": boxes drawn on the picture by mouse, pen or finger; the number fields are the truth.
// Without it the fields and the buttons of the form do the same. While the hub looks for people, the page waits.

const ASK_MS = 1000;
const STILL_WAIT_MS = 150;
const LEAST_PIXELS = 8;
const NAMES = ["x", "y", "width", "height", "from", "to"];
const SVG = "http://www.w3.org/2000/svg";

/** @param {HTMLFormElement} form */
function wire(form) {
  const find = (/** @type {string} */ what) => /** @type {any} */ (form.querySelector(what));
  const [width, height, length] = ["width", "height", "length"].map((name) => Number(form.dataset[name]));
  const [over, list, picture, moment] = ["[data-over]", "[data-boxes]", "[data-picture]", "#moment"].map(find);
  let waiting = 0;
  let drawn = /** @type {null | {x: number, y: number, rect: SVGRectElement}} */ (null);

  const boxes = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".box")]);
  const value = (/** @type {HTMLElement} */ box, /** @type {string} */ name) =>
    Number(/** @type {HTMLInputElement} */ (box.querySelector(`[name=${name}]`)).value);

  /** Draw the boxes that lie on the picture at this moment. */
  function show() {
    over.replaceChildren();
    boxes().forEach((box, number) => {
      box.querySelector("[data-number]").textContent = String(number + 1);
      box.querySelector("[data-remove]").value = String(number + 1);
      const at = Number(moment.value);
      const inside = value(box, "from") <= at && at < value(box, "to");
      const rect = document.createElementNS(SVG, "rect");
      for (const name of ["x", "y", "width", "height"]) rect.setAttribute(name, String(value(box, name)));
      rect.setAttribute("class", inside ? "cover" : "cover later");
      over.append(rect);
    });
  }

  /** @param {Record<string, number>} numbers @returns {HTMLElement} */
  function add(numbers) {
    list.append(find("[data-empty]").content.cloneNode(true));
    const box = boxes()[boxes().length - 1];
    for (const name of NAMES) {
      /** @type {HTMLInputElement} */ (box.querySelector(`[name=${name}]`)).value = String(numbers[name]);
    }
    show();
    return box;
  }

  /** @param {PointerEvent} event @returns {{x: number, y: number}} pixels of the recording */
  function place(event) {
    const seen = over.getBoundingClientRect();
    const inside = (/** @type {number} */ n, /** @type {number} */ most) => Math.round(Math.min(most, Math.max(0, n)));
    return {
      x: inside(((event.clientX - seen.left) / seen.width) * width, width),
      y: inside(((event.clientY - seen.top) / seen.height) * height, height),
    };
  }

  const corner = (/** @type {{x: number, y: number}} */ a, /** @type {{x: number, y: number}} */ b) => ({
    x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y),
  });

  over.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    over.setPointerCapture(event.pointerId);
    const rect = /** @type {SVGRectElement} */ (document.createElementNS(SVG, "rect"));
    rect.setAttribute("class", "cover");
    over.append(rect);
    drawn = { ...place(event), rect };
    event.preventDefault();
  });
  over.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!drawn) return;
    for (const [name, n] of Object.entries(corner(drawn, place(event)))) drawn.rect.setAttribute(name, String(n));
  });
  over.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => {
    if (!drawn) return;
    const made = corner(drawn, place(event));
    drawn = null;
    if (made.width >= LEAST_PIXELS && made.height >= LEAST_PIXELS) add({ ...made, from: 0, to: length });
    else show();
  });
  over.addEventListener("pointercancel", () => { drawn = null; show(); });

  find("[data-add]").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    const box = add({
      x: Math.round(width * 0.4), y: Math.round(height * 0.4), width: Math.round(width * 0.2),
      height: Math.round(height * 0.2), from: 0, to: length,
    });
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
  moment.addEventListener("input", () => {
    find("[data-moment]").textContent = moment.value;
    show();
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const at = Math.min(Number(moment.value), Math.max(0, length - 0.2));
      picture.src = `${form.dataset.still}?at=${(Number(form.dataset.begins) + at).toFixed(3)}`;
    }, STILL_WAIT_MS);
  });
  find("[data-scrub]").hidden = false;
  over.classList.add("ready");
  show();
}

/** @param {HTMLElement} place */
function wait(place) {
  const [bar, told] = [place.querySelector("progress"), /** @type {HTMLElement} */ (place.querySelector("[data-told]"))];
  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.finding ?? "");
      const found = answer.ok ? await answer.json() : { state: "" };
      if (found.state !== "finding") {
        location.reload();
        return;
      }
      bar.max = found.total_s;
      bar.value = found.done_s;
      told.textContent = (told.dataset.told ?? "")
        .replace("{done}", found.done_s.toFixed(0)).replace("{all}", found.total_s.toFixed(0));
    } catch (error) {
      console.info("cover", error);
    }
    setTimeout(ask, ASK_MS);
  };
  ask();
}

document.querySelectorAll("form[data-cover]").forEach(wire);
document.querySelectorAll("[data-finding]").forEach(wait);
