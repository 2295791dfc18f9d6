import assert from "node:assert/strict";
import { test } from "node:test";

import { countCodePoints, dropCodePoints, wholeCharacterEnd } from "../../static/js/lib/text.js";
import { ReplyText } from "../../static/js/lib/transcript.js";

const delta = (text, cursor) => ({ type: "reply.delta", reply_id: 1, text, cursor });

test("counts and cuts in code points", () => {
  assert.equal(countCodePoints("a😀é👩‍🚀"), 6);
  assert.equal(countCodePoints("\ud83d"), 1);
  assert.equal(dropCodePoints("a😀b", 2), "b");
  assert.equal(dropCodePoints("ab", 9), "");
  assert.equal(wholeCharacterEnd("a😀b", 2), 3);
  assert.equal(wholeCharacterEnd("a😀b", 1), 1);
});

test("joins text that begins where the known text ends", () => {
  const reply = new ReplyText();
  assert.deepEqual(reply.apply(delta("Hé😀", 3)), { kind: "appended", text: "Hé😀" });
  assert.deepEqual(reply.apply(delta("llo", 6)), { kind: "appended", text: "llo" });
  assert.equal(reply.text, "Hé😀llo");
  assert.equal(reply.cursor, 6);
  assert.equal(reply.state, "running");
});

test("takes only the new part of text that overlaps", () => {
  const reply = new ReplyText({ text: "a😀c", cursor: 3, state: "running" });
  assert.deepEqual(reply.apply(delta("😀cde", 5)), { kind: "appended", text: "de" });
  assert.equal(reply.text, "a😀cde");
});

test("takes nothing of text it has", () => {
  const reply = new ReplyText({ text: "abc", cursor: 3, state: "running" });
  assert.deepEqual(reply.apply(delta("bc", 3)), { kind: "nothing" });
  assert.equal(reply.text, "abc");
});

test("asks once about a gap and joins when the missing part comes", () => {
  const reply = new ReplyText({ text: "ab", cursor: 2, state: "running" });
  assert.deepEqual(reply.apply(delta("ef", 6)), { kind: "gap" });
  assert.deepEqual(reply.apply(delta("gh", 8)), { kind: "nothing" });
  assert.equal(reply.cursor, 2);
  assert.deepEqual(reply.apply(delta("cdefgh", 8)), { kind: "appended", text: "cdefgh" });
  assert.deepEqual(reply.apply(delta("z", 20)), { kind: "gap" });
  assert.equal(reply.text, "abcdefgh");
});

test("replaces everything by a snapshot", () => {
  const reply = new ReplyText({ text: "old text", cursor: 8, state: "running" });
  assert.deepEqual(reply.apply({ type: "reply.snapshot", text: "new", cursor: 3 }), { kind: "replaced" });
  assert.equal(reply.text, "new");
  assert.equal(reply.cursor, 3);
});

test("ends once and takes nothing after", () => {
  const reply = new ReplyText({ text: "abc", cursor: 3, state: "running" });
  assert.deepEqual(reply.apply({ type: "reply.finished", state: "stopped" }), { kind: "finished" });
  assert.deepEqual(reply.apply({ type: "reply.finished", state: "complete" }), { kind: "nothing" });
  assert.deepEqual(reply.apply(delta("d", 4)), { kind: "nothing" });
  assert.equal(reply.text, "abc");
  assert.equal(reply.state, "stopped");
});

test("starts over when the page's text is not as long as its cursor says", () => {
  const reply = new ReplyText({ text: "a\nb", cursor: 4, state: "running" });
  assert.equal(reply.cursor, 0);
  assert.equal(reply.text, "");
  assert.equal(reply.apply(delta("a\r\nb", 4)).kind, "appended");
});

test("gives the same text however a stream is cut, repeated and lost", () => {
  const whole = "Zwölf 😀 Boxkämpfer jagen 👩‍🚀 quer. ".repeat(20);
  const points = Array.from(whole);
  let seed = 7;
  const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 50; round += 1) {
    const reply = new ReplyText();
    let at = 0;
    while (reply.cursor < points.length) {
      const from = Math.max(0, at - random(6) + random(3));
      const to = Math.min(points.length, from + 1 + random(40));
      const { kind } = reply.apply(delta(points.slice(from, to).join(""), to));
      at = kind === "gap" ? reply.cursor : to;
      if (kind === "gap") reply.apply(delta(points.slice(at, at + 5).join(""), Math.min(points.length, at + 5)));
      if (at >= points.length && reply.cursor < points.length) at = reply.cursor;
    }
    assert.equal(reply.text, whole);
  }
});

test("begins again when an answer that waited has its turn", () => {
  const reply = new ReplyText();
  const kinds = ["reply.started", "reply.waiting", "reply.waiting", "reply.started"].map((type) => reply.apply({ type, ahead: 1 }).kind);
  assert.deepEqual(kinds, ["started", "waiting", "waiting", "started"]);
  assert.deepEqual(reply.apply(delta("Hi", 2)), { kind: "appended", text: "Hi" });
  assert.deepEqual(reply.apply({ type: "reply.waiting", ahead: 1 }), { kind: "nothing" });
});
