import assert from "node:assert/strict";
import { test } from "node:test";

import { oneAtATime } from "../../static/js/lib/one-at-a-time.js";

test("what is asked for a hundred times at once is done once, and once more behind it", async () => {
  const ends = [];
  const ask = oneAtATime(() => new Promise((end) => ends.push(end)));
  const asked = Array.from({ length: 100 }, ask);
  assert.equal(ends.length, 1);
  ends[0]("first");
  assert.equal(await asked[0], "first");
  await Promise.resolve();
  assert.equal(ends.length, 2);
  ends[1]("second");
  assert.deepEqual(new Set(await Promise.all(asked.slice(1))), new Set(["second"]));
  assert.equal(ends.length, 2);
});

test("what failed is done again for whoever waited behind it", async () => {
  let times = 0;
  const ask = oneAtATime(async () => {
    times += 1;
    if (times === 1) throw new Error("away");
    return times;
  });
  const [first, second] = [ask(), ask()];
  await assert.rejects(first);
  assert.equal(await second, 2);
});
