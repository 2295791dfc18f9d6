/** What one reply's text is, event by event: nothing missing, nothing twice, one end. */

import { countCodePoints, dropCodePoints } from "./text.js";

export const LIVE_STATES = ["queued", "running"];
export const RETRYABLE_STATES = ["stopped", "halted", "interrupted", "failed", "out_of_quota"];

/** The text of a reply and how far it goes. */
export class ReplyText {
  /**
   * @param {{text?: string, cursor?: number, state?: string}} known what the page already shows.
   *   A text that is not as long as its cursor says (a parser changed it) is asked for again.
   */
  constructor({ text = "", cursor = 0, state = "queued" } = {}) {
    const isExact = countCodePoints(text) === cursor;
    this.text = isExact ? text : "";
    this.cursor = isExact ? cursor : 0;
    this.state = state;
    this.isAsking = false;
  }

  get isLive() {
    return LIVE_STATES.includes(this.state);
  }

  /**
   * Take one event of this reply.
   * @returns {{kind: "waiting"|"started"|"appended"|"replaced"|"finished"|"gap"|"nothing", text?: string}}
   *   For "gap" the caller follows again from `cursor`; it is said once until the text joins.
   */
  apply(event) {
    if (!this.isLive) return { kind: "nothing" };
    switch (event.type) {
      case "reply.started":
        this.state = "running";
        return { kind: "started" };
      case "reply.waiting":
        return { kind: this.text ? "nothing" : "waiting" };
      case "reply.delta":
        return this.#join(event.text, event.cursor);
      case "reply.snapshot":
        this.#replace(event.text, event.cursor);
        return { kind: "replaced" };
      case "reply.finished":
        this.state = event.state;
        return { kind: "finished" };
      default:
        return { kind: "nothing" };
    }
  }

  #join(text, cursor) {
    this.state = "running";
    const start = cursor - countCodePoints(text);
    if (start > this.cursor) {
      if (this.isAsking) return { kind: "nothing" };
      this.isAsking = true;
      return { kind: "gap" };
    }
    this.isAsking = false;
    if (cursor <= this.cursor) return { kind: "nothing" };
    const added = dropCodePoints(text, this.cursor - start);
    this.text += added;
    this.cursor = cursor;
    return { kind: "appended", text: added };
  }

  #replace(text, cursor) {
    this.state = "running";
    this.text = text;
    this.cursor = cursor;
    this.isAsking = false;
  }
}
