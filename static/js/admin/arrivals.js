/** Counts the cases that came in since a page of the queue was drawn, and that nobody has taken yet. */
export class Arrivals {
  #came = new Set();
  #waiting = new Set();

  /**
   * Take what happened to a case that the page does not show.
   *
   * What somebody gives back waited before; it counts only where it came in since.
   *
   * @param {{case_id: number, state: string, is_given_back?: boolean}} event
   * @returns {number} how many wait now
   */
  take({ case_id: number, state, is_given_back: isGivenBack = false }) {
    const isWaiting = state === "open" || state === "escalated";
    if (isWaiting && !isGivenBack) this.#came.add(number);
    if (isWaiting && this.#came.has(number)) this.#waiting.add(number);
    else this.#waiting.delete(number);
    return this.#waiting.size;
  }
}
