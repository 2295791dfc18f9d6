/** The last decision of this tab: a toast offers to take it back for a while, `z` does it later too. */

import { post } from "./ask-server.js";

const KEY = "moderation.last-decision";

function region() {
  let element = document.querySelector("[data-toast]");
  if (!element) {
    element = document.createElement("div");
    element.className = "mod-toast";
    element.dataset.toast = "";
    element.setAttribute("role", "status");
    element.hidden = true;
    document.body.append(element);
  }
  return element;
}

let ticking = 0;

function hide() {
  clearInterval(ticking);
  region().hidden = true;
}

/** Say something in passing. */
export function say(words) {
  clearInterval(ticking);
  const toast = region();
  toast.replaceChildren(Object.assign(document.createElement("span"), { textContent: words }));
  toast.hidden = false;
  ticking = setInterval(hide, 6000);
}

function offer(last, onUndo) {
  clearInterval(ticking);
  const toast = region();
  const words = Object.assign(document.createElement("span"), { textContent: last.done });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "staff-button" });
  const left = document.createElement("span");
  const key = Object.assign(document.createElement("kbd"), { textContent: "z" });
  left.setAttribute("aria-hidden", "true");
  button.append("Undo ", key, " ", left);
  button.addEventListener("click", onUndo);
  toast.replaceChildren(words, button);
  toast.hidden = false;
  const tick = () => {
    const seconds = Math.ceil((last.until - Date.now()) / 1000);
    left.textContent = `${seconds} s`;
    if (seconds <= 0) hide();
  };
  tick();
  ticking = setInterval(tick, 1000);
}

/** Keep a decision that was just made, and offer to take it back. */
export function remember(answer, onUndo) {
  const until = Date.now() + answer.undo_seconds * 1000;
  const last = { url: answer.undo_url, done: answer.done, caseUrl: answer.case_url, until };
  sessionStorage.setItem(KEY, JSON.stringify(last));
  offer(last, onUndo);
}

/** Offer the last decision of the page before this one, while its time runs. */
export function offerAgain(onUndo) {
  const last = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (last && last.until > Date.now()) offer(last, onUndo);
}

/**
 * Take the last decision back; resolves to the server's answer, or null where there is none.
 * Once its time is over a reason is wanted: the page of its case asks for it.
 */
export async function takeBack() {
  const last = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!last) {
    say("There is no decision of this tab to take back.");
    return null;
  }
  if (last.until <= Date.now()) {
    location.assign(`${last.caseUrl}#mod-undo-reason`);
    return null;
  }
  const answer = await post(last.url);
  sessionStorage.removeItem(KEY);
  hide();
  return answer;
}
