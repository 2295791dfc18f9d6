/** Looks at a case again when its claim ends by the clock, which nobody announces. */
export class Lapses {
  #look;
  #timers = new Map();

  /** @param {(key: unknown) => void} look takes what was watched, a moment after its time */
  constructor(look) {
    this.#look = look;
  }

  /**
   * Watch one more, or one anew: what was known of it does not count any more.
   *
   * @param {unknown} key what is watched
   * @param {number} secondsLeft until its claim ends; 0 where nobody holds it
   */
  watch(key, secondsLeft) {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (secondsLeft > 0) this.#timers.set(key, setTimeout(() => this.#end(key), (secondsLeft + 1) * 1000));
  }

  #end(key) {
    this.#timers.delete(key);
    this.#look(key);
  }
}
