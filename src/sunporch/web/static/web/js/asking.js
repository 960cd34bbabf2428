// SPDX-License-Identifier: AGPL-3.0-or-later
/** The part of a clip's page where an officer asks the home back and reads its answers. */

import { local } from "./localtime.js";
import { filled, one, onPress } from "./page.js";
import { Thread } from "./thread.js";

/**
 * Show the messages of a clip, and let more be written where the home still hears.
 * @param {import("./keys.js").Device} device
 * @param {{api: string, log: string, clip: number, request: number}} at
 * @param {Record<string, string>} text the page's own texts
 */
export async function converse(device, { api, log, clip, request }, text) {
  const section = one("#thread");
  const thread = await Thread.open(device, { api, log }, clip, request);
  const show = async () => draw(section, await thread.read(), text);
  await show();
  section.hidden = false;
  onPress(one("#look"), show);
  const form = section.querySelector("#ask");
  if (!form) return;
  const [said, ready] = [one("#question"), one("#ready-made")];
  ready.addEventListener("change", () => {
    said.value = ready.value;
    said.focus();
  });
  onPress(one("#send"), async () => {
    const question = said.value;
    await thread.ask(question);
    [said.value, ready.value] = ["", ""]; // it is sent: a second press must not send it twice
    await thread.copy(question);
    await show();
  });
}

/**
 * @param {HTMLElement} section
 * @param {{messages: import("./thread.js").Message[], closed: number}} found
 * @param {Record<string, string>} text
 */
function draw(section, { messages, closed }, text) {
  const list = one("#messages", section);
  list.replaceChildren(
    ...messages.map(({ by, home, at, text: words }) => {
      const line = document.createElement("li");
      line.classList.toggle("home", home);
      const [who, what] = [document.createElement("p"), document.createElement("p")];
      who.className = "quiet";
      who.textContent = `${home ? text.home : by}, ${local(new Date(at * 1000))}`;
      what.textContent = words;
      line.append(who, what);
      return line;
    }),
  );
  list.hidden = !messages.length;
  const none = one("#no-messages", section);
  none.textContent = closed ? filled(text.closed, { n: closed }) : text.none;
  none.hidden = Boolean(messages.length) && !closed;
}
