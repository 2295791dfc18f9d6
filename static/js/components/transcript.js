/** The messages of one conversation, and where the reader is among them. */

import { LIVE_STATES } from "../lib/transcript.js";
import { decorateCode } from "./copy.js";
import { focusOn } from "./focus.js";
import { cloneTemplate, fetchNodes, sayUnloaded } from "./html.js";
import { Message } from "./message.js";

const BOTTOM_PX = 48;
const AWAY_PX = 160;
const LOAD_AGAIN_MS = 5_000;

export class Transcript {
  #isStuck;
  #lastY = 0;

  /** @param {() => void} leaveJump takes the focus from the button when it goes */
  constructor(log, jumpButton, leaveJump) {
    Object.assign(this, { log, jumpButton, leaveJump });
    this.#lastY = scrollY;
    this.#isStuck = this.#distance() <= BOTTOM_PX;
    this.enhance(log);
    this.#watchReader();
    this.#watchOlder();
  }

  /** The message with this id, or null when it is not on the page. */
  find(id) {
    const article = this.log.querySelector(`[data-message-id="${Number(id)}"]`);
    return article ? new Message(article) : null;
  }

  /** The message that an element belongs to. */
  of(element) {
    return new Message(element.closest("[data-message-id]"));
  }

  /** Take away what follows a message (all, for null) and return it: another branch is shown there. */
  takeAfter(message) {
    const all = Array.from(this.log.children);
    const taken = all.slice(message ? all.indexOf(message.article) + 1 : 0);
    for (const node of taken) node.remove();
    return taken;
  }

  /** Take away a message and what follows it. */
  takeFrom(message) {
    return [message.article, ...this.takeAfter(message)].map((node) => (node.remove(), node));
  }

  /** Take away the messages with these ids, where they are shown. */
  drop(ids) {
    for (const id of ids) this.find(id)?.article.remove();
  }

  /** Whether a question is being written anew among what another branch would take off the page. */
  wouldTear(branching) {
    const edited = branching && this.log.querySelector("[data-editing]");
    const before = edited && branching.after_id ? this.find(branching.after_id) : null;
    const isBehind = () => Boolean(before.article.compareDocumentPosition(edited) & Node.DOCUMENT_POSITION_FOLLOWING);
    return Boolean(edited) && (before === null || isBehind());
  }

  /** Show other messages after one. */
  replaceAfter(message, nodes) {
    this.takeAfter(message);
    this.giveBack(nodes);
    this.enhance(this.log);
  }

  /** Put messages at the end. */
  giveBack(nodes) {
    this.log.append(...nodes);
  }

  /** Under which ids the messages on this page were sent: what bears one has arrived. */
  clientIds() {
    return Array.from(this.log.querySelectorAll("[data-client-id]"), (article) => article.dataset.clientId);
  }

  /** The answer that is still open, if there is one. */
  findOpen() {
    const open = LIVE_STATES.map((state) => `[data-role="assistant"][data-state="${state}"]`).join();
    const article = Array.from(this.log.querySelectorAll(open)).at(-1);
    return article ? new Message(article) : null;
  }

  addUser(content, { isSending = false } = {}) {
    const message = new Message(cloneTemplate("user"));
    message.showText(content);
    message.stampTime(new Date());
    message.article.toggleAttribute("data-sending", isSending);
    this.log.append(message.article);
    return message;
  }

  addReply() {
    const message = new Message(cloneTemplate("assistant"));
    this.log.append(message.article);
    return message;
  }

  /** Show a turn that began elsewhere and return its answer; null where it is shown already. */
  mirror({ message, reply_id: replyId, branching }) {
    if (this.find(replyId)) return null;
    let question = this.find(message.id);
    const isEdit = !question && branching;
    const before = branching?.after_id ? this.find(branching.after_id) : null;
    if (branching?.after_id && !before) {
      location.reload();
      return null;
    }
    if (branching) this.takeAfter(before);
    if (!question) {
      question = this.addUser(message.content);
      question.adopt(message.id);
      question.takeFate(message);
    }
    const reply = this.addReply();
    reply.adopt(replyId);
    (isEdit ? question : reply).showBranching(branching);
    return reply;
  }

  /** Follow new text, but only a reader who is at the end. */
  keepUp() {
    if (this.#isStuck) this.jump();
    else this.#showJump();
  }

  jump({ isSmooth = false } = {}) {
    this.#isStuck = true;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    scrollTo({ top: document.documentElement.scrollHeight, behavior: isSmooth && !still ? "smooth" : "instant" });
    this.#lastY = scrollY;
    this.#showJump();
  }

  /** Give life to messages that the server wrote. */
  enhance(root) {
    decorateCode(root);
    for (const article of root.querySelectorAll("[data-message-id]")) new Message(article).stampTime();
  }

  #distance() {
    return document.documentElement.scrollHeight - innerHeight - scrollY;
  }

  #showJump() {
    const isNeeded = !this.#isStuck && this.#distance() >= AWAY_PX;
    if (!isNeeded && document.activeElement === this.jumpButton) this.leaveJump();
    if (this.jumpButton.hidden === isNeeded) this.jumpButton.hidden = !isNeeded;
  }

  #watchReader() {
    this.jumpButton.addEventListener("click", () => this.jump({ isSmooth: true }));
    addEventListener("wheel", (event) => event.deltaY < 0 && this.#distance() >= 0 && this.#leave(), { passive: true });
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    addEventListener("resize", () => this.keepUp());
  }

  #scrolled() {
    if (this.#distance() <= BOTTOM_PX && scrollY >= this.#lastY) this.#isStuck = true;
    else if (scrollY < this.#lastY - 1 && this.#distance() > 1) this.#isStuck = false;
    this.#lastY = scrollY;
    this.#showJump();
  }

  #leave() {
    if (scrollY > 0) this.#isStuck = false;
  }

  #watchOlder() {
    const link = this.log.querySelector("[data-older-url]");
    if (!link) return;
    const near = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) load();
      },
      { rootMargin: "600px 0px" },
    );
    // What did not come is asked for again, but not at once: the link is still near.
    const load = async () => {
      near.disconnect();
      const isThere = await this.#loadOlder(link);
      if (!isThere) setTimeout(() => near.observe(link), LOAD_AGAIN_MS);
      return isThere;
    };
    near.observe(link);
    link.addEventListener("click", async (event) => {
      event.preventDefault();
      if (!(await load())) sayUnloaded(link);
    });
  }

  /** Show what was written before; tells whether it came or is on its way. */
  async #loadOlder(link) {
    if (link.dataset.loading !== undefined) return true;
    link.dataset.loading = "";
    const nodes = await fetchNodes(link.dataset.olderUrl);
    if (!nodes) {
      delete link.dataset.loading;
      return false;
    }
    // Where one has scrolled to may not have been told yet, and could not be seen behind what comes.
    this.#scrolled();
    const first = this.log.querySelector("[data-message-id]");
    const top = first.getBoundingClientRect().top;
    const hadFocus = document.activeElement === link;
    link.closest("[data-older]").remove();
    this.log.prepend(...nodes);
    this.enhance(this.log);
    scrollBy({ top: first.getBoundingClientRect().top - top, behavior: "instant" });
    if (hadFocus) focusOn(first.previousElementSibling);
    this.#lastY = scrollY;
    this.#watchOlder();
    return true;
  }
}
