/** Shows text at an even pace: what arrives in batches is spread over the time to the next one. */

import { wholeCharacterEnd } from "./text.js";

const USUAL_GAP_MS = 90;
const LONGEST_GAP_MS = 260;

export class Reveal {
  constructor() {
    this.shown = 0;
    this.length = 0;
    this.gap = USUAL_GAP_MS;
    this.arrivedAt = null;
    this.takenAt = null;
  }

  get isDone() {
    return this.shown >= this.length;
  }

  /** Say that the text is now this long (in UTF-16 units). */
  grow(length, now) {
    if (this.arrivedAt !== null) {
      const gap = Math.min(LONGEST_GAP_MS, Math.max(16, now - this.arrivedAt));
      this.gap = this.gap * 0.7 + gap * 0.3;
    }
    if (this.isDone) this.takenAt = now;
    this.arrivedAt = now;
    this.length = length;
  }

  /** Show everything at once: a reload, a snapshot, a hidden tab, reduced motion, the end. */
  jump(length) {
    this.length = length;
    this.shown = length;
  }

  /** Return how much of the text to show in this frame. */
  take(text, now) {
    const elapsed = Math.max(0, now - (this.takenAt ?? now));
    const left = Math.max(elapsed, this.arrivedAt + this.gap - (this.takenAt ?? now), 1);
    const share = Math.min(1, elapsed / left);
    const waiting = this.length - this.shown;
    const step = Math.min(waiting, Math.max(1, Math.ceil(waiting * share)));
    this.shown = wholeCharacterEnd(text, this.shown + step);
    this.takenAt = now;
    return this.shown;
  }
}
