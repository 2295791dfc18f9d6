/** Which key asks for what, as pure as a table. */

/** Keys for people whose hands stay on the keyboard; `isTyping` is a cursor in a field. */
export function actionOf({ key, ctrlKey, metaKey, altKey, shiftKey, isTyping, isComposing = false }) {
  if (isComposing || altKey) return null;
  const letter = key.length === 1 ? key.toLowerCase() : key;
  if (ctrlKey || metaKey) {
    if (letter === "k" && !shiftKey) return "search";
    if (letter === "o" && shiftKey) return "new";
    return null;
  }
  if (key === "Escape") return "escape";
  if (isTyping) return null;
  if (key === "/") return "search";
  if (key === "?") return "shortcuts";
  return null;
}

/** The name of the key that goes with a letter on this machine. */
export function modifierName(platform) {
  return /mac|iphone|ipad/i.test(platform) ? "⌘" : "Ctrl";
}
