import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { keepTyped, settleTyped, typedAbout, unsettleTyped } from "../../static/js/admin/typed.js";

beforeEach(() => {
  const kept = new Map();
  globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
});

test("what was typed about a case is found again, and about no other one", () => {
  keepTyped("7", { reason: "First." });
  keepTyped("7", { reason: "Then." });
  assert.deepEqual(typedAbout("7"), { reason: "Then." });
  assert.equal(typedAbout("8"), null);
});

test("what was decided is gone, and back for whoever takes the last decision back", () => {
  keepTyped("7", { reason: "Mine." });
  settleTyped("7");
  assert.equal(typedAbout("7"), null);
  unsettleTyped("8");
  assert.equal(typedAbout("8"), null);
  unsettleTyped("7");
  assert.deepEqual(typedAbout("7"), { reason: "Mine." });
});

test("the words of an older decision do not come back", () => {
  keepTyped("7", { reason: "Mine." });
  settleTyped("7");
  settleTyped("8");
  unsettleTyped("7");
  assert.equal(typedAbout("7"), null);
});

test("no more than the last twenty cases are remembered", () => {
  for (let number = 1; number <= 21; number += 1) keepTyped(String(number), { reason: "." });
  assert.equal(typedAbout("1"), null);
  assert.deepEqual(typedAbout("2"), { reason: "." });
});
