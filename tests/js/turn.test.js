import assert from "node:assert/strict";
import { test } from "node:test";

import { CurrentTurn } from "../../static/js/lib/turn.js";
import { FakeClock } from "./clock.js";

const SEND = { kind: "send", clientId: "a" };
const EDIT = { kind: "edit", clientId: "b" };
const RETRY = { kind: "retry" };
const REPLY = { id: 7 };

/** A page that writes down what it is asked to do; its connection is as open as one says. */
function setUp({ isOpen = false, isOnline = true } = {}) {
  const clock = new FakeClock();
  const world = { isOpen, isOnline, did: [] };
  const does = (name) => (...what) => void world.did.push([name, ...what]);
  const tries = (name) => (what) => {
    if (world.isOpen) world.did.push([name, what]);
    return world.isOpen;
  };
  const page = { deliver: tries("deliver"), stop: tries("stop"), isOnline: () => world.isOnline };
  for (const name of ["submit", "stopPlainly", "fail", "look", "doubt"]) page[name] = does(name);
  const turn = new CurrentTurn(page, clock);
  const connect = () => {
    world.isOpen = true;
    turn.opened();
  };
  if (isOpen) connect();
  return { turn, clock, world, connect, did: () => world.did.splice(0) };
}

test("sends at once, and gives up when the server says nothing", () => {
  const { turn, clock, did } = setUp({ isOpen: true });
  turn.begin(SEND);
  assert.deepEqual(did(), [["deliver", SEND]]);
  clock.pass(14_999);
  assert.deepEqual(did(), []);
  clock.pass(1);
  assert.deepEqual(did(), [["fail", SEND, "unanswered"]]);
  assert.equal(turn.isIdle, true);
});

test("is done with a turn that the server has", () => {
  const { turn, clock, did } = setUp({ isOpen: true });
  turn.begin(SEND);
  assert.equal(turn.accept(), SEND);
  turn.follow(REPLY);
  clock.pass(60_000);
  assert.deepEqual(did(), [["deliver", SEND]]);
  assert.equal(turn.isIdle, false);
  turn.finish();
  assert.equal(turn.isIdle, true);
});

test("leaves a message to the plain form only where there has never been a connection", () => {
  const { turn, clock, did } = setUp();
  turn.begin(SEND);
  clock.pass(2_000);
  assert.deepEqual(did(), [["submit", SEND]]);
});

test("waits for a server that went away, and then says so; it never leaves the page for it", () => {
  const { turn, clock, world, did } = setUp({ isOpen: true });
  world.isOpen = false;
  turn.begin(SEND);
  clock.pass(14_999);
  assert.deepEqual(did(), []);
  clock.pass(1);
  assert.deepEqual(did(), [["fail", SEND, "unanswered"]]);
});

test("sends what waited as soon as the server is back, and looks at what was missed after that", () => {
  const { turn, clock, world, connect, did } = setUp({ isOpen: true });
  world.isOpen = false;
  turn.begin(SEND);
  clock.pass(9_000);
  connect();
  assert.deepEqual(did(), [["deliver", SEND]]);
  clock.pass(14_000);
  turn.accept();
  turn.follow(REPLY);
  assert.deepEqual(did(), [["look"]]);
});

test("gives a message back without a network, and one that never left when it is stopped", () => {
  const { turn, clock, did } = setUp({ isOnline: false });
  turn.begin(EDIT);
  clock.pass(2_000);
  assert.deepEqual(did(), [["fail", EDIT, "offline"]]);
  turn.begin(SEND);
  turn.stop();
  assert.deepEqual(did(), [["fail", SEND, ""]]);
  clock.pass(60_000);
  assert.deepEqual(did(), []);
});

test("sends again what was out when the connection went, under the same id", () => {
  const { turn, world, connect, did } = setUp({ isOpen: true });
  turn.begin(EDIT);
  world.isOpen = false;
  connect();
  assert.deepEqual(did(), [["deliver", EDIT], ["deliver", EDIT]]);
  turn.wantLook();
  assert.deepEqual(did(), []);
  turn.fail("It broke.", "id");
  assert.deepEqual(did(), [["fail", EDIT, "It broke.", "id"], ["look"]]);
});

test("never asks twice for another answer: it looks whether the server had heard", () => {
  const { turn, clock, world, connect, did } = setUp({ isOpen: true });
  turn.begin(RETRY);
  world.isOpen = false;
  connect();
  assert.deepEqual(did(), [["deliver", RETRY], ["fail", RETRY, ""], ["look"]]);
  turn.follow(REPLY);
  turn.looked();
  clock.pass(60_000);
  assert.deepEqual(did(), []);
});

test("has the page find out whether a retry was heard where no answer is being written", () => {
  const { turn, connect, did } = setUp({ isOpen: true });
  turn.begin(RETRY);
  connect();
  did();
  turn.looked();
  assert.deepEqual(did(), [["doubt", RETRY]]);
  turn.looked();
  assert.deepEqual(did(), []);
});

test("looks again, each time later, until it has seen what the server shows, and at once on a new connection", () => {
  const { turn, clock, connect, did } = setUp({ isOpen: true });
  turn.wantLook();
  for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
    assert.deepEqual(did(), [["look"]]);
    turn.missed();
    clock.pass(seconds * 1_000 - 1);
    assert.deepEqual(did(), []);
    clock.pass(1);
  }
  turn.missed();
  did();
  connect();
  assert.deepEqual(did(), [["look"]]);
  turn.missed();
  clock.pass(1_000);
  assert.deepEqual(did(), [["look"]]);
  turn.looked();
  clock.pass(120_000);
  assert.deepEqual(did(), []);
});

test("doubts no retry before it has seen what the server shows", () => {
  const { turn, clock, connect, did } = setUp({ isOpen: true });
  turn.begin(RETRY);
  connect();
  turn.missed();
  did();
  clock.pass(1_000);
  assert.deepEqual(did(), [["look"]]);
  turn.looked();
  assert.deepEqual(did(), [["doubt", RETRY]]);
});

test("keeps a stop that was said before there was an answer", () => {
  const { turn, did } = setUp({ isOpen: true });
  turn.begin(SEND);
  turn.stop();
  assert.deepEqual(did(), [["deliver", SEND]]);
  turn.accept();
  turn.follow(REPLY);
  assert.deepEqual(did(), [["stop", REPLY]]);
});

test("says a stop again after each reconnect until the answer has ended", () => {
  const { turn, world, connect, did } = setUp({ isOpen: true });
  turn.follow(REPLY);
  turn.stop();
  connect();
  world.isOpen = false;
  turn.stop();
  connect();
  assert.deepEqual(did(), [["stop", REPLY], ["stop", REPLY], ["look"], ["stop", REPLY], ["look"]]);
  turn.finish();
  connect();
  turn.follow({ id: 8 });
  assert.deepEqual(did(), [["look"]]);
});

test("stops by the plain form only where there has never been a connection", () => {
  const { turn, did } = setUp();
  turn.follow(REPLY);
  turn.stop();
  assert.deepEqual(did(), [["stopPlainly"]]);
});
