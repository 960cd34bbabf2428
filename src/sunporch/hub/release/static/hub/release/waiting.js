// SPDX-License-Identifier: AGPL-3.0-or-later
// A clip on its way: the page is loaded anew when its state changes, so that a resident need not ask.

const ASK_MS = 2000;

/** @param {HTMLElement} place */
function wire(place) {
  if (["shared", "undone", "refused"].includes(place.dataset.state ?? "")) return;
  const ask = async () => {
    try {
      const answer = await fetch(place.dataset.release ?? "");
      if (!answer.ok || (await answer.json()).state !== place.dataset.state) {
        location.reload();
        return;
      }
    } catch (error) {
      console.info("waiting", error);
    }
    setTimeout(ask, ASK_MS);
  };
  setTimeout(ask, ASK_MS);
}

document.querySelectorAll("[data-release]").forEach(wire);
