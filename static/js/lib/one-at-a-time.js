/** Return a function that does a thing once at a time: whoever asks meanwhile waits for one more time, together with all others. */
export function oneAtATime(run) {
  let current = null;
  let next = null;
  return function ask() {
    if (!current) {
      current = run().finally(() => (current = null));
      return current;
    }
    next ??= current.catch(() => {}).then(() => {
      next = null;
      return ask();
    });
    return next;
  };
}
