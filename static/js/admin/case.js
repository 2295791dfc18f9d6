/** The page of a case: one request decides, claims the next case and brings its page. */

import { nodesOf } from "../components/html.js";
import { get, post } from "./ask-server.js";
import { letScroll, moveAmongMessages, readMore, refreshParts, reveal } from "./case-parts.js";
import { Claim, isFree } from "./claim.js";
import { DecisionForm } from "./decision-form.js";
import { watchDesk } from "./desk-news.js";
import { bindKeys } from "./keys.js";
import { noteSkipped, withSkipped } from "./skipped.js";
import { settleTyped, unsettleTyped } from "./typed.js";
import { offerAgain, remember, say, takeBack } from "./undo.js";

const desk = document.querySelector("[data-desk]");
const place = desk.querySelector("[data-case-place]");
const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** The forms that only whoever holds the case may send. */
const WORK = "[data-decide], [data-part='appeal'] form";

/** Where the keys i, m and a lead. */
const REASON = "[data-decide] [name=reason], [data-part='appeal'] :is([type=radio], textarea), #mod-undo-reason";
const MEASURE = "[data-decide] [name=measure]";
const NOTE = "[data-note] textarea";

let shown = null;
let claim = null;
let form = null;
let isBusy = false;
let owesLook = false;

const title = () => place.querySelector("[data-title]");

/** Give life to the case that the page holds now. */
function begin() {
  shown = place.querySelector("[data-case]");
  form = new DecisionForm(shown);
  claim = new Claim(shown, showStanding);
  letScroll(shown);
  if (shown.hasAttribute("data-mine")) form.allow("");
  else form.exists && form.allow("One moment…");
  form.element?.addEventListener("submit", (event) => {
    event.preventDefault();
    decide(event.submitter?.value ?? "violates");
  });
  return claim.begin();
}

function showStanding(standing, { isTaken = false } = {}) {
  form.allow(standing.why_not);
  const compared = standing.version ? compare(standing.version, isTaken) : null;
  const words = shown.querySelector("[data-claim-words]");
  if (standing.is_mine) words.textContent = "You hold it";
  else if (standing.holder) words.textContent = `${standing.holder} has held it since ${standing.since} UTC`;
  else if (standing.state === "closed") words.textContent = "Decided";
  else words.textContent = standing.state ? "Nobody holds it" : standing.why_not;
  shown.toggleAttribute("data-mine", Boolean(standing.is_mine));
  const takeOver = shown.querySelector('[data-ask="take-over"]');
  if (takeOver) takeOver.hidden = !standing.holder || standing.is_mine;
  const take = shown.querySelector("[data-take]");
  if (take) take.hidden = !isFree(standing);
  return compared;
}

/**
 * Compare the version that was read with the one that stands. Taking a case is a step of its own; what others did
 * meanwhile is said at once, and a decision on what was read before stays refused until it was said.
 */
async function compare(version, isTaken) {
  const read = Number(shown.dataset.version);
  if (version === read) return;
  if (isTaken && version === read + 1) {
    renew(version);
    return;
  }
  if ((isBusy && !isTaken) || shown.dataset.said === String(version)) return;
  shown.dataset.said = version;
  const element = shown;
  const found = await get(`${shown.dataset.newsUrl}?seen_at=${encodeURIComponent(shown.dataset.seenAt)}`).catch(() => null);
  if (!found || shown !== element) return;
  if (found.news.length) sayNews("The case has changed since you read it.", found.news);
  else renew(found.standing.version);
}

/** From here on, what is decided is decided on this version. */
function renew(version, seenAt = shown.dataset.seenAt) {
  Object.assign(shown.dataset, { version, seenAt });
  for (const field of shown.querySelectorAll('[name="version"]')) field.value = version;
  for (const field of shown.querySelectorAll('[name="seen_at"]')) field.value = seenAt;
}

/** Put another case in the place of this one. */
function show(answer) {
  if (!answer.html) {
    location.assign(answer.url);
    return;
  }
  claim?.end({ isDecided: true });
  place.replaceChildren(...nodesOf(answer.html));
  history.pushState({}, "", answer.url);
  document.title = document.title.replace(/Case \d+/, `Case ${answer.case}`);
  const crumb = document.querySelector(".staff-crumbs [aria-current] span");
  if (crumb) crumb.textContent = `Case ${answer.case}`;
  scrollTo(0, 0);
  owesLook = false;
  begin();
  title().focus({ preventScroll: true });
}

/** Look at how the case stands, once nothing is on its way: what changed it may be one's own doing. */
function look() {
  owesLook = isBusy;
  if (!isBusy) claim.look();
}

/** Do one thing at a time; what is refused is said. */
async function alone(work) {
  if (isBusy) return;
  isBusy = true;
  desk.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    if (error.data?.standing) showNews(error);
    else if (form?.exists && shown.contains(form.element)) form.complain(error.message);
    else say(error.message);
  } finally {
    isBusy = false;
    desk.removeAttribute("aria-busy");
    if (owesLook) look();
  }
}

/** Put the cursor where something is written or ticked; false where the page has no such place. */
function enter(fields) {
  const field = shown.querySelector(fields);
  field?.focus();
  return Boolean(field);
}

