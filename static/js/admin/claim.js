/** Holding a case: taking it when it opens or nobody holds it any more, showing the time left, renewing while somebody works. */

import { get, leave, post } from "./ask-server.js";

const LOOK_MINE_MS = 20_000;
const LOOK_OTHERS_MS = 15_000;
const RENEW_AFTER_MS = 45_000;
const RETRY_AFTER_MS = 3_000;
const SOON_SECONDS = 60;

/** Whether somebody may take a case that stands so: it waits, and nobody holds it. */
export function isFree(standing) {
  const waits = Boolean(standing.state) && standing.state !== "closed";
  return waits && !standing.is_mine && !standing.holder && !standing.why_not;
}

export function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export class Claim {
  #case;
  #onChange;
  #expires = 0;
  #isMine = false;
  #isFree = false;
  #taking = null;
  #lastRenewed = 0;
  #timers = [];
  #over = false;
  #looked = 0;

  constructor(element, onChange) {
    this.#case = element;
    this.#onChange = onChange;
    this.#timers = [setInterval(() => this.#tick(), 1000)];
  }

  get isMine() {
    return this.#isMine;
  }

  /** Take the case where that makes sense, also one that a lead gave, or learn who holds it. */
  async begin() {
    const { given, mine, secondsLeft } = this.#case.dataset;
    if (mine !== undefined && given === undefined) {
      this.#lastRenewed = this.#looked = Date.now();
      this.#apply({ is_mine: true, seconds_left: Number(secondsLeft), why_not: "", state: "claimed" });
      return;
    }
    const { state, mayDecide, claimUrl, standingUrl } = this.#case.dataset;
    const isWaiting = mayDecide !== undefined && state !== "closed";
    await (isWaiting ? this.#ask(() => post(claimUrl), { isTaken: true }) : this.#ask(() => get(standingUrl)));
  }

  /**
   * Somebody does something: the claim of who holds the case goes on. `isWork` where they work on a form of it: where
   * nobody holds it any more, they do from here on.
   */
  touch({ isWork = false } = {}) {
    const idle = Date.now() - this.#lastRenewed;
    if (this.#isMine && idle > RENEW_AFTER_MS) this.#ask(() => post(this.#case.dataset.claimUrl));
    else if (isWork && this.#isFree && idle > RETRY_AFTER_MS) this.hold();
  }

  /** Take the case where nobody holds it. */
  hold() {
    if (!this.#isFree || this.#over) return this.settled();
    this.#taking ??= this.#ask(() => post(this.#case.dataset.claimUrl), { isTaken: true }).finally(() => {
      this.#taking = null;
    });
    return this.settled();
  }

  /** Wait for the claim that is under way, if one is. */
  async settled() {
    await this.#taking;
  }

  /** Stop watching this case, and give it back unless it was decided. */
  end({ isDecided = false } = {}) {
    this.#timers.forEach(clearInterval);
    if (this.#over) return;
    this.#over = true;
    if ((this.#isMine || this.#taking) && !isDecided) leave(this.#case.dataset.releaseUrl);
  }

  /** Ask at once how the case stands: somebody changed it. */
  look() {
    if (!this.#over) this.#look();
  }

  /** Show how the case stands; `isTaken` where this page has just taken it. */
  take(standing, how) {
    this.#apply(standing, how);
  }

  async #ask(request, how) {
    this.#lastRenewed = this.#looked = Date.now();
    try {
      await this.#apply(await request(), how);
    } catch (error) {
      if (error.data?.state) this.#apply(error.data);
      else if (error.status) this.#onChange({ why_not: error.message, is_mine: false });
    }
  }

  #apply(standing, how) {
    if (this.#over) return null;
    this.#isMine = standing.is_mine;
    this.#isFree = isFree(standing);
    this.#expires = Date.now() + standing.seconds_left * 1000;
    const shown = this.#onChange(standing, how);
    this.#tick();
    return shown;
  }

  #tick() {
    const clock = this.#case.querySelector("[data-clock]");
    const seconds = (this.#expires - Date.now()) / 1000;
    const isShown = this.#isMine && seconds > 0;
    clock.textContent = isShown ? clockText(seconds) : "";
    clock.toggleAttribute("data-soon", isShown && seconds < SOON_SECONDS);
    if (this.#isMine && seconds <= 0) this.#ask(() => get(this.#case.dataset.standingUrl));
    const every = this.#isMine ? LOOK_MINE_MS : LOOK_OTHERS_MS;
    const isOpen = this.#case.dataset.state !== "closed";
    if (!document.hidden && isOpen && Date.now() - this.#looked > every) this.#look();
  }

  async #look() {
    this.#looked = Date.now();
    try {
      this.#apply(await get(this.#case.dataset.standingUrl));
    } catch {
      // The next round asks again.
    }
  }
}
