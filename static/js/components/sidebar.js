/** The list of conversations, kept in step with what happens. */

import { cloneTemplate } from "./html.js";

export class Sidebar {
  constructor(list) {
    this.list = list;
    list.querySelector('[aria-current="page"]')?.scrollIntoView({ block: "nearest" });
  }

  #find(id) {
    return this.list.querySelector(`a[data-conversation-id="${Number(id)}"]`);
  }

  /** Add a conversation on top of today's, or leave it where it is. */
  add({ id, title, url }) {
    if (this.#find(id)) return;
    const item = cloneTemplate("conversation");
    const link = item.querySelector("a");
    link.href = url;
    link.dataset.conversationId = id;
    link.querySelector("[data-title]").textContent = title;
    this.#today().prepend(item);
  }

  rename(id, title) {
    const shown = this.#find(id)?.querySelector("[data-title]");
    if (shown) shown.textContent = title;
  }

  remove(id) {
    this.#find(id)?.closest("li").remove();
  }

  setCurrent(id) {
    this.list.querySelector('[aria-current="page"]')?.removeAttribute("aria-current");
    this.#find(id)?.setAttribute("aria-current", "page");
  }

  setAnswering(id, isAnswering) {
    this.#find(id)?.toggleAttribute("data-answering", isAnswering);
  }

  #today() {
    const list = this.list.querySelector('[data-group="Today"] ul');
    if (list) return list;
    this.list.querySelector("[data-sidebar-empty]")?.remove();
    const section = document.createElement("section");
    section.dataset.group = "Today";
    const label = document.createElement("p");
    label.className = "sidebar-label";
    label.id = "sidebar-group-today";
    label.textContent = "Today";
    const items = document.createElement("ul");
    items.className = "plain-list";
    items.setAttribute("aria-labelledby", label.id);
    section.append(label, items);
    this.list.prepend(section);
    return items;
  }
}