/** A reviewer's first opinion on an appeal is chosen by the same keys; Enter keeps it. */
function chooseOpinion(verdict) {
  const choice = shown.querySelector(`[data-part="appeal"] [name="verdict"][value="${verdict}"]`);
  if (choice) choice.checked = true;
  choice?.focus();
  return Boolean(choice);
}

function decide(verdict) {
  if (!form.exists) return chooseOpinion(verdict);
  if (!form.typed(verdict)) return true;
  alone(async () => {
    await claim.hold();
    const body = form.typed(verdict);
    if (!body) return;
    const answer = await post(form.element.action, withSkipped(body));
    remember(answer, undo);
    settleTyped(shown.dataset.case);
    show(answer);
  });
  return true;
}

/** The case changed under somebody's hands: say what is new, keep what was typed. */
async function showNews(error) {
  const { standing, news, seen_at: seenAt } = error.data;
  renew(standing.version, seenAt);
  claim.take(standing);
  await sayNews(error.message, news.length ? news : ["Its state or version is another one."]);
}

async function sayNews(title, news) {
  const box = shown.querySelector("[data-news]");
  const list = document.createElement("ul");
  list.append(...news.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
  const head = Object.assign(document.createElement("strong"), { textContent: title });
  const kept = Object.assign(document.createElement("p"), { textContent: "What you typed is kept." });
  box.replaceChildren(head, list, kept);
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
  form.previewAgain();
  await refreshParts(shown, ["flags", "timeline", "subject"]);
}

function undo() {
  alone(async () => {
    const answer = await takeBack();
    if (!answer) return;
    await claim.settled();
    if (claim.isMine) await post(shown.dataset.releaseUrl).catch(() => null);
    unsettleTyped(String(answer.case));
    show(answer);
    if (answer.done) say(answer.done);
  });
}

/** Give the case back and take another one; what this tab skipped does not come again. */
function skip() {
  alone(async () => {
    await claim.settled();
    const released = claim.isMine ? shown.dataset.releaseUrl : "";
    if (released) noteSkipped(shown.dataset.case);
    const answer = await post(desk.dataset.nextUrl, withSkipped(new FormData()));
    if (released) await post(released).catch(() => null);
    show(answer);
  });
}

async function revealPerson(target) {
  const answer = await post(target.action, new FormData(target));
  target.querySelector("[data-revealed]").textContent = answer.email;
}

async function send(target) {
  if (target.matches(WORK)) await claim.hold();
  const answer = await post(target.action, new FormData(target));
  target.closest("dialog")?.close();
  if (answer.html && target.hasAttribute("data-note")) {
    target.reset();
    await refreshParts(shown, ["timeline"]);
    title().focus({ preventScroll: true });
  } else if (answer.html) show(answer);
  else if (answer.version) claim.take(answer, { isTaken: true });
  else location.assign(answer.url);
  if (answer.done) say(answer.done);
}

const DO = { skip, reveal: () => reveal(shown), marks: () => form.takeMarks(), keys: () => desk.querySelector("[data-keys]").showModal() };

place.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do], [data-more], [data-ask], [data-close]");
  if (!target) return;
  if (target.dataset.do) DO[target.dataset.do]();
  else if (target.dataset.more) alone(() => readMore(shown, target));
  else if (target.dataset.ask) shown.querySelector(`[data-asked="${target.dataset.ask}"]`).showModal();
  else target.closest("dialog").close();
});

place.addEventListener("submit", (event) => {
  const target = event.target;
  if (!target.matches("[data-post], [data-reveal]")) return;
  event.preventDefault();
  alone(() => (target.matches("[data-reveal]") ? revealPerson(target) : send(target)));
});

place.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches("input, textarea, select")) {
    event.target.blur();
    title().focus({ preventScroll: true });
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    if (event.target.form === form.element) decide("violates");
    else event.target.form.requestSubmit();
  }
});

for (const kind of ["keydown", "pointerdown", "input", "change"]) {
  const touch = (event) => claim?.touch({ isWork: Boolean(event.target.closest?.(WORK)) });
  addEventListener(kind, touch, { capture: true, passive: true });
}

bindKeys({
  ...Object.fromEntries(DIGITS.map((digit) => [String(digit), () => form.pick(digit)])),
  v: () => decide("violates"),
  o: () => decide("no_violation"),
  u: () => decide("unsure"),
  s: skip,
  n: skip,
  z: undo,
  r: () => reveal(shown),
  p: () => form.takeMarks(),
  j: () => void alone(() => moveAmongMessages(shown, 1)),
  k: () => void alone(() => moveAmongMessages(shown, -1)),
  i: () => enter(REASON),
  m: () => enter(MEASURE),
  a: () => enter(NOTE),
  q: () => location.assign(desk.dataset.queueUrl),
  "?": () => DO.keys(),
});

addEventListener("keyup", (event) => form.keysWereReleased(event));
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("popstate", () => location.reload());
addEventListener("pagehide", () => claim?.end());
begin();
offerAgain(undo);
watchDesk({
  onCase: (event) => String(event.case_id) === shown.dataset.case && look(),
  onGiven: ({ case_id: number, by }) => say(`${by} gave you case ${number}. It stands first in your queue.`),
  onMissed: () => claim.look(),
});
