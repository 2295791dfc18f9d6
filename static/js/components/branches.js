/** Versions of messages: arrows lead from one to the other, and another branch is shown in its place. */

import { fetchNodes } from "./html.js";
import { t } from "../lib/words.js";

export class Branches {
  #wanted = null;

  constructor({ connection, transcript, announce }) {
    Object.assign(this, { connection, transcript, announce });
  }

  /** Ask for what an arrow leads to; false where the connection is not there: the plain form does it. */
  choose(arrow) {
    const id = Number(/\/(\d+)\/show\//.exec(arrow.getAttribute("formaction"))[1]);
    if (!this.connection.send({ type: "branch.show", message_id: id })) return false;
    const article = arrow.closest("[data-message-id]");
    this.#wanted = { id, way: arrow.dataset.version, top: article.getBoundingClientRect().top };
    return true;
  }

  /** The server shows another branch: draw what follows anew, with the reader's place kept. */
  async shown({ message_id: id, after_id: afterId }) {
    if (this.transcript.find(id)) return;
    const nodes = await fetchBranch(id);
    const after = afterId === null ? null : this.transcript.find(afterId);
    if (!nodes || (afterId !== null && !after)) {
      location.reload();
      return;
    }
    if (this.transcript.find(id)) return;
    this.transcript.replaceAfter(after, nodes);
    this.#settle(this.transcript.find(id));
  }

  #settle(message) {
    const wanted = this.#wanted;
    this.#wanted = null;
    if (!message || wanted?.id !== message.id) return;
    scrollBy({ top: message.article.getBoundingClientRect().top - wanted.top, behavior: "instant" });
    const arrows = message.article.querySelectorAll("[data-version]:not(:disabled)");
    const same = Array.from(arrows).find((arrow) => arrow.dataset.version === wanted.way);
    (same ?? arrows[0])?.focus({ preventScroll: true });
    this.announce(t("Version %(place)s", { place: message.article.querySelector("[data-version-place]").textContent }));
  }
}

/** Return the messages from one on as the server draws them; null where there are too many. */
async function fetchBranch(id) {
  const nodes = await fetchNodes(`/m/${id}/branch/`);
  return nodes?.some((node) => node.matches?.("[data-cut]")) ? null : nodes;
}
