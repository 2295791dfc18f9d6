/** Search over the page: results while one types, worked by arrows. Without it the link leads to the page. */

import { nodesOf } from "./html.js";
import { t, tn } from "../lib/words.js";

const WAIT_MS = 180;
const UNREACHABLE = t("The search did not answer. Check your connection and try again.");

export class SearchDialog {
  #timer = null;
  #asked = null;
  /** What the results that are shown were found for, once they are all there. */
  #found = null;

  constructor(dialog) {
    this.dialog = dialog;
    this.form = dialog.querySelector("form");
    this.input = dialog.querySelector("[data-search-input]");
    this.results = dialog.querySelector("[data-search-results]");
    this.status = dialog.querySelector("[data-search-status]");
    this.input.addEventListener("input", () => this.#later());
    this.form.addEventListener("submit", (event) => this.#go(event));
    dialog.addEventListener("keydown", (event) => this.#move(event));
    dialog.addEventListener("click", (event) => this.#clicked(event));
  }

  open() {
    this.dialog.showModal();
    this.input.select();
    this.#ask();
  }

  #clicked(event) {
    const isOutside = event.target === this.dialog;
    const more = event.target.closest(".hits-more a");
    if (isOutside || event.target.closest("[data-search-close]")) this.dialog.close();
    // On the page that is open already the place alone changes: then nothing would close this.
    else if (!more && event.target.closest("a.hit")) this.dialog.close();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), WAIT_MS);
  }

  async #ask() {
    clearTimeout(this.#timer);
    const query = this.#query;
    this.#found = null;
    this.#asked?.abort();
    this.#asked = new AbortController();
    const url = new URL(this.form.action);
    url.searchParams.set("q", query);
    try {
      const answer = await fetch(url, { headers: { Accept: "text/fragment" }, signal: this.#asked.signal });
      // What is refused comes as a sentence; a page to sign in on, or of an error, is no result.
      if (answer.redirected || answer.status >= 500) throw new TypeError(answer.url);
      this.results.replaceChildren(...nodesOf(await answer.text()));
    } catch (error) {
      if (error.name === "AbortError") return;
      const note = document.createElement("p");
      note.className = "search-note";
      note.textContent = UNREACHABLE;
      this.results.replaceChildren(note);
    }
    this.results.scrollTop = 0;
    this.#found = query;
    this.#say(query);
  }

  #say(query) {
    const count = this.#links().length;
    const note = this.results.querySelector(".search-note")?.textContent.trim() ?? "";
    this.status.textContent = !query ? "" : note || tn("%(count)s result", "%(count)s results", count);
  }

  #links() {
    return Array.from(this.results.querySelectorAll("a"));
  }

  get #query() {
    return this.input.value.trim();
  }

  /** Enter opens the first result of what is typed now; where there is none it stays said that there is none. */
  async #go(event) {
    if (!this.#query) return;
    event.preventDefault();
    if (this.#found !== this.#query) await this.#ask();
    if (this.#found === this.#query) this.#links()[0]?.click();
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = this.#links();
    if (!links.length) return;
    event.preventDefault();
    const next = links.indexOf(document.activeElement) + step;
    if (next < 0) this.input.focus();
    else links[Math.min(next, links.length - 1)].focus();
  }
}

export function mountSearch(app) {
  const search = new SearchDialog(document.querySelector("[data-search-dialog]"));
  for (const link of app.querySelectorAll("[data-open-search]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      link.closest("[popover]:popover-open")?.hidePopover();
      search.open();
    });
  }
  return search;
}
