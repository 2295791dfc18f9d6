/** The live board: what moves is asked for again and again; a button in use stays where it is. */

import { nodesOf } from "../components/html.js";

const EVERY_MS = 2_000;
const GIVE_UP_MS = 10_000;

const board = document.querySelector("[data-board]");
const state = board.querySelector("[data-board-state]");
const current = () => board.querySelector("[data-board-now]");

/** Put the new part in the place of the old one; focus and scrolling stay with what they were on. */
function replace(fresh) {
  const old = current();
  const key = old.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const left = old.querySelector(".staff-scroll")?.scrollLeft ?? 0;
  old.replaceWith(fresh);
  const scroll = fresh.querySelector(".staff-scroll");
  if (scroll) scroll.scrollLeft = left;
  if (key) fresh.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

async function look() {
  const response = await fetch(board.dataset.nowUrl, { credentials: "same-origin", signal: AbortSignal.timeout(GIVE_UP_MS) });
  if (response.redirected) throw new Error("signed out");
  if (!response.ok) throw new Error("refused");
  const fresh = nodesOf(await response.text()).find((node) => node.matches?.("[data-board-now]"));
  if (fresh) replace(fresh);
}

async function lookAgain() {
  if (!document.hidden) {
    try {
      await look();
      state.textContent = "";
    } catch {
      state.textContent = "This is not up to date: the server could not be reached. It is tried again.";
    }
  }
  setTimeout(lookAgain, EVERY_MS);
}

setTimeout(lookAgain, EVERY_MS);
