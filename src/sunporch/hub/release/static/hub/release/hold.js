// SPDX-License-Identifier: AGPL-3.0-or-later
// "Hold to share": a button that does nothing unless it is held, by pointer, space bar or Enter.
// Who cannot hold (a screen reader's click, a switch) uses the two steps below it, which work without this module.

const HOLD_MS = 1200;

/** @param {HTMLFormElement} form */
function wire(form) {
  const find = (/** @type {string} */ what) => /** @type {any} */ (form.querySelector(what));
  const [button, steps, sure] = [find("[data-button]"), find("[data-steps]"), find("[name=sure]")];
  let timer = 0;
  let held = false;

  const begin = () => {
    if (timer || button.disabled) return;
    held = true;
    button.classList.add("held");
    timer = setTimeout(() => {
      button.disabled = true;
      sure.checked = true;
      form.requestSubmit();
    }, HOLD_MS);
  };
  const stop = () => {
    clearTimeout(timer);
    timer = 0;
    button.classList.remove("held");
  };

  button.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button === 0) begin();
  });
  for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) button.addEventListener(name, stop);
  button.addEventListener("contextmenu", (/** @type {Event} */ event) => event.preventDefault());
  button.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    begin();
  });
  button.addEventListener("keyup", stop);
  button.addEventListener("click", () => {
    // A click that nobody held comes from an assistive technology: offer the two steps.
    if (!held) {
      steps.open = true;
      sure.focus();
    }
    held = false;
  });
  steps.open = false;
  find("[data-holding]").hidden = false;
}

document.querySelectorAll("form[data-hold]").forEach(wire);
