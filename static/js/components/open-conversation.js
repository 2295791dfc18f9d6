/** The conversation that this page is of: its number and title, and whether it was read. */

import { isPartOnly } from "./found.js";

export class OpenConversation {
  constructor({ app, connection, composer, sidebar, log }) {
    Object.assign(this, { app, connection, composer, sidebar, log });
    this.id = Number(app.dataset.conversationId) || null;
    /** Where this page stands: another path of its history is another page, a place on it is not. */
    this.path = location.pathname;
  }

  start() {
    this.app.addEventListener("submit", (event) => {
      // The answer to the form shows the next page, with its word about an undo.
      if (event.target.matches("[data-delete-form]")) this.isLeaving = true;
    });
    document.addEventListener("visibilitychange", () => this.noteRead());
    addEventListener("popstate", () => location.pathname === this.path || location.reload());
  }

  /** The first message was accepted: this page has a conversation from now on. */
  open({ conversation_id: id, title, url }) {
    this.id = id;
    this.app.dataset.conversationId = id;
    this.app.querySelector("[data-welcome]")?.remove();
    this.app.querySelector(".chat-fresh")?.classList.remove("chat-fresh");
    history.pushState(null, "", url);
    this.path = location.pathname;
    this.composer.settleIn(id);
    for (const part of document.querySelectorAll("[data-action-template]")) {
      part[part.matches("form") ? "action" : "href"] = part.dataset.actionTemplate.replace("/0/", `/${id}/`);
    }
    for (const button of document.querySelectorAll("[data-needs-conversation]")) button.hidden = false;
    this.sidebar.setCurrent(id);
    if (title) this.#title(title);
  }

  /** A conversation of this person changed, this one or another: in title, place or lock. */
  updated({ conversation_id: id, title, deleted, archived, locked }) {
    if (deleted) return this.gone(id);
    if (id === this.id) this.show({ title, archived, locked });
    if (archived) this.sidebar.remove(id);
    else if (!this.sidebar.has(id)) this.sidebar.refresh();
    if (title) this.sidebar.rename(id, title);
  }

  /** A conversation of this person was deleted: the list is without it, and so is its page. */
  gone(id = this.id) {
    this.sidebar.remove(id);
    if (id === this.id && !this.isLeaving) location.assign("/");
  }

  /** Show of the conversation of this page what the server says now. */
  show({ title, archived, locked }) {
    if (locked) this.composer.close(locked);
    else if (this.composer.isClosed && this.connection.isOpen) this.composer.reopen();
    for (const part of document.querySelectorAll("[data-when-archived]")) part.hidden = (part.dataset.whenArchived === "yes") !== archived;
    if (title) this.#title(title);
  }

  /** An answer began or ended in a conversation of this person. */
  activity({ conversation_id: id, answering, unread }) {
    const isRead = id === this.id && this.#isSeen;
    this.sidebar.setAnswering(id, answering);
    this.sidebar.setUnread(id, unread && !isRead);
    if (id !== this.id || !unread) return;
    this.isUnread = true;
    this.noteRead();
  }

  /** The page was opened at an older part, and shows the conversation to its end by now. */
  reachedEnd() {
    this.isUnread = true;
    this.noteRead();
  }

  /** Whether somebody looks, and the newest is on the page. */
  get #isSeen() {
    return document.visibilityState === "visible" && !isPartOnly(this.log);
  }

  /** Say that what was written here is read, once somebody looks. */
  noteRead() {
    if (!this.isUnread || !this.#isSeen) return;
    const frame = { type: "conversation.read", conversation_id: this.id };
    if (this.connection.send(frame)) this.isUnread = false;
  }

  #title(title) {
    document.title = `${title} · Parley`;
    for (const shown of this.app.querySelectorAll(".chat-header [data-title]")) shown.textContent = title;
    const input = document.querySelector("[data-title-input]");
    if (input && document.activeElement !== input) input.value = title;
  }
}
