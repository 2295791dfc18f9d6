/** The parts of a case's page that change while it is read: what stands around the text, flags, timeline, person. */

import { nodesOf } from "../components/html.js";
import { get } from "./ask-server.js";
import { moveFocus } from "./keys.js";

/** Draw parts anew; a form in them, with what was typed and the focus, stays the one that it was. */
export async function refreshParts(shown, names) {
  const answer = await get(shown.dataset.bodyUrl).catch(() => null);
  if (!answer) return;
  const fresh = document.createElement("div");
  fresh.append(...nodesOf(answer.html));
  const focused = document.activeElement;
  for (const name of names) {
    const part = fresh.querySelector(`[data-part="${name}"]`);
    const old = shown.querySelector(`[data-part="${name}"]`);
    if (!part || !old) continue;
    part.querySelector("[data-stays]")?.replaceWith(old.querySelector("[data-stays]") ?? "");
    old.replaceWith(part);
  }
  if (focused !== document.activeElement) focused.focus({ preventScroll: true });
}

/** A text that is longer than its place is a stop of the Tab key, so that it can be scrolled without a mouse. */
export function letScroll(shown) {
  for (const text of shown.querySelectorAll("[data-row] > .staff-text")) {
    if (text.scrollHeight > text.clientHeight + 1) text.tabIndex = 0;
  }
}

/** Show a text that is covered; false where none is. */
export function reveal(shown) {
  const veil = shown.querySelector("[data-veil]");
  if (!veil) return false;
  veil.remove();
  const text = shown.querySelector("[data-text]");
  text.hidden = false;
  text.closest("[data-row]").focus({ preventScroll: true });
  letScroll(shown);
  return true;
}

/** Bring more of the conversation; returns the messages that came. */
export async function readMore(shown, button) {
  const isBefore = button.dataset.more === "before";
  const lines = [...shown.querySelectorAll("[data-line]")];
  const outermost = isBefore ? lines[0] : lines.at(-1);
  const answer = await get(`${shown.dataset.moreUrl}?beyond=${outermost.dataset.line}`);
  const came = nodesOf(answer.html).filter((node) => node.nodeType === Node.ELEMENT_NODE);
  outermost[isBefore ? "before" : "after"](...came);
  letScroll(shown);
  const hadFocus = document.activeElement === button;
  if (!answer.more) button.remove();
  if (hadFocus && !answer.more) (isBefore ? came.at(-1) : came[0])?.focus({ preventScroll: true });
  return came;
}

/** Move the focus among the messages, from that of the case on; beyond the last one, more are read first. */
export async function moveAmongMessages(shown, step) {
  const rows = () => shown.querySelectorAll("[data-row]");
  const lines = [...rows()];
  const now = lines.findIndex((line) => line.contains(document.activeElement));
  const more = shown.querySelector(`[data-more="${step < 0 ? "before" : "after"}"]`);
  if (now < 0 && lines.length) lines.find((line) => line.querySelector("[data-text]")).focus();
  else if (more && now === (step < 0 ? 0 : lines.length - 1)) {
    await readMore(shown, more);
    moveFocus(rows(), step);
  } else moveFocus(rows(), step);
}
