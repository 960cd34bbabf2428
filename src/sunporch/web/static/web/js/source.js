// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Gives a `<video>` film piece by piece (Media Source Extensions).
 *
 * An iPhone has the managed kind alone (iOS 17.1), which may throw pieces away, and which opens only where the film
 * can play on no other screen (MSE, section "ManagedMediaSource"; WebKit bug 253295).
 */

/** @type {typeof MediaSource | undefined} */
const Source = Reflect.get(window, "MediaSource") ?? Reflect.get(window, "ManagedMediaSource");

/**
 * Say whether this browser plays a type of film.
 * @param {string} type
 */
export const plays = (type) => Boolean(Source?.isTypeSupported(type));

/**
 * Put an empty film of a type that `plays` on the element, and return what is needed to fill it.
 * @param {HTMLVideoElement} video
 * @param {string} type
 * @returns {Promise<{source: MediaSource, buffer: SourceBuffer}>}
 */
export async function attach(video, type) {
  const source = new /** @type {typeof MediaSource} */ (Source)();
  const opened = new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
  video.disableRemotePlayback = true;
  video.src = URL.createObjectURL(source);
  await opened;
  URL.revokeObjectURL(video.src);
  return { source, buffer: source.addSourceBuffer(type) };
}
