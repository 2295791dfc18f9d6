/** Choosing the passages that are to be redacted: by the selection, by a rule's mark, or by their words. */

import { asStored, codePoints, joined, occurrences } from "./passages.js";

const ADVICE = "To redact, select a passage of the text, press p for what a rule marked, or write its words.";

/** Return where a range stands within a text's element; null where it is empty or elsewhere. */
function spanOf(element, range) {
  if (range.collapsed || !element.contains(range.commonAncestorContainer)) return null;
  const before = document.createRange();
  before.setStart(element, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const start = codePoints(before.toString());
  const end = start + codePoints(range.toString());
  return end > start ? [start, end] : null;
}

export class Redaction {
  #text;
  #form;
  #spans = [];
  #onChange;

  /** Watch the text of a case for its form; `onChange` is called after every choice. */
  constructor(text, form, onChange) {
    this.#text = text;
    this.#form = form;
    this.#onChange = onChange;
    text.addEventListener("mouseup", () => this.#takeSelection());
    form.querySelector("[data-passage-words]").addEventListener("keydown", (event) => this.#takeWords(event));
  }

  /** A selection was made by keys, in a browser where a text has a caret. */
  keysWereReleased(event) {
    if (event.key === "Shift") this.#takeSelection();
  }

  /** Take what rules have marked; false where nothing is. */
  takeMarks() {
    const marks = [...this.#text.querySelectorAll("[data-mark]")];
    for (const mark of marks) {
      const range = document.createRange();
      range.selectNodeContents(mark);
      this.#add(spanOf(this.#text, range));
    }
    return marks.length > 0;
  }

  #takeSelection() {
    const selection = getSelection();
    if (selection.rangeCount) this.#add(spanOf(this.#text, selection.getRangeAt(0)));
  }

  #takeWords(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const field = event.target;
    const found = occurrences(this.#text.textContent, field.value);
    field.setCustomValidity(found.length ? "" : "The text does not hold these words.");
    if (!field.reportValidity() || !found.length) return;
    found.forEach((span) => this.#add(span));
    field.value = "";
  }

  #add(span) {
    if (span) this.#show(joined(this.#spans, span));
  }

  #show(spans) {
    this.#spans = spans;
    const breaks = JSON.parse(this.#text.dataset.breaks || "[]");
    this.#form.elements.spans.value = spans.length ? JSON.stringify(asStored(spans, breaks)) : "";
    this.#form.querySelector("[name=measure][value=redact_span]").checked = spans.length > 0;
    this.#form.querySelector("[data-spans-words]").replaceChildren(...(spans.length ? this.#named() : [ADVICE]));
    this.#onChange();
  }

  #named() {
    const points = [...this.#text.textContent];
    const words = this.#spans.map(([start, end]) => `“${points.slice(start, end).join("").slice(0, 40)}”`);
    const clear = Object.assign(document.createElement("button"), { type: "button", textContent: "Clear" });
    clear.className = "staff-link";
    clear.addEventListener("click", () => this.#show([]));
    return [`Redacts ${words.join(", ")}. `, clear];
  }
}
