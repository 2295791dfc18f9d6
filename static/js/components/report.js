/** The report form over the conversation. Without it the link leads to the same form on a page. */

import { holdFocus } from "./focus.js";
import { t } from "../lib/words.js";

const UNSENT = t("The report was not sent. Check your connection and try again.");
const SIGNED_OUT = t("You have been signed out. Sign in again first.");

class ReportDialog {
  #opener = null;

  constructor(dialog) {
    this.dialog = dialog;
    this.form = dialog.querySelector("form");
    this.problem = dialog.querySelector("[data-report-problem]");
    this.done = dialog.querySelector("[data-report-done]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    holdFocus(dialog, () => true);
    dialog.addEventListener("toggle", (event) => {
      if (event.newState === "closed") this.#opener?.focus({ preventScroll: true });
    });
  }

  /** Open it for a message; what was typed about the same one and not sent is still there. */
  open(link) {
    this.#opener = link;
    if (this.form.action !== link.href || this.form.hidden) this.form.reset();
    this.form.hidden = false;
    this.done.hidden = true;
    this.#complain("");
    this.form.action = link.href;
    this.dialog.showPopover();
    this.form.querySelector("input[type=radio]").focus({ preventScroll: true });
  }

  async #send() {
    const button = this.form.querySelector("[type=submit]");
    button.disabled = true;
    try {
      const answer = await fetch(this.form.action, {
        method: "POST",
        body: new FormData(this.form),
        headers: { Accept: "application/json" },
      });
      if (answer.redirected) {
        this.#complain(SIGNED_OUT);
        return;
      }
      const { message } = await answer.json();
      if (answer.ok) this.#thank(message);
      else this.#complain(message);
    } catch {
      this.#complain(UNSENT);
    } finally {
      button.disabled = false;
    }
  }

  #thank(message) {
    this.form.hidden = true;
    this.done.hidden = false;
    this.done.querySelector("[role=status]").textContent = message;
    this.done.querySelector("button").focus({ preventScroll: true });
  }

  #complain(message) {
    this.problem.hidden = !message;
    this.problem.querySelector(".notice-text").textContent = message;
  }
}

export function mountReport(app) {
  const report = new ReportDialog(app.querySelector("[data-report-dialog]"));
  app.addEventListener("click", (event) => {
    const link = event.target.closest("[data-report]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    report.open(link);
  });
}
