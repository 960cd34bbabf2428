// SPDX-License-Identifier: AGPL-3.0-or-later
// Turns on the notices of this browser: the form with `data-push` (the site's key) is filled with the browser's
// subscription and sent. Where the browser cannot (no https, no push service), the page says so and has no button.
// A form with `data-browser` removes a browser: this one's own subscription ends with it.

import { sha256, toHex, utf8 } from "./bytes.js";

/**
 * Subscribe this browser at its own push service.
 * @param {HTMLFormElement} form
 * @returns {Promise<string>} the subscription as JSON text
 */
async function subscription(form) {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("not granted");
  const registration = await navigator.serviceWorker.register(form.dataset.worker);
  const active = registration.active ?? (await activated(registration));
  if (!active) throw new Error("no worker");
  const found = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: form.dataset.push,
  });
  return JSON.stringify(found.toJSON());
}

/**
 * Wait until the worker of a registration runs.
 * @param {ServiceWorkerRegistration} registration
 * @returns {Promise<ServiceWorker | null>}
 */
function activated(registration) {
  const worker = registration.installing ?? registration.waiting;
  if (!worker) return Promise.resolve(null);
  return new Promise((resolve) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve(worker);
      if (worker.state === "redundant") resolve(null);
    });
  });
}

/** @param {HTMLFormElement} form */
function wire(form) {
  const button = form.querySelector("button");
  const failed = form.querySelector("[data-failed]");
  form.querySelector("[data-without]").hidden = true;
  button.hidden = false;
  button.addEventListener("click", async () => {
    failed.hidden = true;
    button.disabled = true;
    try {
      form.elements["push-target"].value = await subscription(form);
      form.elements["push-name"].value = form.dataset.name.replace("{place}", navigator.platform);
      form.submit();
    } catch (error) {
      console.info("push", error);
      failed.textContent = failed.dataset.failed;
      failed.hidden = false;
      button.disabled = false;
    }
  });
}

/**
 * End this browser's subscription if it is the one that a form is about. Kept, it would be given again to the next
 * press of the button, though its push service may have ended it.
 * @param {HTMLFormElement} form
 */
async function end(form) {
  const registration = await navigator.serviceWorker.getRegistration(form.dataset.worker);
  const kept = await registration?.pushManager.getSubscription();
  if (kept && toHex(await sha256(utf8(kept.endpoint))) === form.dataset.browser) await kept.unsubscribe();
}

/** @param {HTMLFormElement} form */
function unwire(form) {
  let ended = false;
  form.addEventListener("submit", async (event) => {
    if (ended || event.submitter.value !== "drop") return;
    event.preventDefault();
    await end(form).catch((error) => console.info("push", error)); // the site forgets the browser all the same
    ended = true;
    form.requestSubmit(event.submitter);
  });
}

const able = window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window;
if (able) {
  document.querySelectorAll("form[data-push]").forEach(wire);
  document.querySelectorAll("form[data-browser]").forEach(unwire);
}
