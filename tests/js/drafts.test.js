import assert from "node:assert/strict";
import { test } from "node:test";

import { Drafts, NEW, joinDraft, placeOfEdit, withoutSent } from "../../static/js/lib/drafts.js";

class FakeStorage {
  items = new Map();
  get length() {
    return this.items.size;
  }
  key = (place) => Array.from(this.items.keys())[place];
  getItem = (name) => this.items.get(name) ?? null;
  setItem = (name, text) => this.items.set(name, text);
  removeItem = (name) => this.items.delete(name);
}

/** A browser whose pages follow one another: each call opens a page of a tab. */
function browser(storage = new FakeStorage()) {
  let clock = 0;
  let pages = 0;
  const now = () => (clock += 1);
  const page = (tab = "one", owner = 1) => new Drafts(storage, { owner, page: `page${(pages += 1)}`, tab, now });
  return { page, storage, pass: (ms) => (clock += ms) };
}

test("keeps what is on its way and what is typed meanwhile in one draft", () => {
  assert.equal(joinDraft("one", ""), "one");
  assert.equal(joinDraft("", " two"), " two");
  assert.equal(joinDraft("one", "two"), "one\n\ntwo");
  assert.equal(withoutSent("one\n\ntwo", "one"), "two");
  assert.equal(withoutSent("one", "one"), "");
  assert.equal(withoutSent("one more", "one"), null);
  assert.equal(withoutSent("two", ""), null);
});

test("keeps drafts apart by person and place, and nothing of what is empty", () => {
  const { page, storage } = browser();
  page().open(5).type("five");
  page().open(NEW).type("new");
  page().open(placeOfEdit(5)).type("other words");
  assert.equal(page().open(5).text, "five");
  assert.equal(page().open(NEW).text, "new");
  assert.equal(page().open(placeOfEdit(5)).text, "other words");
  assert.equal(page("one", 2).open(5).text, "");
  page().open(5).type("  ");
  assert.equal(storage.items.size, 2);
});

test("forgets a message by its client id alone, never by its words", () => {
  const { page } = browser();
  page().open(5).type("Hi");
  const again = page();
  again.settle(["another"]);
  assert.equal(again.open(5).text, "Hi");
  again.open(5).type("Hi\n\n");
  page().settle(["another"]);
  assert.equal(page().open(5).text, "Hi\n\n");
});

test("has a message that was handed over in the draft until its id is seen, then only what was typed since", () => {
  const { page } = browser();
  const draft = page().open(5);
  draft.hand({ clientId: "a", content: "Hi" }, "");
  draft.type("and more");
  const lost = page().open(5);
  assert.equal(lost.text, "Hi\n\nand more");
  assert.equal(lost.clientIdOf("Hi"), "a");
  const here = page();
  here.settle(["b", "a"]);
  assert.equal(here.open(5).text, "and more");
  assert.equal(here.open(5).clientIdOf("Hi"), null);
});

test("settles what an open page handed over, in the box and out of it", () => {
  const { page } = browser();
  const draft = page().open(5);
  draft.hand({ clientId: "a", content: "Hi" }, "rest");
  assert.equal(draft.settle(["b"]), false);
  assert.equal(draft.settle(["a"]), true);
  assert.equal(draft.typed, "rest");
  draft.hand({ clientId: "c", content: "rest" }, "");
  assert.equal(draft.giveBack(), "rest");
  assert.equal(draft.clientIdOf("rest"), "c");
  draft.type("rest\n\nmore");
  assert.equal(draft.settle(["c"]), true);
  assert.equal(draft.typed, "more");
  assert.equal(draft.settle([undefined]), false);
});

test("takes what came back and was changed for another message", () => {
  const draft = browser().page().open(5);
  draft.hand({ clientId: "a", content: "Hi" });
  draft.giveBack();
  draft.type("Hi!");
  assert.equal(draft.clientIdOf("Hi!"), null);
  assert.equal(draft.settle(["a"]), false);
  assert.equal(draft.typed, "Hi!");
});

test("lets two tabs write at the same place without taking each other's words", () => {
  const { page } = browser();
  const one = page("one").open(5);
  const two = page("two").open(5);
  one.type("of one");
  two.type("of two");
  assert.equal(page("one").open(5).text, "of one");
  assert.equal(page("two").open(5).text, "of two");
  two.hand({ clientId: "a", content: "of two" });
  two.settle(["a"]);
  assert.equal(page("one").open(5).text, "of one");
  assert.equal(page("two").open(5).text, "of one");
});

test("goes on with what another page left, and keeps it once", () => {
  const { page, storage } = browser();
  const one = page("one").open(5);
  one.type("begun");
  const two = page("two").open(5);
  assert.equal(two.text, "begun");
  two.type("begun");
  one.type("begun and gone on with");
  assert.equal(storage.items.size, 1);
  two.type("begun elsewhere");
  assert.equal(page("one").open(5).text, "begun and gone on with");
  page("one").open(5).type("");
  assert.equal(page("one").open(5).text, "begun elsewhere");
  page("two").open(5).type("begun elsewhere, and ended");
  assert.equal(storage.items.size, 1);
});

test("takes what is typed along from the page of a new conversation", () => {
  const { page } = browser();
  const drafts = page();
  const draft = drafts.open(NEW);
  draft.hand({ clientId: "a", content: "Hi" }, "next");
  draft.moveTo(drafts.shelf(7));
  draft.settle(["a"]);
  assert.equal(page().open(NEW).text, "");
  assert.equal(page().open(7).text, "next");
});

test("keeps drafts for the page where storage is missing, full or forbidden", () => {
  const no = () => {
    throw new Error("no");
  };
  const forbidden = { getItem: no, setItem: no, removeItem: no, key: no, get length() { return no(); } };
  const full = new FakeStorage();
  full.setItem = no;
  for (const storage of [null, forbidden, full]) {
    const drafts = new Drafts(storage, { owner: 1, page: "page" });
    drafts.open(5).type("five");
    assert.equal(drafts.open(5).text, "five");
    drafts.settle(["a"]);
    drafts.open(5).type("");
    assert.equal(drafts.open(5).text, "");
  }
});

test("does not keep for ever what nobody came back to, nor fails over what is not its own", () => {
  const { page, storage, pass } = browser();
  storage.setItem("parley.draft.1.6.odd", "not json");
  storage.setItem("another", "{}");
  page().open(5).type("five");
  pass(89 * 86_400_000);
  page().settle([]);
  assert.equal(page().open(5).text, "five");
  pass(2 * 86_400_000);
  page().settle([]);
  assert.equal(page().open(5).text, "");
  assert.equal(page().open(6).text, "");
});
