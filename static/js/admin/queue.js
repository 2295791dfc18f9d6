/** The queue's page: keys, the choice of rows, live counts of the saved views. */

import { Arrivals } from "./arrivals.js";
import { get } from "./ask-server.js";
import { watchDesk } from "./desk-news.js";
import { bindKeys, moveFocus } from "./keys.js";
import { Lapses } from "./lapses.js";
import { offerAgain, say, takeBack } from "./undo.js";

const COUNTS_EVERY_MS = 30_000;
const COUNTS_AFTER_MS = 1_000;

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

function decideSelected() {
  const button = queue.querySelector("[data-bulk]:enabled");
  button?.form.requestSubmit(button);
  return Boolean(button);
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

/** Say in a row who took its case, or that it is decided; the row stays where the eye found it. */
async function showStanding(row) {
  const standing = await get(row.dataset.standingUrl).catch(() => null);
  if (!standing) return;
  const isClosed = standing.state === "closed";
  const holder = row.querySelector("[data-holder]");
  holder.querySelector("[data-holder-words]").textContent = isClosed
    ? "Decided just now"
    : standing.is_mine
      ? "You hold it"
      : `${standing.holder} holds it`;
  holder.hidden = !isClosed && !standing.holder && !standing.is_mine;
  row.toggleAttribute("data-mine", Boolean(standing.is_mine));
  row.toggleAttribute("data-taken", isClosed || Boolean(standing.holder && !standing.is_mine));
  row.toggleAttribute("data-decided", isClosed);
  lapses.watch(row, standing.seconds_left);
}

const lapses = new Lapses(showStanding);

/** Say by name who gave a case to whoever reads this; a row of it that is shown says whose it is by itself. */
function showGiven({ case_id: number, by }) {
  const line = document.querySelector("[data-gift]").content.firstElementChild.cloneNode(true);
  line.querySelector("[data-gift-words]").textContent = `${by} gave you case ${number}.`;
  const link = line.querySelector("a");
  link.href = link.getAttribute("href").replace("/0/", `/${number}/`);
  document.querySelector("[data-gifts]").append(line);
}

const arrivals = new Arrivals();

function showArrived(event) {
  const count = arrivals.take(event);
  const line = document.querySelector("[data-arrived]");
  line.hidden = !count;
  line.querySelector("[data-arrived-words]").textContent =
    count === 1 ? "1 case came in." : `${count} cases came in.`;
}

let countsTimer = null;

function showChange(event) {
  const row = queue.querySelector(`[data-row][data-case="${event.case_id}"]`);
  if (row) showStanding(row);
  else showArrived(event);
  clearTimeout(countsTimer);
  countsTimer = setTimeout(showCounts, COUNTS_AFTER_MS);
}

bindKeys({
  j: () => void moveFocus(rows(), 1, linkOf),
  k: () => void moveFocus(rows(), -1, linkOf),
  n: () => queue.querySelector("[data-next-form]")?.requestSubmit(),
  x: toggle,
  b: decideSelected,
  "/": () => queue.querySelector("#mod-q").select(),
  z: undo,
  "?": () => queue.querySelector("[data-keys]").showModal(),
});

queue.addEventListener("change", showSelection);
document.addEventListener("visibilitychange", showCounts);
setInterval(showCounts, COUNTS_EVERY_MS);
for (const row of rows()) lapses.watch(row, Number(row.dataset.secondsLeft ?? 0));
showSelection();
showCounts();
offerAgain(undo);
watchDesk({
  onCase: showChange,
  onGiven: showGiven,
  onMissed: () => {
    for (const row of rows()) showStanding(row);
    showCounts();
  },
});
