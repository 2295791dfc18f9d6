import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { judgeMessage } from "../../static/js/lib/message.js";
import { setWords, t, tn } from "../../static/js/lib/words.js";

afterEach(() => setWords({}, "en"));

test("says English where nothing else is known", () => {
  assert.equal(t("Version %(place)s", { place: "2 of 3" }), "Version 2 of 3");
  assert.equal(tn("%(count)s result", "%(count)s results", 1), "1 result");
  assert.equal(tn("%(count)s result", "%(count)s results", 0), "0 results");
});

test("says the words of the page, with its plurals and numbers", () => {
  setWords({ Copied: ["Kopiert"], "%(count)s result": ["%(count)s Ergebnis", "%(count)s Ergebnisse"] }, "de");
  assert.equal(t("Copied"), "Kopiert");
  assert.equal(tn("%(count)s result", "%(count)s results", 1), "1 Ergebnis");
  assert.equal(tn("%(count)s result", "%(count)s results", 1200), "1.200 Ergebnisse");
});

test("takes the form of a language with several plurals", () => {
  setWords({ "%(count)s left": ["%(count)s один", "%(count)s несколько", "%(count)s много"] }, "ru");
  assert.deepEqual([1, 3, 5].map((count) => tn("%(count)s left", "%(count)s left", count)), ["1 один", "3 несколько", "5 много"]);
});

test("a text that has no translation stays English, and so does a value that looks like a placeholder", () => {
  setWords({ Copy: [""] }, "de");
  assert.equal(t("Copy"), "Copy");
  assert.equal(t("More about %(title)s", { title: "%(x)s" }), "More about %(x)s");
  assert.equal(judgeMessage("abc", 2).note, "1 too many: at most 2 characters");
});
