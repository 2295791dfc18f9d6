import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { ConnectionNotice } from "../../static/js/components/connection-notice.js";
import { FakeClock } from "./clock.js";

const own = { setTimeout, clearTimeout };
let clock;

beforeEach(() => {
  clock = new FakeClock();
  Object.assign(globalThis, { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, location: { pathname: "/c/1/", search: "" } });
});

afterEach(() => Object.assign(globalThis, own));

function setUp() {
  const said = [];
  const parts = { "[data-connection-text]": {}, "[data-connection-link]": {} };
  const element = { hidden: true, classList: { toggle() {} }, querySelector: (name) => parts[name] };
  return { notice: new ConnectionNotice(element, (text) => said.push(text)), element, said };
}

test("says nothing to whoever is let in again at once, as after a password changed in another tab", () => {
  const { notice, element, said } = setUp();
  notice.show("signed_out");
  clock.pass(399);
  assert.equal(element.hidden, true);
  notice.show("connecting");
  notice.show("open");
  clock.pass(10_000);
  assert.deepEqual([element.hidden, said], [true, []]);
});

for (const [state, waits, words] of [["signed_out", 400, /signed out/], ["reconnecting", 900, /Reconnecting/], ["offline", 0, /offline/]]) {
  test(`says after ${waits} ms that the page is ${state}, and when that is over`, () => {
    const { notice, element, said } = setUp();
    notice.show(state);
    clock.pass(waits - 1);
    assert.equal(element.hidden, true);
    clock.pass(1);
    assert.equal(element.hidden, false);
    assert.match(said[0], words);
    notice.show("open");
    assert.deepEqual([element.hidden, said[1], said.length], [true, "Connected again", 2]);
  });
}
