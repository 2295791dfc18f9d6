import assert from "node:assert/strict";
import { test } from "node:test";

import { isSendKey, judgeMessage, newClientId } from "../../static/js/lib/message.js";
import { Reveal } from "../../static/js/lib/reveal.js";
import { shortTime } from "../../static/js/lib/time.js";

const key = (more) => ({ key: "Enter", shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, isComposing: false, keyCode: 13, ...more });

test("sends on Enter alone", () => {
  assert.equal(isSendKey(key(), false), true);
  assert.equal(isSendKey(key(), true), false);
  assert.equal(isSendKey(key({ shiftKey: true }), false), false);
  assert.equal(isSendKey(key({ isComposing: true }), false), false);
  assert.equal(isSendKey(key({ keyCode: 229 }), false), false);
  assert.equal(isSendKey(key({ key: "a" }), false), false);
});

test("judges a text by its characters", () => {
  assert.deepEqual(judgeMessage(" \n ", 10), { isBlank: true, isOver: false, canSend: false, note: "" });
  assert.deepEqual(judgeMessage("12345", 10), { isBlank: false, isOver: false, canSend: true, note: "" });
  assert.equal(judgeMessage("😀".repeat(9), 10).note, "1 left");
  assert.equal(judgeMessage("😀".repeat(10), 10).canSend, true);
  assert.deepEqual(judgeMessage("x".repeat(12), 10), { isBlank: false, isOver: true, canSend: false, note: "2 too many: at most 10 characters" });
});

test("makes ids without a secure context too", () => {
  const source = { getRandomValues: (bytes) => bytes.fill(255) };
  assert.equal(newClientId(source), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  assert.notEqual(newClientId(), newClientId());
});

test("spreads a batch over the time to the next one and shows all of it", () => {
  const reveal = new Reveal();
  const text = "x".repeat(90);
  reveal.grow(text.length, 0);
  const shown = [];
  for (let now = 16; now <= 160 && !reveal.isDone; now += 16) shown.push(reveal.take(text, now));
  assert.ok(shown.length >= 4, String(shown));
  assert.ok(shown.every((count, index) => index === 0 || count > shown[index - 1]));
  assert.equal(shown.at(-1), 90);
});

test("never cuts a character in two", () => {
  const reveal = new Reveal();
  const text = "😀".repeat(30);
  reveal.grow(text.length, 0);
  for (let now = 5; !reveal.isDone; now += 5) assert.equal(reveal.take(text, now) % 2, 0);
});

test("says times as seen from now", () => {
  const now = new Date(2026, 10, 22, 15, 0);
  assert.equal(shortTime(new Date(2026, 10, 22, 9, 5), now, "en-GB"), "09:05");
  assert.equal(shortTime(new Date(2026, 10, 21, 23, 59), now, "en-GB"), "Yesterday, 23:59");
  assert.equal(shortTime(new Date(2026, 2, 1, 8, 0), now, "en-GB"), "1 Mar, 08:00");
  assert.equal(shortTime(new Date(2025, 2, 1, 8, 0), now, "en-GB"), "1 Mar 2025, 08:00");
});
