import assert from "node:assert/strict";
import { test } from "node:test";

import { Drafts, joinDraft, withoutSent } from "../../static/js/lib/drafts.js";
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

test("keeps what is on its way and what is typed meanwhile in one draft", () => {
  assert.equal(joinDraft("one", ""), "one");
  assert.equal(joinDraft("", " two"), " two");
  assert.equal(joinDraft("one", "two"), "one\n\ntwo");
  assert.equal(withoutSent("one\n\ntwo", "one"), "two");
  assert.equal(withoutSent("one", "one"), "");
  assert.equal(withoutSent("one more", "one"), null);
  assert.equal(withoutSent("two", ""), null);
});

test("makes ids without a secure context too", () => {
  const source = { getRandomValues: (bytes) => bytes.fill(255) };
  assert.equal(newClientId(source), "ffffffff-ffff-4fff-bfff-ffffffffffff");
  assert.notEqual(newClientId(), newClientId());
});

test("keeps drafts apart by person and conversation", () => {
  const items = new Map();
  const storage = { getItem: (name) => items.get(name) ?? null, setItem: (name, text) => items.set(name, text), removeItem: (name) => items.delete(name) };
  const drafts = new Drafts(storage, 1);
  drafts.write(5, "five");
  drafts.write(null, "new");
  assert.equal(new Drafts(storage, 1).read(5), "five");
  assert.equal(new Drafts(storage, 1).read(null), "new");
  assert.equal(new Drafts(storage, 2).read(5), "");
  drafts.write(5, "");
  assert.equal(items.size, 1);
});

test("keeps drafts for the page where storage is forbidden", () => {
  const forbidden = () => {
    throw new Error("no");
  };
  const drafts = new Drafts({ getItem: forbidden, setItem: forbidden, removeItem: forbidden }, 1);
  drafts.write(5, "five");
  assert.equal(drafts.read(5), "five");
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
