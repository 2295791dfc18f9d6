/** The form that decides: policy, reason, what is done, and what that would mean. */

import { post } from "./ask-server.js";
import { joined, selectedSpan } from "./redaction.js";

const PREVIEW_AFTER_MS = 250;

export class DecisionForm {
  #case;
  #form;
  #spans = [];
  #filled = { reason: "", reason_for_user: "" };
  #waiting = 0;
  #asked = null;
  #isOpen = false;

  constructor(element) {
    this.#case = element;
    this.#form = element.querySelector("[data-decide]");
    this.#form?.addEventListener("input", () => this.#later());
    this.#form?.addEventListener("change", (event) => this.#changed(event));
    element.querySelector("[data-text]")?.addEventListener("mouseup", () => this.#select());
    element.querySelector("[data-text]")?.addEventListener("keyup", () => this.#select());
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

  renew({ version, seenAt }) {
    if (!this.#form) return;
    this.#form.elements.version.value = version;
    if (seenAt) this.#form.elements.seen_at.value = seenAt;
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

  #select() {
    const text = this.#case.querySelector("[data-text]");
    const span = this.#form && selectedSpan(text);
    if (!span) return;
    this.#spans = joined(this.#spans, span);
    this.#form.elements.spans.value = JSON.stringify(this.#spans);
    this.#form.querySelector("[name=measure][value=redact_span]").checked = true;
    this.#showSpans(text);
    this.#later();
  }

  #showSpans(text) {
    const points = [...text.textContent];
    const place = this.#form.querySelector("[data-spans-words]");
    const clear = Object.assign(document.createElement("button"), { type: "button", textContent: "Clear" });
    clear.className = "staff-link";
    clear.addEventListener("click", () => this.#clearSpans());
    const words = this.#spans.map(([start, end]) => `“${points.slice(start, end).join("").slice(0, 40)}”`);
    place.replaceChildren(`Redacts ${words.join(", ")}. `, clear);
  }

  #clearSpans() {
    this.#spans = [];
    this.#form.elements.spans.value = "";
    this.#form.querySelector("[name=measure][value=redact_span]").checked = false;
    this.#form.querySelector("[data-spans-words]").textContent = "To redact, select a passage of the text.";
    this.#later();
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
