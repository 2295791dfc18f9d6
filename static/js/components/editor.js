/** Writing a question anew in its own place; what is sent becomes a new version of it, what is not is kept. */

import { placeOfEdit } from "../lib/drafts.js";
import { isSendKey, judgeMessage } from "../lib/message.js";
import { fitHeight } from "./fit.js";
import { cloneTemplate } from "./html.js";

const isTouch = matchMedia("(hover: none) and (pointer: coarse)");

export class Editor {
  #open = null;
  #isHeld = false;

  /**
   * @param {(edit: {content: string, edits: object}) => void} onSend takes what was written
   * @param {() => void} onReleased hears when the page may follow again what it was held back from
   */
  constructor({ log, transcript, drafts, limit, onSend, onReleased }) {
    Object.assign(this, { log, transcript, drafts, limit, onSend, onReleased });
    log.addEventListener("click", (event) => {
      const link = event.target.closest("[data-edit]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.open(transcript.of(link));
    });
  }

  /** What is unsent of the question that is open, if one is. */
  get draft() {
    return this.#open?.draft ?? null;
  }

  /** Put the editor in the place of a question, with what was not sent of it and why it was refused, if it was. */
  open(message, problem = "") {
    this.close();
    const form = cloneTemplate("editor");
    const input = form.querySelector("[data-editor-input]");
    const draft = this.drafts.open(placeOfEdit(message.id));
    this.#open = { message, form, input, draft };
    message.article.dataset.editing = "";
    message.body.after(form);
    this.#write(draft.text || message.text);
    this.#offerOriginal(draft.text !== "" && !problem);
    this.complain(problem);
    input.addEventListener("input", () => this.#typed());
    form.addEventListener("keydown", (event) => this.#keyed(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    form.querySelector("[data-editor-cancel]").addEventListener("click", () => this.close({ isFocused: true }));
    form.querySelector("[data-editor-original]").addEventListener("click", () => {
      this.#write(message.text);
      this.#typed();
      input.focus({ preventScroll: true });
    });
    input.focus({ preventScroll: true });
    input.setSelectionRange(input.value.length, input.value.length);
    form.scrollIntoView({ block: "nearest" });
    if (!problem) this.#judge();
  }

  /** Leave the question as it was; what was typed is there when it is opened again. */
  close({ isFocused = false } = {}) {
    if (!this.#open) return;
    const { message, form } = this.#open;
    this.#open = null;
    form.remove();
    delete message.article.dataset.editing;
    if (isFocused) message.article.querySelector("[data-edit]")?.focus({ preventScroll: true });
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.onReleased();
  }

  /** Another branch is shown elsewhere, without the question that is written anew here: the page follows once this is closed. */
  hold() {
    this.#isHeld = true;
  }

  /** Say why the text cannot be sent. */
  complain(problem) {
    if (this.#open) this.#open.form.querySelector("[data-editor-problem]").textContent = problem;
  }

  #write(text) {
    const { input } = this.#open;
    input.value = text;
    fitHeight(input);
  }

  #typed() {
    const { message, input, draft } = this.#open;
    draft.type(input.value === message.text ? "" : input.value);
    this.#offerOriginal(false);
    fitHeight(input);
    this.#judge();
  }

  /** The words are those of another time: say so, and give a way to the question as it stands. */
  #offerOriginal(isOffered) {
    this.#open.form.querySelector("[data-editor-unsent]").hidden = !isOffered;
  }

  #keyed(event) {
    if (event.key === "Escape" && !event.isComposing) {
      // Here it leaves the editor; elsewhere on the page it stops the answer.
      event.stopPropagation();
      this.close({ isFocused: true });
    } else if (event.target === this.#open.input && isSendKey(event, isTouch.matches)) {
      event.preventDefault();
      this.#send();
    }
  }

  #judge() {
    const { canSend, note } = judgeMessage(this.#open.input.value, this.limit);
    this.#open.form.querySelector("[data-editor-send]").disabled = !canSend;
    this.complain(note);
  }

  #send() {
    const { message, input } = this.#open;
    const content = input.value.trim();
    if (!judgeMessage(content, this.limit).canSend) return;
    this.onSend({ content, edits: message });
  }
}
