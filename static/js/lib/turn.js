/**
 * The turn that a page is in the middle of: a message that waits for the connection or for the server's word, or an
 * answer that is being written. It knows what is owed after a gap in the connection, and never asks for one thing twice.
 */

export const PLAINLY_AFTER_MS = 2_000;
export const GIVE_UP_AFTER_MS = 15_000;
const LOOK_AGAIN_MS = 1_000;
const LOOK_AGAIN_MOST_MS = 60_000;

export class CurrentTurn {
  /** On its way until the server has it: what the page began with, {kind: "send", "edit" or "retry", ...}. */
  pending = null;
  /** The answer that is being written, {id, ...}. */
  reply = null;
  #isOut = false;
  #wantsStop = false;
  #wasOpen = false;
  #owesLook = false;
  #unsure = null;
  #timer = null;
  #misses = 0;
  #lookTimer = null;

  /**
   * @param {object} page what the page does:
   *   deliver(turn) and stop(reply) send a frame and tell whether there was a connection for it; submit(turn) and
   *   stopPlainly() leave it to the browser; fail(turn, reason) takes back what is shown of a turn, the reason being
   *   "offline", "unanswered" or "" for what needs no word; look() brings the page to what the server shows, and
   *   calls `looked` then, or `missed` where it could not; doubt(turn) finds out by that whether a retry was heard; isOnline() is the browser's opinion
   */
  constructor(page, clock = globalThis) {
    this.page = page;
    this.clock = clock;
  }

  get isIdle() {
    return !this.pending && !this.reply;
  }

  /** Whether there has been a connection: then it comes back, and the plain forms lead nowhere without it. */
  get wasOpen() {
    return this.#wasOpen;
  }

  /** Begin a turn; it goes out now or when the connection is there. */
  begin(turn) {
    this.pending = turn;
    this.#isOut = false;
    this.#wantsStop = false;
    this.#unsure = null;
    this.#later(PLAINLY_AFTER_MS, () => this.#undelivered());
    this.#deliver();
  }

  /** The connection is there (again). */
  opened() {
    const isBack = this.#wasOpen;
    this.#wasOpen = true;
    if (this.pending?.kind === "retry" && this.#isOut) {
      // It has no id to be known by: asked once more it could be answered twice. What the server shows tells.
      this.#unsure = this.pending;
      this.fail("");
    } else this.#deliver();
    // What was said into a connection that was dead already is said again.
    if (this.reply && this.#wantsStop) this.page.stop(this.reply);
    // A new connection waits for no earlier failure.
    this.#misses = 0;
    if (isBack) this.wantLook();
  }

  /** Bring the page to what the server shows; not while a turn is on its way, whose place it would take. */
  wantLook() {
    this.#owesLook = true;
    this.#lookIfFree();
  }

  /** The page could not be brought to what the server shows: look again, each time later. */
  missed() {
    const delay = Math.min(LOOK_AGAIN_MS * 2 ** this.#misses, LOOK_AGAIN_MOST_MS);
    this.#misses += 1;
    this.clock.clearTimeout(this.#lookTimer);
    this.#lookTimer = this.clock.setTimeout(() => this.wantLook(), delay);
  }

  /** The page shows what the server shows. */
  looked() {
    this.#misses = 0;
    if (this.#unsure && this.isIdle) this.page.doubt(this.#unsure);
    this.#unsure = null;
  }

  /** The server has the turn: return it. */
  accept() {
    return this.#settle();
  }

  /** An answer is being written. */
  follow(reply) {
    this.reply = reply;
    this.#lookIfFree();
    if (this.#wantsStop) this.#stopReply();
  }

  /** The answer has ended. */
  finish() {
    this.reply = null;
    this.#wantsStop = false;
  }

  /** Stop the answer, also one that has not begun; what never left this page need not, its text comes back. */
  stop() {
    if (this.pending && !this.#isOut) return this.fail("");
    if (this.isIdle) return;
    this.#wantsStop = true;
    if (this.reply) this.#stopReply();
  }

  /** The turn did not get through. */
  fail(reason, ...more) {
    const turn = this.#settle();
    this.#wantsStop = false;
    this.page.fail(turn, reason, ...more);
    this.#lookIfFree();
  }

  #settle() {
    const turn = this.pending;
    this.pending = null;
    this.clock.clearTimeout(this.#timer);
    return turn;
  }

  #lookIfFree() {
    if (!this.#owesLook || this.pending) return;
    this.#owesLook = false;
    this.clock.clearTimeout(this.#lookTimer);
    this.page.look();
  }

  #deliver() {
    if (!this.pending || !this.page.deliver(this.pending)) return;
    this.#isOut = true;
    this.#later(GIVE_UP_AFTER_MS, () => this.fail("unanswered"));
  }

  #undelivered() {
    if (!this.page.isOnline()) this.fail("offline");
    else if (this.pending.kind === "send" && !this.#wasOpen) this.page.submit(this.pending);
    else this.#later(GIVE_UP_AFTER_MS - PLAINLY_AFTER_MS, () => this.fail("unanswered"));
  }

  /** Where there has never been a connection the plain form does it; else it is said again when it is back. */
  #stopReply() {
    if (!this.page.stop(this.reply) && !this.#wasOpen) this.page.stopPlainly();
  }

  #later(delay, run) {
    this.clock.clearTimeout(this.#timer);
    this.#timer = this.clock.setTimeout(run, delay);
  }
}
