import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOf, modifierName } from "../../static/js/lib/shortcuts.js";

const press = (key, more = {}) => actionOf({ key, ...more });

test("search opens by the modifier with K anywhere, and by a slash outside fields", () => {
  assert.equal(press("k", { ctrlKey: true, isTyping: true }), "search");
  assert.equal(press("K", { metaKey: true }), "search");
  assert.equal(press("/"), "search");
  assert.equal(press("/", { isTyping: true }), null);
});

test("a conversation begins by the modifier with Shift and O", () => {
  assert.equal(press("O", { ctrlKey: true, shiftKey: true }), "new");
  assert.equal(press("o", { ctrlKey: true }), null);
});

test("the question mark lists the shortcuts, but not in a field", () => {
  assert.equal(press("?", { shiftKey: true }), "shortcuts");
  assert.equal(press("?", { isTyping: true }), null);
});

test("Escape is heard in fields too, but never while a word is composed", () => {
  assert.equal(press("Escape", { isTyping: true }), "escape");
  assert.equal(press("Escape", { isComposing: true }), null);
});

test("other keys and those with Alt are left alone", () => {
  for (const key of ["a", "Enter", "Tab", "k"]) assert.equal(press(key), null);
  assert.equal(press("/", { altKey: true }), null);
});

test("the modifier is called as on the keyboard of the machine", () => {
  assert.equal(modifierName("MacIntel"), "⌘");
  assert.equal(modifierName("Linux x86_64"), "Ctrl");
});
