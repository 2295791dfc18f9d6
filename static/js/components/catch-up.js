/** After a gap in the connection: brings the page to what the server shows of the conversation and its head now. */

import { focusOn } from "./focus.js";
import { isPartOnly } from "./found.js";
import { fetchNodes } from "./html.js";
import { Message } from "./message.js";

const CHANGES = new Set(["message.accepted", "message.updated", "branch.shown", "reply.finished", "conversation.updated", "notice.created"]);
const MOST_TRIES = 3;

const isMessage = (node) => node.matches?.("[data-message-id]") ?? false;
const idOf = (article) => article.dataset.messageId;

export class CatchUp {
  #heard = 0;

  /**
   * @param {object} page its transcript, conversation, and hold(), which is called where the page has to stay as it is
   * for now: a question is being written anew that is not shown any more
   */
  constructor({ transcript, conversation, hold }) {
    Object.assign(this, { transcript, conversation, hold });
  }

  /** Hear of an event: what was fetched before it may be older than what it has changed. */
  note({ type }) {
    if (CHANGES.has(type)) this.#heard += 1;
  }

  /** Fetch the newest screen of a conversation, and show it where the page differs; not while a turn began meanwhile. Tells whether it did. */
  async run(isFree) {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const heard = this.#heard;
      let isGone = false;
      const nodes = await fetchNodes(`/c/${this.conversation.id}/messages/older/`, { onGone: () => (isGone = true) });
      if (!isFree()) return false;
      if (isGone) this.conversation.gone();
      if (!nodes) return isGone;
      if (heard !== this.#heard) continue;
      this.#showHead(nodes.find((node) => node.matches?.("[data-head]")));
      if (!isPartOnly(this.transcript.log)) this.#show(nodes.filter(isMessage));
      return true;
    }
    return false;
  }

  #showHead(head) {
    if (!head) return;
    const { dataset } = head;
    this.conversation.show({ title: dataset.title, archived: dataset.archived === "yes", locked: dataset.locked });
  }

  #show(fresh) {
    if (!fresh.length) return;
    const { log } = this.transcript;
    const at = log.contains(document.activeElement) && document.activeElement.closest("[data-message-id]");
    const shown = Array.from(log.querySelectorAll("[data-message-id]"));
    const ids = new Set(fresh.map(idOf));
    const from = shown.findIndex((article) => ids.has(idOf(article)));
    const isTorn = (article) => !ids.has(idOf(article)) && article.hasAttribute("data-editing");
    if (shown.slice(Math.max(from, 0)).some(isTorn)) return this.hold();
    if (from === -1) {
      // Another branch, or too much has been written: only the page itself can show that.
      location.reload();
      return;
    }
    for (const article of shown.slice(from)) if (!ids.has(idOf(article))) article.remove();
    let next = null;
    for (const article of fresh.reverse()) next = this.#place(article, next);
    this.transcript.enhance(log);
    if (at && !at.isConnected) focusOn(this.transcript.find(idOf(at))?.article ?? log.lastElementChild);
    this.transcript.keepUp();
  }

  /** Show a message before the next one, or at the end, and return what is shown of it. */
  #place(article, next) {
    const known = this.transcript.find(idOf(article));
    if (!known) this.transcript.log.insertBefore(article, next);
    else if (known.isLive || known.isEdited || signOf(known) === signOf(new Message(article))) return known.article;
    else known.article.replaceWith(article);
    return article;
  }
}

/** What of a message may have changed while nobody told the page. */
function signOf(message) {
  const parts = ["[data-notice-text]", "[data-version-place]"].map((part) => message.article.querySelector(part)?.textContent.trim());
  return JSON.stringify([message.state, message.isHidden, message.text, ...parts]);
}
