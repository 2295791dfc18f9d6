/** The frame of every page of staff: the menu on a narrow window, the account, the box that leads anywhere. */

import { standAsPage } from "../components/form-answer.js";
import { nodesOf } from "../components/html.js";

const WAIT_MS = 120;
const UNREACHED = "The server could not be reached. Try again.";

/** While the menu lies over the page, nothing behind it can be reached. */
function mountMenu(menu, main) {
  const [opener, closer] = [document.querySelector("[data-menu-open]"), menu.querySelector("[data-menu-close]")];
  let isOpen = false;
  addEventListener("staff-menu", ({ detail }) => {
    if (detail === isOpen) return;
    isOpen = detail;
    main.inert = isOpen;
    // What was opened has a place on the screen only after it was drawn.
    requestAnimationFrame(() => (isOpen ? closer : opener).focus());
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && isOpen && closer.click());
  matchMedia("(min-width: 80rem)").addEventListener("change", ({ matches }) => matches && isOpen && closer.click());
}

/** Show where one is in a menu that is longer than the window. */
function showPlace(groups) {
  const here = groups.querySelector("[aria-current]");
  if (here) groups.scrollTop = Math.max(0, here.offsetTop - groups.clientHeight / 2);
}

/** The account's menu goes by Esc, and by a press or a focus elsewhere. */
function mountAccount(account) {
  account.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !account.open) return;
    event.stopPropagation();
    account.open = false;
    account.querySelector("summary").focus();
  });
  for (const kind of ["pointerdown", "focusin"]) {
    document.addEventListener(kind, ({ target }) => account.contains(target) || (account.open = false));
  }
}

/** Whatever changes the theme, a button or the frame's own key: the server keeps it, for the pages of people too. */
function keepTheme(form) {
  addEventListener("staff-theme", ({ detail }) => {
    const theme = detail === "auto" ? "system" : detail;
    if (theme === form.dataset.kept) return;
    form.dataset.kept = theme;
    const body = new FormData(form);
    body.set("theme", theme);
    fetch(form.action, { method: "POST", body, keepalive: true }).catch(() => {});
  });
}

class Jump {
  #box;
  #term;
  #found;
  #timer;
  #asked = new AbortController();
  #shown = "";

  constructor(box) {
    this.#box = box;
    this.#term = box.querySelector("[data-jump-term]");
    this.#found = box.querySelector("[data-jump-found]");
    this.#term.addEventListener("input", () => this.#later());
    box.addEventListener("keydown", (event) => this.#pressed(event));
    box.addEventListener("click", (event) => event.target === box && box.close());
  }

  open() {
    if (!this.#box.open) this.#box.showModal();
    this.#term.select();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), WAIT_MS);
  }

  /** Show where the term leads; resolves to whether that is shown now. */
  async #look() {
    clearTimeout(this.#timer);
    const term = this.#term.value.trim();
    if (term === this.#shown) return true;
    this.#asked.abort();
    this.#asked = new AbortController();
    try {
      const url = `${this.#box.dataset.url}?s=${encodeURIComponent(term)}`;
      const answer = await fetch(url, { signal: this.#asked.signal });
      if (answer.redirected) location.reload();
      if (!answer.ok || answer.redirected) throw new Error("refused");
      this.#found.replaceChildren(...nodesOf(await answer.text()));
      this.#shown = term;
      return true;
    } catch (error) {
      if (error.name === "AbortError") return false;
      this.#shown = "";
      this.#found.textContent = UNREACHED;
      return false;
    }
  }

  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const stops = [this.#term, ...this.#found.querySelectorAll("a")];
      stops[stops.indexOf(document.activeElement) + step]?.focus();
    } else if (event.target !== this.#term) {
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.key !== " ") this.#term.focus();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.#look().then((isShown) => isShown && this.#found.querySelector("a")?.click());
    }
  }
}

standAsPage();
const menu = document.querySelector(".staff-menu");
mountMenu(menu, document.getElementById("main"));
showPlace(menu.querySelector("[data-menu-groups]"));
mountAccount(menu.querySelector("[data-account]"));
keepTheme(menu.querySelector("[data-kept]"));

const jump = new Jump(document.querySelector("[data-jump]"));
document.querySelector("[data-jump-open]").addEventListener("click", () => jump.open());
addEventListener(
  "keydown",
  (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    jump.open();
  },
  { capture: true },
);
