/** What a person thinks of an answer: one press, changed by another, with a reason if they like. */

import { cloneTemplate } from "./html.js";
import { t } from "../lib/words.js";

const UNKEPT = t("Your rating was not kept. Check your connection and try again.");

export class Ratings {
  constructor({ log, announce, complain }) {
    Object.assign(this, { log, announce, complain });
    log.addEventListener("submit", (event) => {
      if (!event.target.closest("[data-rating-reason]")) return;
      event.preventDefault();
      this.#explain(event.target);
    });
    log.addEventListener("toggle", (event) => event.target.matches("[data-rating-reason]") && this.#unfold(event.target), true);
  }

  #unfold(details) {
    // The last of it, which like all that is pressed keeps a distance from the composer.
    if (details.open) details.querySelector("form button").scrollIntoView({ block: "nearest" });
  }

  /** Keep what a button says, shown at once and taken back where the server does not have it. */
  async press(button) {
    const article = button.closest("[data-message-id]");
    const before = ratingOf(article);
    const rating = button.value;
    show(article, rating);
    const body = new FormData(button.form);
    body.set("rating", rating);
    if (!(await this.#post(button.formAction, body))) show(article, before);
  }

  async #explain(form) {
    if (!(await this.#post(form.action, new FormData(form)))) return;
    const details = form.closest("details");
    details.open = false;
    details.querySelector("summary").textContent = t("Your reason");
    details.querySelector("summary").focus({ preventScroll: true });
  }

  async #post(url, body) {
    try {
      const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
      const { message } = await answer.json();
      if (answer.ok) this.announce(message);
      else this.complain(message);
      return answer.ok;
    } catch {
      this.complain(UNKEPT);
      return false;
    }
  }
}

function ratingOf(article) {
  return article.querySelector('[data-rate][aria-pressed="true"]')?.dataset.rate ?? "";
}

function show(article, rating) {
  for (const button of article.querySelectorAll("[data-rate]")) {
    const isPressed = button.dataset.rate === rating;
    button.setAttribute("aria-pressed", String(isPressed));
    button.value = isPressed ? "" : button.dataset.rate;
  }
  let reason = article.querySelector("[data-rating-reason]");
  if (!rating) {
    reason?.remove();
    return;
  }
  if (!reason) {
    reason = cloneTemplate("reason");
    article.querySelector(".message-actions").after(reason);
  }
  const form = reason.querySelector("form");
  form.action = article.querySelector("[data-rate]").formAction;
  if (form.elements.rating.value !== rating) {
    form.elements.reason.value = "";
    reason.querySelector("summary").textContent = t("Say why");
  }
  form.elements.rating.value = rating;
}
