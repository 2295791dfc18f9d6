/** Says when the connection is not there, and what that means. */

import { t } from "../lib/words.js";

const WAIT_MS = 900;
const WAITS_MS = { offline: 0, suspended: 0, signed_out: 400 };
const TEXTS = {
  connecting: t("Connecting"),
  reconnecting: t("Reconnecting. Nothing is lost."),
  offline: t("You are offline. What you write is kept here."),
  signed_out: t("You have been signed out. Your text is kept."),
  suspended: t("Your account is suspended: you cannot write here at the moment."),
};

export class ConnectionNotice {
  #timer = 0;

  constructor(element, announce) {
    this.element = element;
    this.announce = announce;
    this.reason = "";
    this.text = element.querySelector("[data-connection-text]");
    this.link = element.querySelector("[data-connection-link]");
  }

  /** Keep the server's own sentence for why this person is kept out. */
  explain(sentence) {
    this.reason = sentence;
  }

  /** A short gap is not worth a word: it is shown when it lasts. Nor is a password changed in another tab, which is let in again at once. */
  show(state) {
    clearTimeout(this.#timer);
    const text = (state === "suspended" && this.reason) || TEXTS[state];
    if (!text) {
      if (!this.element.hidden && state === "open") this.announce(t("Connected again"));
      this.element.hidden = true;
      return;
    }
    this.#timer = setTimeout(() => this.#reveal(state, text), WAITS_MS[state] ?? WAIT_MS);
  }

  #reveal(state, text) {
    this.text.textContent = text;
    this.link.hidden = state !== "signed_out" && state !== "suspended";
    if (state === "signed_out") this.link.search = new URLSearchParams({ next: location.pathname + location.search });
    this.link.textContent = state === "suspended" ? t("Read the decision and appeal") : t("Sign in again");
    this.element.classList.toggle("notice-warning", state !== "suspended");
    this.element.classList.toggle("notice-error", state === "suspended");
    this.element.hidden = false;
    this.announce(text);
  }
}
