/** The form that decides: policy, reason, what is done, and what that would mean. */

import { post } from "./ask-server.js";
import { Redaction } from "./redaction.js";
import { keepTyped, typedAbout } from "./typed.js";

const PREVIEW_AFTER_MS = 250;
const REASONS = ["reason", "reason_for_user"];

export class DecisionForm {
  #case;
  #form;
  #redaction = null;
  #filled = { reason: "", reason_for_user: "" };
  #waiting = {};
  #asked = {};
  #isOpen = false;

  constructor(element) {
    this.#case = element;
    this.#form = element.querySelector("[data-decide]");
    this.#form?.addEventListener("input", (event) => this.#typedIn(event.target));
    this.#form?.addEventListener("change", (event) => this.#changed(event));
    const text = this.#form && element.querySelector("[data-text]");
    if (text) this.#redaction = new Redaction(text, this.#form, () => this.#later("violates"));
    if (this.#form) this.#later("no_violation");
    if (this.#form) this.#fillAgain();
  }

  /** What was typed here before, and not sent, stands in the form again. */
  #fillAgain() {
    const values = typedAbout(this.#case.dataset.case);
    if (!values || REASONS.some((name) => this.#form.elements[name].value)) return;
    const policy = this.#form.querySelector(`[name=policy][value="${CSS.escape(values.policy)}"]`);
    if (policy) {
      policy.checked = true;
      this.#usePolicy(policy);
    }
    for (const name of REASONS) this.#form.elements[name].value = values[name];
    this.#later("violates");
  }

  #typedIn(field) {
    this.#later("violates");
    if (!REASONS.includes(field.name)) return;
    const values = Object.fromEntries(REASONS.map((name) => [name, this.#form.elements[name].value]));
    values.policy = this.#form.querySelector("[name=policy]:checked")?.value ?? "";
    keepTyped(this.#case.dataset.case, values);
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
    return this.#sent(verdict);
  }

  /** What the words of a policy say is no reason to find that nothing is against it. */
  #sent(verdict) {
    const body = new FormData(this.#form);
    body.set("verdict", verdict);
    const isFilled = this.#form.elements.reason.value === this.#filled.reason;
    if (verdict !== "violates" && isFilled) body.set("reason", "");
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
    this.#later("violates");
  }

  #usePolicy(radio) {
    for (const part of this.#form.querySelectorAll("[data-guidance]")) {
      part.hidden = part.dataset.guidance !== radio.value;
    }
    for (const name of REASONS) {
      const field = this.#form.elements[name];
      if (field.value.trim() && field.value !== this.#filled[name]) continue;
      field.value = this.#filled[name] = radio.dataset.template;
    }
    this.complain("");
  }

  /** Ask anew what each verdict would do: something has changed elsewhere. */
  previewAgain() {
    if (!this.#form) return;
    for (const verdict of ["no_violation", "violates"]) this.#preview(verdict);
  }

  /** Ask once nobody types and nothing is on its way: a decision never waits behind its own preview. */
  #later(verdict) {
    clearTimeout(this.#waiting[verdict]);
    const ask = () => (this.#form.closest("[aria-busy]") ? this.#later(verdict) : this.#preview(verdict));
    this.#waiting[verdict] = setTimeout(ask, PREVIEW_AFTER_MS);
  }

  /** Say what a verdict would do, beside the buttons, and show the notice that it would send. */
  async #preview(verdict) {
    if (!this.#form.isConnected) return;
    if (verdict === "violates" && !this.#form.querySelector("[name=policy]:checked")) return;
    this.#asked[verdict]?.abort();
    this.#asked[verdict] = new AbortController();
    const { signal } = this.#asked[verdict];
    let found;
    try {
      found = await post(this.#case.dataset.previewUrl, this.#sent(verdict), { signal });
    } catch (error) {
      if (error.name === "AbortError") return;
      found = { effect: error.message, title: "", body: "" };
    }
    const effect = this.#form.querySelector(`[data-effect-of="${verdict}"]`);
    effect.querySelector("[data-effect-words]").textContent = found.effect;
    effect.hidden = !found.effect;
    const notice = this.#form.querySelector(`[data-notice-of="${verdict}"]`);
    notice.querySelector("[data-notice-title]").textContent = found.title;
    notice.querySelector("[data-notice-body]").textContent = found.body;
    notice.hidden = !found.body;
  }
}
