/** Keys of the staff's pages: caught before the theme sees them, and never while somebody types. */

const FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable='false'])";
const TICKED = ["checkbox", "radio", "button", "submit"];

/** Tell whether the keys belong to a field at the moment; a tick box takes no letters. */
export function isTyping(element) {
  if (!element?.matches?.(FIELDS)) return false;
  return !(element.tagName === "INPUT" && TICKED.includes(element.type));
}

/** Call `actions[key]` for single keys; an action that returns false leaves the key to the page. */
export function bindKeys(actions, target = window) {
  target.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
      if (isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") && event.key !== "?") return;
      const action = actions[event.key];
      if (!action || action(event) === false) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}

/** Move the focus among rows by a step; returns the row that has it now. */
export function moveFocus(rows, step, focusable = (row) => row) {
  const list = [...rows];
  if (!list.length) return null;
  const now = list.findIndex((row) => row.contains(document.activeElement));
  const next = now < 0 ? (step > 0 ? 0 : list.length - 1) : Math.min(Math.max(now + step, 0), list.length - 1);
  const row = list[next];
  focusable(row).focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return row;
}
