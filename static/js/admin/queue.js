/** The queue's page: keys, the choice of rows, live counts of the saved views. */

import { get } from "./ask-server.js";
import { bindKeys, moveFocus } from "./keys.js";
import { offerAgain, say, takeBack } from "./undo.js";

const COUNTS_EVERY_MS = 30_000;

const queue = document.querySelector("[data-queue]");
const rows = () => queue.querySelectorAll("[data-row]");
const linkOf = (row) => row.querySelector("[data-open]");
const current = () => [...rows()].find((row) => row.contains(document.activeElement));

async function undo() {
  try {
    const answer = await takeBack();
    if (answer) location.assign(answer.url);
  } catch (error) {
    say(error.message);
  }
}

function toggle() {
  const box = current()?.querySelector("[name=case]");
  if (!box) return false;
  box.checked = !box.checked;
  showSelection();
  return true;
}

function showSelection() {
  const count = queue.querySelectorAll("[name=case]:checked").length;
  const shown = queue.querySelector("[data-selected-count]");
  if (!shown) return;
  shown.textContent = count ? `(${count})` : "";
  queue.querySelector("[data-bulk]").disabled = !count;
}

async function showCounts() {
  if (document.hidden || !queue.querySelector("[data-view]")) return;
  try {
    const { counts } = await get(queue.dataset.countsUrl);
    for (const view of queue.querySelectorAll("[data-view]")) {
      view.querySelector("[data-view-count]").textContent = counts[view.dataset.view] ?? "";
    }
  } catch {
    // The counts are a comfort; the next round asks again.
  }
}

bindKeys({
  j: () => void moveFocus(rows(), 1, linkOf),
  k: () => void moveFocus(rows(), -1, linkOf),
  n: () => queue.querySelector("[data-next-form]")?.requestSubmit(),
  x: toggle,
  z: undo,
  "?": () => queue.querySelector("[data-keys]").showModal(),
});

queue.addEventListener("change", showSelection);
document.addEventListener("visibilitychange", showCounts);
setInterval(showCounts, COUNTS_EVERY_MS);
showSelection();
showCounts();
offerAgain(undo);
