import assert from "node:assert/strict";
import { test } from "node:test";

import { Arrivals } from "../../static/js/admin/arrivals.js";

const opened = (number) => ({ case_id: number, state: "open" });
const claimed = (number) => ({ case_id: number, state: "claimed" });
const givenBack = (number) => ({ case_id: number, state: "open", is_given_back: true });

test("a case that somebody took and gives back has not come in", () => {
  const arrivals = new Arrivals();
  assert.equal(arrivals.take(claimed(1)), 0);
  assert.equal(arrivals.take(givenBack(1)), 0);
});

test("a case that came in waits until it is taken, and again when it is given back", () => {
  const arrivals = new Arrivals();
  assert.equal(arrivals.take(opened(1)), 1);
  assert.equal(arrivals.take(opened(2)), 2);
  assert.equal(arrivals.take(claimed(1)), 1);
  assert.equal(arrivals.take(givenBack(1)), 2);
});
