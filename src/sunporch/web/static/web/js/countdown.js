// SPDX-License-Identifier: AGPL-3.0-or-later
// Time that runs out: an element with `data-left` (seconds at the moment of the answer) counts down to zero.
// It counts from the page's own clock, because a computer's time of day may be wrong and a town's may be a demo's.

/**
 * @param {number} seconds
 * @returns {string} 9:05, 1:09:05, or days before it
 */
function shown(seconds) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const [days, hours, minutes, rest] = [
    Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60,
  ];
  if (days) return `${days} d ${hours}:${two(minutes)}:${two(rest)}`;
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

for (const element of document.querySelectorAll("[data-left]")) {
  const ends = performance.now() + Number(element.dataset.left) * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    element.textContent = shown(left);
    if (left > 0) setTimeout(tick, 1000);
    else element.dispatchEvent(new CustomEvent("ended", { bubbles: true }));
  };
  tick();
}
