/** An answer that is being written: takes events, shows text at an even pace, ends once. */

import { Reveal } from "../lib/reveal.js";
import { ReplyText } from "../lib/transcript.js";
import { LiveText } from "./live-text.js";

const stillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Reply {
  /** @param {() => void} onGrow is called after the message changed its size, whatever made it: formulas are drawn later */
  constructor(message, onGrow) {
    this.message = message;
    this.onGrow = onGrow;
    const { cursor, state } = message.article.dataset;
    this.known = new ReplyText({ text: message.text, cursor: Number(cursor), state });
    this.reveal = new Reveal();
    this.live = null;
    this.frame = 0;
    this.wantsStop = false;
    this.size = new ResizeObserver(onGrow);
    this.size.observe(message.article);
    if (this.known.text) this.#showAll();
  }

  get id() {
    return this.message.id;
  }

  get cursor() {
    return this.known.cursor;
  }

  /** Take an event; says what came of it, see ReplyText. */
  apply(event) {
    const { kind } = this.known.apply(event);
    if (kind === "started") this.message.state = "running";
    if (kind === "waiting") this.message.showWaiting(event.ahead);
    if (kind === "appended") this.#grow();
    if (kind === "replaced") this.#replace();
    if (kind === "finished") this.#finish(event);
    return kind;
  }

  /** Nothing more of it arrives on this page: show all that did, and why it goes no further here. */
  breakOff(notice) {
    this.#leave("broken_off");
    if (this.message.isHidden) return;
    this.message.text = this.known.text;
    if (this.known.text) this.#showAll();
    this.message.showNotice(notice);
    this.onGrow();
  }

  #leave(state) {
    cancelAnimationFrame(this.frame);
    this.size.disconnect();
    this.message.state = state;
  }

  #grow() {
    this.message.state = "running";
    if (stillness.matches || document.hidden) {
      this.#showAll();
      return;
    }
    this.reveal.grow(this.known.text.length, performance.now());
    this.frame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  #replace() {
    this.message.state = "running";
    this.live = null;
    this.#showAll();
  }

  #showAll() {
    this.reveal.jump(this.known.text.length);
    this.#show(this.known.text);
  }

  #draw(now) {
    this.frame = 0;
    if (this.reveal.isDone || !this.known.isLive) return;
    const shown = document.hidden ? this.known.text.length : this.reveal.take(this.known.text, now);
    this.#show(this.known.text.slice(0, shown));
    if (document.hidden) this.reveal.jump(shown);
    if (!this.reveal.isDone) this.frame = requestAnimationFrame((next) => this.#draw(next));
  }

  #show(text) {
    if (this.message.isHidden) return;
    this.live ??= new LiveText(this.message.body);
    this.live.show(text);
  }

  #finish({ state, html, notice, counted, correlation_id: requestId }) {
    this.#leave(state);
    if (this.message.isHidden) return;
    this.message.text = state === "withheld" ? "" : this.known.text;
    this.message.showHtml(html ?? "");
    this.message.showNotice(notice ?? "", { isNew: true });
    this.message.showFacts({ counted, requestId });
    this.message.allowRating();
    this.message.stampTime(new Date());
    this.onGrow();
  }
}
