/** The list of conversations, kept in step with what happens; it never moves under the reader. */

import { cloneTemplate, fetchNodes, sayUnloaded } from "./html.js";
import { oneAtATime } from "../lib/one-at-a-time.js";
import { t } from "../lib/words.js";

const NEAR_PX = 400;
const KEPT = "parley.list";
const MOST_PAGES = 12;

export class Sidebar {
  #isLoading = false;

  constructor(list, { storage = null, currentId = null } = {}) {
    Object.assign(this, { list, storage, currentId });
    list.addEventListener("scroll", () => this.#loadWhenNear(), { passive: true });
    list.addEventListener("click", async (event) => {
      const link = event.target.closest("[data-sidebar-next]");
      if (!link) return;
      event.preventDefault();
      if (!(await this.#loadNext()) && !this.#isLoading) sayUnloaded(link);
    });
    addEventListener("pagehide", () => this.#keepPlace());
    this.#returnToPlace();
  }

  #find(id) {
    return this.list.querySelector(`a[data-conversation-id="${Number(id)}"]`);
  }

  /** Whether a conversation is in the part of the list that was loaded. */
  has(id) {
    return this.#find(id) !== null;
  }

  /** Add a conversation on top of today's, or leave it where it is. */
  add({ id, title, url }) {
    if (this.#find(id)) return;
    const item = cloneTemplate("conversation");
    const link = item.querySelector("a");
    link.href = url;
    link.dataset.conversationId = id;
    this.#name(link, title);
    this.#group(t("Today"), { isFirst: true }).prepend(item);
  }

  rename(id, title) {
    const link = this.#find(id);
    if (link) this.#name(link, title);
  }

  remove(id) {
    const item = this.#find(id)?.closest("li");
    const section = item?.closest("section");
    item?.remove();
    if (section && !section.querySelector("li")) section.remove();
  }

  setCurrent(id) {
    this.currentId = id;
    this.list.querySelector('[aria-current="page"]')?.removeAttribute("aria-current");
    this.#find(id)?.setAttribute("aria-current", "page");
  }

  setAnswering(id, isAnswering) {
    this.#find(id)?.toggleAttribute("data-answering", isAnswering);
  }

  setUnread(id, isUnread) {
    this.#find(id)?.toggleAttribute("data-unread-answer", isUnread);
  }

  /** Look at the first page again: what happened while there was no connection was not heard. Tells whether it came. */
  refresh = oneAtATime(() => this.#look());

  async #look() {
    const before = this.#links();
    const page = await this.#fetch(this.list.dataset.listing);
    if (!page) return false;
    this.unreadNotices = Number(page.querySelector("[data-unread-notices]").dataset.unreadNotices);
    this.#removeOthers(before, page);
    let section = null;
    for (const fresh of page.querySelectorAll("section")) section = this.#merge(fresh, section) ?? section;
    if (this.currentId) this.setCurrent(this.currentId);
    return true;
  }

  /** Take away what stood here before and would stand on the first page, if it were still listed. */
  #removeOthers(before, page) {
    const ids = Array.from(page.querySelectorAll("a[data-conversation-id]"), (link) => link.dataset.conversationId);
    const isWhole = !page.querySelector("[data-sidebar-next]");
    const end = isWhole ? before.length : before.findLastIndex((link) => ids.includes(link.dataset.conversationId));
    for (const link of before.slice(0, Math.max(end, 0))) {
      if (!ids.includes(link.dataset.conversationId)) this.remove(link.dataset.conversationId);
    }
  }

  /** Show one group of the first page: what is known stays where it is, the rest comes in the server's order. */
  #merge(fresh, after) {
    const label = fresh.dataset.group;
    let last = null;
    for (const item of fresh.querySelectorAll("li")) {
      const known = this.#find(item.querySelector("a").dataset.conversationId);
      if (known) this.#update(known, item.querySelector("a"));
      else if (last) last.after(item);
      else this.#group(label, { isFirst: !after, after }).prepend(item);
      const shown = known?.closest("li") ?? item;
      if (shown.closest("section").dataset.group === label) last = shown;
    }
    return last?.closest("section") ?? null;
  }

  #update(known, fresh) {
    this.#name(known, fresh.querySelector("[data-title]").textContent);
    known.toggleAttribute("data-answering", fresh.hasAttribute("data-answering"));
    const isUnread = fresh.hasAttribute("data-unread-answer") && !known.hasAttribute("aria-current");
    known.toggleAttribute("data-unread-answer", isUnread);
  }

  #links() {
    return Array.from(this.list.querySelectorAll("a[data-conversation-id]"));
  }

