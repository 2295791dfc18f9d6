/** A clock that stands until a test lets time pass. */
export class FakeClock {
  #timers = new Map();
  #next = 1;
  now = 0;
  setTimeout = (run, delay) => {
    this.#timers.set(this.#next, { run, at: this.now + delay });
    return this.#next++;
  };
  clearTimeout = (id) => this.#timers.delete(id);
  pass(ms) {
    const end = this.now + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.now = due[1].at;
      due[1].run();
    }
    this.now = end;
  }
}
