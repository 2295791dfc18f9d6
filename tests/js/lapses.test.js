import assert from "node:assert/strict";
import { test } from "node:test";

import { Lapses } from "../../static/js/admin/lapses.js";

test("a case is looked at a moment after its claim ends, once, and not before", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const looked = [];
  const lapses = new Lapses((key) => looked.push(key));
  lapses.watch("a", 60);
  lapses.watch("b", 0);
  context.mock.timers.tick(60_999);
  assert.deepEqual(looked, []);
  context.mock.timers.tick(1);
  assert.deepEqual(looked, ["a"]);
  context.mock.timers.tick(600_000);
  assert.deepEqual(looked, ["a"]);
});

test("a claim that was renewed or given back is not looked at by its former time", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const looked = [];
  const lapses = new Lapses((key) => looked.push(key));
  lapses.watch("renewed", 60);
  lapses.watch("back", 60);
  context.mock.timers.tick(30_000);
  lapses.watch("renewed", 600);
  lapses.watch("back", 0);
  context.mock.timers.tick(60_000);
  assert.deepEqual(looked, []);
  context.mock.timers.tick(541_000);
  assert.deepEqual(looked, ["renewed"]);
});
