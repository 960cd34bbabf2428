// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What the rules say to the answers of this page while they are given: the site's own check, with the clause for each
 * no. It reads the block `to-check` (all fields of the appeal, and which clauses this page is about).
 */

const PAUSE_MS = 300;

/** @param {HTMLFormElement} form @param {any} fields */
function answers(form, fields) {
  const value = (name) => form.elements.namedItem(name)?.value ?? "";
  const found = { ...fields };
  const cells = value("cells").split(/\s+/).filter(Boolean).sort();
  if (cells.length) found.cells = cells;
  for (const [name, control] of [["from", "from_"], ["to", "to"]]) {
    const at = Date.parse(`${value(control)}Z`);
    if (!Number.isNaN(at)) found[name] = at / 1000;
  }
  return found;
}

/** @param {string} heading @param {string} style @param {{sentence: string}[]} clauses */
function notice(heading, style, clauses) {
  const box = document.createElement("div"), title = document.createElement("p"), list = document.createElement("ul");
  box.className = `notice ${style}`;
  title.append(Object.assign(document.createElement("strong"), { textContent: heading }));
  list.append(...clauses.map(({ sentence }) => Object.assign(document.createElement("li"), { textContent: sentence })));
  box.append(title, list);
  return box;
}

/** @param {HTMLElement} place */
function wire(place) {
  const form = place.closest("form");
  const { fields, about } = JSON.parse(form.querySelector("script#to-check").textContent);
  const here = ({ id }) => about.some((beginning) => id.startsWith(beginning));
  let waiting = 0, asked = 0;
  const ask = async () => {
    const mine = (asked += 1);
    try {
      const answer = await fetch("/api/v1/rules/check", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(answers(form, fields)),
      });
      if (!answer.ok || mine !== asked) return;
      const { clauses, review } = await answer.json();
      const [no, third] = [clauses.filter(here), review.filter(here)];
      place.replaceChildren(
        ...(no.length ? [notice(place.dataset.heading, "refused", no)] : []),
        ...(third.length ? [notice(place.dataset.review, "", third)] : []),
      );
    } catch (error) {
      console.info("rules", error);
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE_MS);
  });
}

document.querySelectorAll("[data-clauses]").forEach(wire);
