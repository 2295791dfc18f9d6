/** The one connection of a page: comes back by itself, and knows where every followed reply stood. */

const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 10_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const ACK_EVERY_CHARS = 32_768;

export const CLOSE_SIGNED_OUT = 4401;
export const CLOSE_SUSPENDED = 4403;
const CLOSE_RESTART = 1012;

/** How long to wait before the next try; the spread keeps many pages from coming back at once. */
export function reconnectDelay(attempt, code, random) {
  if (code === CLOSE_RESTART && attempt === 0) return 200 + random() * 1300;
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return ceiling / 2 + (random() * ceiling) / 2;
}

export class Connection {
  #socket = null;
  #attempt = 0;
  #timers = { retry: null, ping: null, pong: null };
  #followed = new Map();
  #unacknowledged = 0;
  #cursors = {};
  #isFinal = false;

  /**
   * @param {object} options
   * @param {() => WebSocket} options.connect opens a socket
   * @param {(event: object) => void} options.onEvent takes each event of the server
   * @param {(state: string) => void} options.onState takes connecting, open, reconnecting, offline,
   *   signed_out or suspended
   */
  constructor({ connect, onEvent, onState, clock = globalThis, random = Math.random }) {
    this.connect = connect;
    this.onEvent = onEvent;
    this.onState = onState;
    this.clock = clock;
    this.random = random;
    this.state = "closed";
  }

  get isOpen() {
    return this.state === "open";
  }

  /** Connect, unless it is done or the server has said no for good. */
  open() {
    if (this.#socket || this.#isFinal) return;
    this.#clear("retry");
    this.#setState(this.#attempt === 0 && this.state !== "offline" ? "connecting" : "reconnecting");
    const socket = this.connect();
    this.#socket = socket;
    socket.onopen = () => this.#opened(socket);
    socket.onmessage = (message) => this.#received(socket, message.data);
    socket.onclose = (close) => this.#closed(socket, close.code);
    socket.onerror = () => {};
  }

  /** Leave for now (the page goes into the back-forward cache). */
  close() {
    this.#drop();
    this.#setState("closed");
  }

  /** The browser says there is no network: stop trying until `online`. */
  offline() {
    if (this.#isFinal) return;
    this.#drop();
    this.#setState("offline");
  }

  /** The network is back: try at once. */
  online() {
    this.#attempt = 0;
    this.open();
  }

  /** Send a frame now; false when there is no connection, and then nothing was sent. */
  send(frame) {
    if (!this.isOpen) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /**
   * Follow a reply until `unfollow`, through every reconnect, from where `cursorOf` says it is. The
   * answer to a message sent here is followed by the server without being asked (`isFollowed`).
   */
  follow(replyId, cursorOf, { isFollowed = false } = {}) {
    this.#followed.set(replyId, cursorOf);
    if (!isFollowed) this.send({ type: "reply.follow", reply_id: replyId, cursor: cursorOf() });
  }

  unfollow(replyId) {
    this.#followed.delete(replyId);
    delete this.#cursors[replyId];
  }

  /** Note that text was taken, and tell the server now and then, so that it goes on sending. */
  acknowledge(replyId, cursor, size) {
    this.#cursors[replyId] = cursor;
    this.#unacknowledged += size;
    if (this.#unacknowledged < ACK_EVERY_CHARS) return;
    this.#unacknowledged = 0;
    this.send({ type: "ack", cursors: { ...this.#cursors } });
  }

  #opened(socket) {
    if (socket !== this.#socket) return;
    this.#unacknowledged = 0;
    this.#setState("open");
    this.#later("ping", PING_EVERY_MS, () => this.#ping());
    for (const [replyId, cursorOf] of this.#followed) {
      this.send({ type: "reply.follow", reply_id: replyId, cursor: cursorOf() });
    }
  }

  #received(socket, data) {
    if (socket !== this.#socket) return;
    this.#attempt = 0;
    this.#clear("pong");
    let event;
    try {
      event = JSON.parse(data);
    } catch {
      return;
    }
    if (event.type !== "pong") this.onEvent(event);
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#drop();
    if (code === CLOSE_SIGNED_OUT || code === CLOSE_SUSPENDED) {
      this.#isFinal = true;
      this.#setState(code === CLOSE_SIGNED_OUT ? "signed_out" : "suspended");
      return;
    }
    this.#setState("reconnecting");
    this.#later("retry", reconnectDelay(this.#attempt, code, this.random), () => this.open());
    this.#attempt += 1;
  }

  #ping() {
    this.send({ type: "ping" });
    this.#later("ping", PING_EVERY_MS, () => this.#ping());
    // A network that died without a word is only noticed by the answer that does not come.
    this.#later("pong", PONG_WITHIN_MS, () => {
      const socket = this.#socket;
      this.#closed(socket, 1006);
      socket?.close();
    });
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    for (const name of Object.keys(this.#timers)) this.#clear(name);
    if (socket && socket.readyState <= 1) socket.close();
  }

  #later(name, delay, run) {
    this.#clear(name);
    this.#timers[name] = this.clock.setTimeout(run, delay);
  }

  #clear(name) {
    this.clock.clearTimeout(this.#timers[name]);
    this.#timers[name] = null;
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.onState(state);
  }
}
