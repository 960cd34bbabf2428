// SPDX-License-Identifier: AGPL-3.0-or-later
// The service worker for notices, and for nothing else: it shows the word that came, and leads to the site's own page.
// It answers no request, keeps nothing, and has no button but the notice itself.

/**
 * The address that a notice leads to: a page of this site, whatever came.
 * @param {unknown} path
 * @returns {string}
 */
function own(path) {
  const home = new URL("/", self.location.origin);
  const url = URL.parse(String(path), home) ?? home;
  return url.origin === home.origin ? url.href : home.href;
}

self.addEventListener("push", (event) => {
  const { title, text, path } = event.data.json();
  // One tag: a second notice stands in the first one's place.
  event.waitUntil(self.registration.showNotification(title, { body: text, tag: "sunporch", data: own(path) }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data));
});
