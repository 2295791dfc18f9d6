import assert from "node:assert/strict";
import { test } from "node:test";

import { onSignedIn, tellSignedIn } from "../../static/js/lib/signed-in.js";

/** Two pages of one browser: what one stores is an event at the other. */
function twoPages() {
  const there = new EventTarget();
  const here = { setItem: (key, value) => there.dispatchEvent(Object.assign(new Event("storage"), { key, newValue: value })) };
  return { here, there };
}

test("a page that was signed out hears from another one that somebody is signed in", () => {
  const { here, there } = twoPages();
  let looks = 0;
  onSignedIn(there, () => (looks += 1));
  here.setItem("parley.draft", "words");
  assert.equal(looks, 0);
  tellSignedIn(() => here);
  assert.equal(looks, 1);
});

test("a browser without storage keeps quiet", () => {
  assert.doesNotThrow(() => tellSignedIn(() => null));
});
