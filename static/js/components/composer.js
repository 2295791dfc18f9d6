/** Where a person writes: keys, length, draft, and the button that sends or stops. */

import { joinDraft, withoutSent } from "../lib/drafts.js";
import { isSendKey, judgeMessage } from "../lib/message.js";
import { t } from "../lib/words.js";
import { fitHeight } from "./fit.js";

const isTouch = matchMedia("(hover: none) and (pointer: coarse)");
const DRAFT_MS = 250;

/** Fires `composer:send` {content, isRetry} and `composer:stop` on its form. */
export class Composer {
  #draftTimer = 0;
  #isBusy = false;
  /** The message on its way: part of the draft until the server has it. */
  #sent = "";
  /** The draft as this page last knew it: another tab's is not overwritten with what was never touched. */
  #kept = "";

  constructor(form, drafts, conversationId) {
    this.form = form;
    this.drafts = drafts;
    this.conversationId = conversationId;
    this.limit = Number(form.dataset.limit);
    this.input = form.querySelector("[data-input]");
    this.sendButton = form.querySelector("[data-send]");
    this.stopButton = form.querySelector("[data-stop]");
    this.count = form.querySelector("[data-count]");
    this.problem = form.querySelector("[data-problem]");
    this.retryButton = form.querySelector("[data-problem-retry]");
    this.#listen();
    this.#kept = drafts.read(conversationId);
    if (this.#kept.startsWith(this.input.value)) this.input.value = this.#kept;
    this.#judge();
  }

  get isBusy() {
    return this.#isBusy;
  }

  /** Who shall answer, where there is a choice. */
  get assistantId() {
    return Number(this.form.elements.assistant_id?.value) || null;
  }

  /** While an answer is written the button stops it. */
  set isBusy(isBusy) {
    this.#isBusy = isBusy;
    const isFocused = document.activeElement === this.sendButton || document.activeElement === this.stopButton;
    this.sendButton.hidden = isBusy;
    this.stopButton.hidden = !isBusy;
    delete this.stopButton.dataset.stopping;
    if (isFocused) this.focus();
    if (!isBusy && this.problem.dataset.kind === "busy") this.showProblem("");
  }

  /** Nothing can be written here any more: say so in the place of the box. */
  close(sentence) {
    this.#keepDraft();
    this.form.dataset.closed = "";
    this.form.querySelector(".composer-box").inert = true;
    this.showProblem("");
    const place = this.form.querySelector("[data-closed-text]");
    place.textContent = sentence;
    place.parentElement.hidden = false;
  }

  /** It can be written here again. */
  reopen() {
    delete this.form.dataset.closed;
    this.form.querySelector(".composer-box").inert = false;
    this.form.querySelector("[data-closed-text]").parentElement.hidden = true;
  }

  get isClosed() {
    return "closed" in this.form.dataset;
  }

  showStopping() {
    this.stopButton.dataset.stopping = "";
  }

  /** The text is on its way: the box is free, the draft stays until the server has the message. */
  take(content) {
    this.#sent = content;
    this.input.value = "";
    this.#keepDraft();
    this.showProblem("");
    fitHeight(this.input);
    this.#judge();
    if (isTouch.matches) this.input.blur();
    else this.focus();
  }

  /** The server has the message: its draft is done, what was typed since is the new one. */
  accepted(conversationId) {
    this.#sent = "";
    if (conversationId !== this.conversationId) {
      this.drafts.write(this.conversationId, "");
      this.conversationId = conversationId;
      this.input.placeholder = t("Reply to Parley");
      this.form.action = this.form.dataset.sendUrl.replace("/0/", `/${conversationId}/`);
    }
    this.#keepDraft();
  }

  /** A draft that the plain form has sent in the meantime is no draft any more. */
  forgetSent(content) {
    if (!content) return;
    for (const id of [this.conversationId, null]) {
      const left = withoutSent(this.drafts.read(id), content);
      if (left !== null) this.drafts.write(id, left);
    }
    this.retract(content);
  }

  /** A message that was given back has arrived after all: only what was typed since stays. */
  retract(content) {
    const left = withoutSent(this.input.value, content);
    if (left === null || content === this.input.defaultValue) return;
    this.input.value = left || this.input.defaultValue;
    this.showProblem("");
    fitHeight(this.input);
    this.#judge();
    this.#keepDraft();
  }

  /** The message did not get through: its text comes back, in front of what was typed since. */
  restore(content, reason, requestId = "") {
    this.#sent = "";
    this.input.value = joinDraft(content, this.input.value);
    this.#keepDraft();
    fitHeight(this.input);
    this.#judge();
    this.showProblem(reason, { canRetry: true, requestId });
  }

  showProblem(text, { canRetry = false, kind = "", requestId = "" } = {}) {
    this.problem.hidden = !text;
    this.problem.dataset.kind = kind;
    this.problem.classList.toggle("notice-error", kind !== "busy");
    this.problem.classList.toggle("notice-warning", kind === "busy");
    this.problem.querySelector("[data-problem-text]").textContent = text;
    this.problem.querySelector("[data-request-id]").textContent = requestId;
    this.problem.querySelector("[data-request]").hidden = !requestId;
    this.retryButton.hidden = !canRetry;
  }

  showBusy() {
    this.showProblem(t("One answer at a time: wait until this one is complete, or stop it."), { kind: "busy" });
  }

  /** Leave it to the browser: the plain form does the same with a new page. */
  submitPlainly(content, clientId) {
    this.form.addEventListener("formdata", (event) => event.formData.set("content", content), { once: true });
    this.form.elements.client_id.value = clientId;
    this.form.submit();
  }

  stopPlainly() {
    this.form.action = this.stopButton.formAction;
    this.form.submit();
  }

  set replyId(replyId) {
    this.stopButton.formAction = this.form.dataset.stopUrl.replace("/0/", `/${replyId}/`);
  }

  focus() {
    if (!isTouch.matches) this.input.focus({ preventScroll: true });
  }

  #listen() {
    this.input.addEventListener("input", () => this.#changed());
    this.input.addEventListener("keydown", (event) => {
      if (!isSendKey(event, isTouch.matches)) return;
      event.preventDefault();
      this.#send(false);
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter === this.stopButton) this.form.dispatchEvent(new CustomEvent("composer:stop"));
      else this.#send(false);
    });
    this.retryButton.addEventListener("click", () => this.#send(true));
    this.form.querySelector(".composer-box").addEventListener("click", (event) => {
      if (!event.target.closest("button, select, label")) this.input.focus();
    });
    addEventListener("pagehide", () => this.#keepDraft());
  }

  #changed() {
    if (this.problem.dataset.kind !== "busy" || !this.input.value.trim()) this.showProblem("");
    fitHeight(this.input);
    this.#judge();
    clearTimeout(this.#draftTimer);
    this.#draftTimer = setTimeout(() => this.#keepDraft(), DRAFT_MS);
  }

  #keepDraft() {
    clearTimeout(this.#draftTimer);
    const draft = joinDraft(this.#sent, this.input.value);
    if (draft === this.#kept) return;
    this.#kept = draft;
    this.drafts.write(this.conversationId, draft);
  }

  #send(isRetry) {
    if (this.isClosed) return;
    const content = this.input.value.trim();
    if (!judgeMessage(content, this.limit).canSend) return;
    if (this.isBusy) {
      this.showBusy();
      return;
    }
    this.form.dispatchEvent(new CustomEvent("composer:send", { detail: { content, isRetry } }));
  }

  #judge() {
    const { canSend, isOver, note } = judgeMessage(this.input.value, this.limit);
    this.sendButton.disabled = !canSend;
    this.sendButton.title = isOver ? note : t("Send");
    this.count.hidden = !note;
    this.count.textContent = note;
    this.count.toggleAttribute("data-over", isOver);
    this.input.setAttribute("aria-invalid", String(isOver));
  }
}
