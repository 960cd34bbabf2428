// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The map of cells: a click or the space bar chooses a cell, arrow keys move between cells. What is chosen stands in
 * the field `cells`, which works without this module too.
 */

import { filled } from "./page.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HECTARES = 1.5; // of one cell, about

/** @param {SVGSVGElement} map */
function wire(map) {
  const form = map.closest("form");
  const field = form.elements.namedItem("cells");
  const total = form.querySelector("[data-total]");
  const list = form.querySelector("[data-list]");
  const cells = [...map.querySelectorAll("[data-cell]")];
  const outside = field.value.split(/\s+/).filter((id) => id && !cells.some((cell) => cell.dataset.cell === id));
  const isOn = (cell) => cell.classList.contains("on");

  const write = () => {
    const chosen = cells.filter(isOn);
    const households = chosen.reduce((sum, cell) => sum + Number(cell.dataset.households), 0);
    field.value = [...outside, ...chosen.map((cell) => cell.dataset.cell)].sort().join(" ");
    const count = outside.length + chosen.length;
    total.textContent = filled(total.dataset.total, {
      cells: count, hectares: Math.round(count * HECTARES), households,
    });
    list.replaceChildren(...chosen.map((cell) => {
      const row = document.createElement("tr");
      for (const text of [cell.dataset.cell, cell.dataset.households]) {
        const data = document.createElement("td");
        data.textContent = text;
        row.append(data);
      }
      return row;
    }));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const set = (cell, on) => {
    cell.classList.toggle("on", on);
    cell.setAttribute("aria-checked", String(on));
  };
  const toggle = (cell) => {
    set(cell, !isOn(cell));
    write();
  };
  const focus = (cell) => {
    for (const other of cells) other.tabIndex = other === cell ? 0 : -1;
    cell.focus();
  };
  /** Return the nearest cell in a direction. */
  const next = (from, [dx, dy]) => {
    const far = (cell) => {
      const x = Number(cell.dataset.x) - Number(from.dataset.x), y = Number(cell.dataset.y) - Number(from.dataset.y);
      const ahead = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
      return ahead > aside / 2 ? ahead + aside : Infinity;
    };
    const best = cells.reduce((one, other) => (far(other) < far(one) ? other : one));
    return far(best) === Infinity ? from : best;
  };

  cells.forEach((cell, at) => {
    cell.setAttribute("role", "checkbox");
    const label = filled(map.dataset.label, { number: at + 1, households: cell.dataset.households });
    cell.setAttribute("aria-label", [label, cell.dataset.place].filter(Boolean).join(", "));
    set(cell, isOn(cell));
    cell.tabIndex = -1;
  });
  const { width, height } = map.viewBox.baseVal;
  const off = ({ dataset }) => Math.hypot(Number(dataset.x) - width / 2, Number(dataset.y) - height / 2);
  const middle = cells.reduce((one, other) => (off(other) < off(one) ? other : one));
  (cells.find(isOn) ?? middle).tabIndex = 0;
  map.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (cell) {
      focus(cell);
      toggle(cell);
    }
  });
  map.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (!cell) return;
    if (event.key === " " || event.key === "Enter") toggle(cell);
    else if (event.key in ARROWS) focus(next(cell, ARROWS[event.key]));
    else return;
    event.preventDefault();
  });
  map.classList.add("live");
}

document.querySelectorAll("svg[data-map]").forEach(wire);
