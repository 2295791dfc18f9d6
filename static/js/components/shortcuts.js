/** Keyboard shortcuts of the conversation pages, and the list of them. People can turn them off. */

import { actionOf, modifierName } from "../lib/shortcuts.js";

const OPEN = "dialog[open], [popover]:popover-open";
// The list as a drawer leaves every key to the page but the one that closes it.
const OPEN_OVER_KEYS = `${OPEN}:not(#sidebar)`;

function isTyping(target) {
  return target.isContentEditable || target.matches?.("input, textarea, select");
}

export function mountShortcuts(app, { search, stop }) {
  const list = document.querySelector("[data-shortcuts-dialog]");
  const modifier = modifierName(navigator.userAgentData?.platform ?? navigator.platform);
  for (const key of document.querySelectorAll("[data-mod]")) key.textContent = modifier;
  for (const hint of app.querySelectorAll("[data-search-keys]")) hint.textContent = modifier === "⌘" ? "⌘K" : "Ctrl K";
  for (const button of app.querySelectorAll("[data-open-shortcuts]")) {
    button.addEventListener("click", () => {
      button.closest("[popover]")?.hidePopover();
      list.showModal();
    });
  }
  if (app.dataset.shortcuts !== "on") return;
  const actions = {
    search: () => search.open(),
    new: () => location.assign("/"),
    shortcuts: () => list.showModal(),
    escape: stop,
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const action = actionOf({
      key: event.key,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: event.altKey,
      shiftKey: event.shiftKey,
      isComposing: event.isComposing,
      isTyping: isTyping(event.target),
    });
    if (!action) return;
    // What is open closes first, by the browser itself.
    if (document.querySelector(action === "escape" ? OPEN : OPEN_OVER_KEYS)) return;
    if (action !== "escape") event.preventDefault();
    actions[action]();
  });
}
