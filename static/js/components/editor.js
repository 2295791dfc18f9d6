/** Writing a question anew in its own place; what is sent becomes a new version of it. */

import { isSendKey, judgeMessage } from "../lib/message.js";
import { fitHeight } from "./fit.js";
import { cloneTemplate } from "./html.js";

const isTouch = matchMedia("(hover: none) and (pointer: coarse)");

export class Editor {
  #open = null;

  /** @param {(edit: {content: string, edits: object}) => void} onSend takes what was written */
  constructor({ log, transcript, limit, onSend }) {
    Object.assign(this, { log, transcript, limit, onSend });
    log.addEventListener("click", (event) => {
      const link = event.target.closest("[data-edit]");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const message = transcript.of(link);
      this.open(message, message.text);
    });
  }

  /** Put the editor in the place of a question, with a text and why it was refused, if it was. */
  open(message, text, problem = "") {
    this.close();
    const form = cloneTemplate("editor");
    const input = form.querySelector("[data-editor-input]");
    this.#open = { message, form, input };
    message.article.dataset.editing = "";
    message.body.after(form);
    input.value = text;
    this.complain(problem);
    fitHeight(input);
    input.addEventListener("input", () => {
      fitHeight(input);
      this.#judge();
    });
    form.addEventListener("keydown", (event) => this.#keyed(event));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    form.querySelector("[data-editor-cancel]").addEventListener("click", () => this.close({ isFocused: true }));
    input.focus({ preventScroll: true });
    input.setSelectionRange(text.length, text.length);
    form.scrollIntoView({ block: "nearest" });
    if (!problem) this.#judge();
  }

  /** Leave the question as it was. */
  close({ isFocused = false } = {}) {
    if (!this.#open) return;
    const { message, form } = this.#open;
    this.#open = null;
    form.remove();
    delete message.article.dataset.editing;
    if (isFocused) message.article.querySelector("[data-edit]")?.focus({ preventScroll: true });
  }

  /** Say why the text cannot be sent. */
  complain(problem) {
    if (this.#open) this.#open.form.querySelector("[data-editor-problem]").textContent = problem;
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
