import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection, reconnectDelay } from "../../static/js/lib/socket.js";
import { FakeClock } from "./clock.js";

class FakeSocket {
  readyState = 0;
  sent = [];
  open() {
    this.readyState = 1;
    this.onopen();
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  receive(event) {
    this.onmessage({ data: JSON.stringify(event) });
  }
  drop(code = 1006) {
    this.readyState = 3;
    this.onclose({ code });
  }
  close() {
    this.readyState = 3;
  }
}

function setUp() {
  const sockets = [];
  const states = [];
  const events = [];
  const clock = new FakeClock();
  const connection = new Connection({
    connect: () => sockets[sockets.push(new FakeSocket()) - 1],
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    clock,
    random: () => 0.5,
  });
  return { connection, sockets, states, events, clock };
}

test("opens, passes events on and keeps pongs to itself", () => {
  const { connection, sockets, states, events } = setUp();
  connection.open();
  assert.equal(connection.send({ type: "ping" }), false);
  sockets[0].open();
  sockets[0].receive({ type: "pong" });
  sockets[0].receive({ type: "reply.started", reply_id: 3 });
  assert.deepEqual(states, ["connecting", "open"]);
  assert.deepEqual(events, [{ type: "reply.started", reply_id: 3 }]);
});

test("comes back and follows every reply from where it stood", () => {
  const { connection, sockets, states, clock } = setUp();
  let cursor = 5;
  connection.open();
  sockets[0].open();
  connection.follow(7, () => cursor);
  connection.follow(8, () => 0);
  connection.unfollow(8);
  cursor = 9;
  sockets[0].drop();
  assert.equal(connection.send({ type: "ping" }), false);
  clock.pass(20_000);
  sockets[1].open();
  assert.deepEqual(states, ["connecting", "open", "reconnecting", "open"]);
  assert.deepEqual(sockets[0].sent.at(0), { type: "reply.follow", reply_id: 7, cursor: 5 });
  assert.deepEqual(sockets[1].sent, [{ type: "reply.follow", reply_id: 7, cursor: 9 }]);
});

test("waits longer after each failure, but never beyond the limit", () => {
  const delays = [0, 1, 2, 3, 9].map((attempt) => reconnectDelay(attempt, 1006, () => 1));
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 15_000]);
  assert.equal(reconnectDelay(9, 1006, () => 0), 7500);
  assert.equal(reconnectDelay(0, 1012, () => 0), 200);
  assert.equal(reconnectDelay(0, 1012, () => 1), 1500);
});

test("pings, and takes a silent connection for a dead one", () => {
  const { connection, sockets, states, clock } = setUp();
  connection.open();
  sockets[0].open();
  clock.pass(25_000);
  assert.deepEqual(sockets[0].sent, [{ type: "ping" }]);
  sockets[0].receive({ type: "pong" });
  clock.pass(25_000);
  clock.pass(9_999);
  assert.equal(sockets.length, 1);
  clock.pass(2_000);
  assert.equal(sockets.length, 2);
  assert.equal(sockets[0].readyState, 3);
  assert.equal(states.at(-1), "reconnecting");
});

for (const [code, state] of [[4401, "signed_out"], [4403, "suspended"]]) {
  test(`stays away after close code ${code}`, () => {
    const { connection, sockets, states, clock } = setUp();
    connection.open();
    sockets[0].open();
    sockets[0].drop(code);
    clock.pass(600_000);
    connection.online();
    assert.equal(sockets.length, 1);
    assert.equal(states.at(-1), state);
  });
}

test("waits for the network while offline and tries at once when it is back", () => {
  const { connection, sockets, states, clock } = setUp();
  connection.open();
  sockets[0].open();
  connection.offline();
  clock.pass(600_000);
  assert.equal(sockets.length, 1);
  connection.online();
  assert.equal(sockets.length, 2);
  sockets[0].onclose({ code: 1006 });
  assert.deepEqual(states, ["connecting", "open", "offline", "reconnecting"]);
});

test("acknowledges after 32 kB of text, not every piece", () => {
  const { connection, sockets } = setUp();
  connection.open();
  sockets[0].open();
  for (let count = 1; count <= 9; count += 1) connection.acknowledge(4, count * 4_000, 4_000);
  assert.deepEqual(sockets[0].sent, [{ type: "ack", cursors: { 4: 36_000 } }]);
});
