/** One message on the page: its parts, and what changes them. */

import { LIVE_STATES, RETRYABLE_STATES } from "../lib/transcript.js";
import { piecesOf } from "../lib/redaction.js";
import { fullTime, shortTime } from "../lib/time.js";
import { nodesOf, setIcon } from "./html.js";
import { decorateCode } from "./copy.js";
import { currentLocale, t, tn } from "../lib/words.js";

const ICONS = { stopped: "stop", withheld: "shield", halted: "shield", out_of_quota: "gauge" };

export class Message {
  constructor(article) {
    this.article = article;
    this.body = article.querySelector("[data-body]");
    this.notice = article.querySelector("[data-notice]");
    this.source = article.querySelector("template[data-source]");
    this.decision = article.querySelector("[data-decision]");
  }

  get id() {
    return Number(this.article.dataset.messageId);
  }

  get state() {
    return this.article.dataset.state;
  }

  set state(state) {
    this.article.dataset.state = state;
  }

  /** Hidden by staff: then nothing of it may be shown, whatever still arrives. */
  get isHidden() {
    return this.article.hasAttribute("data-hidden");
  }

  get isLive() {
    return this.article.dataset.role === "assistant" && LIVE_STATES.includes(this.state);
  }

  /** Whether its writer is writing it anew. */
  get isEdited() {
    return this.article.hasAttribute("data-editing");
  }

  /** The text as it was written, for copying. */
  get text() {
    return this.source.content.textContent;
  }

  set text(text) {
    this.source.content.replaceChildren(text);
  }

  /** Give a message made on this page the id that the server gave it. */
  adopt(id) {
    const old = this.article.dataset.messageId;
    this.article.dataset.messageId = id;
    this.article.id = `message-${id}`;
    const heading = this.article.querySelector(`[id="message-${old}-author"]`);
    heading.id = `message-${id}-author`;
    this.article.setAttribute("aria-labelledby", heading.id);
    for (const name of ["formaction", "href"]) {
      for (const control of this.article.querySelectorAll(`.message-content [${name}*="/${old}/"]`)) {
        control.setAttribute(name, control.getAttribute(name).replace(`/${old}/`, `/${id}/`));
      }
    }
  }

  /** Show text that people wrote. */
  showText(text, { redacted = false } = {}) {
    this.text = text;
    this.body.classList.remove("prose");
    this.body.replaceChildren(...(redacted ? piecesOf(text).map(drawPiece) : [text]));
  }

  /** Show the server's rendering of an answer. */
  showHtml(html) {
    delete this.body.dataset.live;
    this.body.classList.toggle("prose", html !== "");
    this.body.replaceChildren(...nodesOf(html));
    decorateCode(this.body);
  }

  /** Say that it waits for its turn at the model, behind so many others. */
  showWaiting(ahead) {
    this.state = "queued";
    const words = ahead ? tn("Waiting for its turn, %(count)s before it", "Waiting for its turn, %(count)s before it", ahead) : t("Waiting for its turn");
    this.article.querySelector(".message-pending-queued").textContent = words;
  }

  /** Show where it stands among its versions, with arrows to the others. */
  showVersions({ position, total, previousId = null, nextId = null }) {
    const versions = this.article.querySelector("[data-versions]");
    versions.hidden = total < 2;
    versions.querySelector("[data-version-place]").textContent = t("%(position)s of %(total)s", { position, total });
    for (const [way, id] of Object.entries({ previous: previousId, next: nextId })) {
      const arrow = versions.querySelector(`[data-version="${way}"]`);
      arrow.disabled = id === null;
      arrow.setAttribute("formaction", arrow.getAttribute("formaction").replace(/\/\d+\//, `/${id ?? 0}/`));
    }
  }

  /** Show that it is a new version: the last of all, with a way back to the one before. */
  showBranching(branching) {
    if (!branching) return;
    const { version, previous_id: previousId } = branching;
    this.showVersions({ position: version, total: version, previousId });
  }

  /** An answer that is seen to its end can be rated. */
  allowRating() {
    const canRate = !this.isHidden && this.text !== "";
    for (const button of this.article.querySelectorAll("[data-rate]")) button.hidden = !canRate;
  }

  /** Say what an answer used and cost, in its details if it ended well, and under which id support finds it. */
  showFacts({ counted = "", requestId = "" }) {
    const isWell = this.state === "complete";
    this.notice.querySelector("[data-counted]").textContent = isWell ? "" : counted;
    this.article.querySelector("[data-used]").textContent = isWell ? counted : "";
    this.article.querySelector("[data-details]").hidden = !isWell || !counted;
    this.notice.querySelector("[data-request-id]").textContent = requestId;
    this.notice.querySelector("[data-request]").hidden = !requestId;
  }

  /** Say how it ended. */
  showNotice(notice, { icon = ICONS[this.state] ?? "alert", isNew = false } = {}) {
    const isBad = this.state === "failed";
    this.notice.hidden = !notice;
    if (isNew && notice && isBad) this.notice.setAttribute("role", "alert");
    setIcon(this.notice.querySelector(".icon"), icon);
    this.notice.querySelector("[data-notice-text]").textContent = notice;
    const retry = this.notice.querySelector("[data-retry]");
    const again = this.article.querySelector(".message-actions [data-retry]");
    if (retry) retry.hidden = !RETRYABLE_STATES.includes(this.state) || again.hidden;
  }

  /** A message that policy kept back at once is a placeholder in every tab, as it is after a reload. */
  takeFate({ hidden, notice }) {
    if (hidden) this.update({ hidden, notice });
  }

  /** Hide or restore, as staff decided. */
  update({ hidden, text, html, notice, redacted = false, state = "" }) {
    if (state) this.state = state;
    const shown = this.notice.querySelector("[data-notice-text]");
    if (hidden && !this.isHidden) this.article.dataset.endNotice = shown.textContent;
    this.article.toggleAttribute("data-hidden", hidden);
    this.decision.hidden = !hidden && !redacted && this.state !== "withheld";
    this.article.querySelector("[data-edit]")?.toggleAttribute("hidden", hidden);
    if (hidden) {
      this.showText("");
      this.allowRating();
      this.showNotice(notice || t("This message was removed by moderation."), { icon: "eye-off" });
      this.notice.querySelector("[data-retry]")?.toggleAttribute("hidden", true);
      this.article.querySelector("[data-details]")?.toggleAttribute("hidden", true);
      return;
    }
    if (this.article.dataset.role === "assistant" && html) this.showHtml(html);
    else this.showText(text ?? "", { redacted });
    this.text = text ?? "";
    const details = this.article.querySelector("[data-details]");
    if (details) details.hidden = this.state !== "complete" || !details.querySelector("[data-used]").textContent;
    const icon = redacted ? "shield" : undefined;
    this.showNotice(notice || this.article.dataset.endNotice || "", { icon });
    if (!this.isLive) this.allowRating();
  }

  stampTime(date = null) {
    const time = this.article.querySelector("[data-time]");
    if (date) time.dateTime = date.toISOString();
    if (!time.dateTime) return;
    const at = new Date(time.dateTime);
    time.textContent = shortTime(at, new Date(), currentLocale());
    time.title = fullTime(at, currentLocale());
  }
}

/** Blocks are for the eye; a screen reader is told by the notice how many passages are withheld. */
function drawPiece({ text, isPassage }) {
  if (!isPassage) return text;
  const blocks = document.createElement("span");
  blocks.className = "redacted";
  blocks.setAttribute("aria-hidden", "true");
  blocks.textContent = text;
  return blocks;
}
