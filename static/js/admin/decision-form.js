/** The form that decides: policy, reason, what is done, and what that would mean. */

import { post } from "./ask-server.js";
import { Redaction } from "./redaction.js";

const PREVIEW_AFTER_MS = 250;

export class DecisionForm {
  #case;
  #form;
  #redaction = null;
  #filled = { reason: "", reason_for_user: "" };
  #waiting = 0;
  #asked = null;
  #isOpen = false;

  constructor(element) {
    this.#case = element;
    this.#form = element.querySelector("[data-decide]");
    this.#form?.addEventListener("input", () => this.#later());
    this.#form?.addEventListener("change", (event) => this.#changed(event));
    const text = this.#form && element.querySelector("[data-text]");
    if (text) this.#redaction = new Redaction(text, this.#form, () => this.#later());
  }

  get exists() {
    return Boolean(this.#form);
  }

  get element() {
    return this.#form;
  }

  /** Open the form, or close it with the reason. */
  allow(whyNot) {
    if (!this.#form) return;
    this.#isOpen = !whyNot;
    for (const button of this.#form.querySelectorAll("[name=verdict]")) {
      button.disabled = Boolean(whyNot);
      button.title = whyNot || "";
    }
    const note = this.#form.querySelector("[data-why-not]");
    note.hidden = !whyNot;
    note.querySelector("[data-why-not-words]").textContent = whyNot || "";
  }

  /** Keys were released somewhere on the page: they may have made a selection. */
  keysWereReleased(event) {
    this.#redaction?.keysWereReleased(event);
  }

  /** Choose what rules have marked, to be redacted. */
  takeMarks() {
    if (!this.#redaction) return false;
    if (!this.#redaction.takeMarks()) this.complain("No rule has marked a passage. Write its words below.");
    return true;
  }

  /** Choose the policy of a number key. */
  pick(digit) {
    const radio = this.#form?.querySelector(`[data-shortcut="${digit}"]`);
    if (!radio) return false;
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    radio.closest("label").scrollIntoView({ block: "nearest" });
    return true;
  }

  /** Return what would be sent for a verdict; null, with the focus on it, where something misses. */
  typed(verdict) {
    if (!this.#isOpen) {
      this.complain(this.#form.querySelector("[data-why-not-words]").textContent || "You do not hold this case.");
      return null;
    }
    if (verdict === "violates" && !this.#isWhole()) return null;
    this.complain("");
    const body = new FormData(this.#form);
    body.set("verdict", verdict);
    return body;
  }

  complain(words) {
    const place = this.#form.querySelector("[data-problem]");
    place.textContent = words;
    place.hidden = !words;
  }

  #isWhole() {
    const policy = this.#form.querySelector("[name=policy]:checked");
    if (!policy) {
      this.complain("Choose a policy first: its number key, or a click.");
      this.#form.querySelector("[name=policy]")?.focus();
      return false;
    }
    if (!this.#form.elements.reason.value.trim()) {
      this.complain("Give a reason. It is kept with the decision.");
      this.#form.elements.reason.focus();
      return false;
    }
    return true;
  }

  #changed(event) {
    if (event.target.name === "policy") this.#usePolicy(event.target);
    this.#later();
  }

  #usePolicy(radio) {
    for (const part of this.#form.querySelectorAll("[data-guidance]")) {
      part.hidden = part.dataset.guidance !== radio.value;
    }
    for (const name of ["reason", "reason_for_user"]) {
      const field = this.#form.elements[name];
      if (field.value.trim() && field.value !== this.#filled[name]) continue;
      field.value = this.#filled[name] = radio.dataset.template;
    }
    this.complain("");
  }

  #later() {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.#preview(), PREVIEW_AFTER_MS);
  }

  async #preview() {
    const place = this.#form.querySelector("[data-preview]");
    if (!this.#form.isConnected || !this.#form.querySelector("[name=policy]:checked")) return;
    const body = new FormData(this.#form);
    body.set("verdict", "violates");
    this.#asked?.abort();
    this.#asked = new AbortController();
    try {
      const found = await post(this.#case.dataset.previewUrl, body, { signal: this.#asked.signal });
      this.#sayEffect(found.effect);
      place.querySelector("[data-preview-title]").textContent = found.title;
      place.querySelector("[data-preview-body]").textContent = found.body;
      place.hidden = !found.body;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.#sayEffect(error.message);
      place.hidden = true;
    }
  }

  /** Say what “Violates” would do, beside its button. */
  #sayEffect(words) {
    const place = this.#form.querySelector("[data-preview-effect]");
    place.textContent = words;
    place.hidden = !words;
  }
}
