/** Where a person writes: keys, length, draft, and the button that sends or stops. */

import { NEW, joinDraft } from "../lib/drafts.js";
import { isSendKey, judgeMessage } from "../lib/message.js";
import { t } from "../lib/words.js";
import { fitHeight } from "./fit.js";
import { focusOn } from "./focus.js";

const isTouch = matchMedia("(hover: none) and (pointer: coarse)");
const DRAFT_MS = 250;

/** Fires `composer:send` {content, isRetry} and `composer:stop` on its form. */
export class Composer {
  #draftTimer = 0;
  #isBusy = false;

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
    this.draft = drafts.open(conversationId ?? NEW);
    this.#listen();
    // What a plain form got back stands here already, and is of the draft as a rule.
    const { text } = this.draft;
    this.input.value = text.startsWith(this.input.value) ? text : joinDraft(this.input.value, text);
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
    const place = this.form.querySelector("[data-closed-text]");
    if (this.isClosed && place.textContent === sentence) return;
    this.#keepDraft();
    this.form.dataset.closed = "";
    const box = this.form.querySelector(".composer-box");
    const hadFocus = box.contains(document.activeElement);
    box.inert = true;
    this.showProblem("");
    place.textContent = sentence;
    place.parentElement.hidden = false;
    if (hadFocus) focusOn(place.parentElement);
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

  /** The text is on its way: the box is free of it, the draft keeps it until the server has the message. */
  take(message) {
    const isTyped = this.input.value.trim() === message.content;
    this.draft.hand(message, isTyped ? "" : this.input.value);
    this.#refresh();
    if (isTouch.matches) this.input.blur();
    else this.focus();
  }

  /** The first message of a conversation has one: what is typed from now on belongs to it. */
  settleIn(conversationId) {
    this.conversationId = conversationId;
    this.draft.moveTo(this.drafts.shelf(conversationId));
    this.input.placeholder = t("Reply to Parley");
    this.form.action = this.form.dataset.sendUrl.replace("/0/", `/${conversationId}/`);
  }

  /** The server has these messages: they are no drafts any more; tells whether one of them was written here. */
  settle(clientIds) {
    this.#keepDraft();
    if (!this.draft.settle(clientIds)) return false;
    if (this.input.value !== this.draft.typed) this.#refresh();
    return true;
  }

  /** The message did not get through: its text comes back, in front of what was typed since. */
  restore(content, reason, requestId = "") {
    this.#keepDraft();
    if (this.draft.isOut) this.draft.giveBack();
    else this.draft.type(joinDraft(content, this.input.value));
    this.#refresh();
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
    this.draft.type(this.input.value);
  }

  #refresh() {
    clearTimeout(this.#draftTimer);
    this.input.value = this.draft.typed;
    this.showProblem("");
    fitHeight(this.input);
    this.#judge();
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
