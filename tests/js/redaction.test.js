import assert from "node:assert/strict";
import { test } from "node:test";

import { piecesOf } from "../../static/js/lib/redaction.js";

test("cuts a text at the blocks in the place of passages", () => {
  const pieces = piecesOf("Call ████ or\n██");
  assert.deepEqual(
    pieces.map(({ text }) => text),
    ["Call ", "████", " or\n", "██"],
  );
  assert.deepEqual(
    pieces.map(({ isPassage }) => isPassage),
    [false, true, false, true],
  );
});

test("leaves a text without blocks whole, and an empty one empty", () => {
  assert.deepEqual(piecesOf("Hello"), [{ text: "Hello", isPassage: false }]);
  assert.deepEqual(piecesOf(""), []);
});