  #name(link, title) {
    link.querySelector("[data-title]").textContent = title;
    link.parentElement.querySelector("[data-item-menu]").setAttribute("aria-label", t("More about %(title)s", { title }));
  }

  #loadWhenNear() {
    const left = this.list.scrollHeight - this.list.clientHeight - this.list.scrollTop;
    if (left < NEAR_PX) this.#loadNext();
  }

  async #loadNext() {
    const next = this.list.querySelector("[data-sidebar-next]");
    if (!next || this.#isLoading) return false;
    this.#isLoading = true;
    const page = await this.#fetch(next.dataset.sidebarNext);
    this.#isLoading = false;
    if (!page) return false;
    const hadFocus = document.activeElement === next;
    next.remove();
    const first = page.querySelector("a[data-conversation-id]");
    for (const section of page.querySelectorAll("section")) this.#join(section);
    const further = page.querySelector("[data-sidebar-next]");
    if (further) this.list.append(further);
    if (this.currentId) this.setCurrent(this.currentId);
    if (hadFocus) first?.focus();
    return true;
  }

  #join(section) {
    const items = Array.from(section.querySelectorAll("li"));
    const unknown = items.filter((item) => !this.#find(item.querySelector("a").dataset.conversationId));
    if (unknown.length) this.#group(section.dataset.group).append(...unknown);
  }

  async #fetch(url) {
    const nodes = await fetchNodes(url);
    if (!nodes) return null;
    const page = document.createElement("div");
    page.append(...nodes);
    return page;
  }

  /** Keep how far the list was scrolled, and how many rows that takes; those further down were seen, and are not needed. */
  #keepPlace() {
    const { bottom } = this.list.getBoundingClientRect();
    const rows = Array.from(this.list.querySelectorAll("li"));
    const count = this.list.scrollTop ? rows.filter((row) => row.getBoundingClientRect().top < bottom).length : 0;
    try {
      this.storage?.setItem(KEPT, JSON.stringify({ count, top: this.list.scrollTop }));
    } catch {
      // A full or forbidden storage costs only the place.
    }
  }

  /** Be where the reader was in the list, as far down as they had loaded it. */
  async #returnToPlace() {
    let kept = null;
    try {
      kept = JSON.parse(this.storage?.getItem(KEPT) ?? "null");
    } catch {
      // Not ours, or forbidden.
    }
    if (kept?.top) this.list.scrollTop = kept.top;
    for (let pages = 0; kept && pages < MOST_PAGES; pages += 1) {
      if (this.list.querySelectorAll("li").length >= kept.count || !(await this.#loadNext())) break;
      this.list.scrollTop = kept.top;
    }
    this.list.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest" });
    this.list.toggleAttribute("data-ready", true);
  }

  #group(label, { isFirst = false, after = null } = {}) {
    const list = this.list.querySelector(`[data-group="${CSS.escape(label)}"] ul`);
    if (list) return list;
    this.list.querySelector("[data-sidebar-empty]")?.remove();
    const section = document.createElement("section");
    section.dataset.group = label;
    const shown = document.createElement("p");
    shown.className = "sidebar-label";
    shown.textContent = label;
    shown.setAttribute("aria-hidden", "true");
    const items = document.createElement("ul");
    items.className = "plain-list";
    items.setAttribute("aria-label", label);
    section.append(shown, items);
    if (after) after.after(section);
    else if (isFirst) this.list.prepend(section);
    else this.list.append(section);
    return items;
  }
}
