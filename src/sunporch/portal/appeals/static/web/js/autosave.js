// SPDX-License-Identifier: AGPL-3.0-or-later
/** What is typed into a form with `data-autosave` is kept by the site a moment later, and the page says so. */

const PAUSE_MS = 800;

/** @param {HTMLFormElement} form */
function wire(form) {
  const said = form.querySelector("[data-saved]");
  let waiting = 0;
  const save = async () => {
    const body = new FormData(form);
    body.set("autosave", "1");
    try {
      const answer = await fetch(location.href, { method: "POST", body });
      said.textContent = answer.ok ? said.dataset.saved : said.dataset.unsaved;
    } catch (error) {
      console.info("autosave", error);
      said.textContent = said.dataset.unsaved;
    }
  };
  form.addEventListener("input", () => {
    said.textContent = "";
    clearTimeout(waiting);
    waiting = setTimeout(save, PAUSE_MS);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
}

document.querySelectorAll("form[data-autosave]").forEach(wire);
