import assert from "node:assert/strict";
import { test } from "node:test";

import { asStored, joined, occurrences } from "../../static/js/admin/passages.js";

test("passages that touch become one", () => {
  assert.deepEqual(joined([[0, 2], [8, 9]], [2, 5]), [[0, 5], [8, 9]]);
});

test("words are found every time, whatever their case, in code points", () => {
  assert.deepEqual(occurrences("😀 Fool, fool", " fOOL "), [[2, 6], [8, 12]]);
  assert.deepEqual(occurrences("text", "  "), []);
});

test("a line break of two characters counts as two in the stored text", () => {
  const stored = "a\r\nbc\r\nd";
  const spans = asStored([[0, 1], [2, 4], [1, 2], [5, 6]], [1, 4]);
  assert.deepEqual(spans.map(([start, end]) => stored.slice(start, end)), ["a", "bc", "\r\n", "d"]);
});
