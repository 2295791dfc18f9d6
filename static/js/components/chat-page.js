/** The conversation page: what a person does goes out, what the server says comes in. */

import { newClientId } from "../lib/message.js";
import { t } from "../lib/words.js";
import { Branches } from "./branches.js";
import { CatchUp } from "./catch-up.js";
import { Editor } from "./editor.js";
import { isPartOnly } from "./found.js";
import { OpenConversation } from "./open-conversation.js";
import { Ratings } from "./rating.js";
import { Reply } from "./reply.js";

const OPEN_WITHIN_MS = 2_000;
const ACCEPT_WITHIN_MS = 15_000;
const LOOK_AGAIN_WITHIN_MS = 1_000;
const UNANSWERED = t("The server did not answer. Your message is back in the box: try again.");
const UNREPEATED = t("The server did not answer. Try again.");
const BUSY = t("One answer at a time: wait until this one is complete, or stop it.");
const AWAY = t("You are offline. Try again when you are connected.");
const NO_NETWORK = t("You are offline. Your message is back in the box: try again when you are connected.");

export class ChatPage {
  /**
   * The turn on its way until it is accepted: {clientId, content, user, reply, timer, isOut, wantsStop}, with
   * what it takes the place of, {edits or retries: Message, removed: Node[]}, where it makes a version.
   */
  #pending = null;
  /** The answer being written here, a Reply. */
  #active = null;
  /** Of the message that failed last, so that trying again cannot make two. */
  #failed = null;

  constructor({ app, connection, transcript, composer, sidebar, notices, notice, announce }) {
    Object.assign(this, { app, connection, transcript, composer, sidebar, notices, notice, announce });
    this.conversation = new OpenConversation({ app, connection, composer, sidebar });
    const { log } = transcript;
    this.branches = new Branches({ connection, transcript, announce });
    this.catchUp = new CatchUp(transcript);
    this.editor = new Editor({ log, transcript, limit: composer.limit, onSend: (edit) => this.send(edit) });
    this.ratings = new Ratings({ log, announce, complain: (reason) => composer.showProblem(reason) });
  }

  start() {
    this.composer.form.addEventListener("composer:send", (event) => this.send(event.detail));
    this.composer.form.addEventListener("composer:stop", () => this.stop());
    for (const form of this.app.querySelectorAll("[data-suggestions]")) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.send({ content: event.submitter.value });
      });
    }
    this.app.querySelector("[data-message-form]").addEventListener("submit", (event) => this.#pressed(event));
    this.conversation.start();
    this.#followOpen();
  }

  /** Send a message: it is on the page at once, and one message however often it is tried. */
  send({ content, edits = null }) {
    if (this.composer.isClosed) return;
    if (this.#pending || this.#active) {
      this.editor.complain(BUSY);
      return;
    }
    const isSame = this.#failed?.content === content && this.#failed.edits === edits?.id;
    const clientId = isSame ? this.#failed.clientId : newClientId();
    this.app.querySelector("[data-welcome]")?.toggleAttribute("hidden", true);
    this.editor.close();
    this.#pending = {
      clientId,
      content,
      edits,
      removed: edits ? this.transcript.takeFrom(edits) : [],
      user: this.transcript.addUser(content, { isSending: true }),
      reply: this.transcript.addReply(),
      wantsStop: false,
      timer: setTimeout(() => this.#undelivered(), OPEN_WITHIN_MS),
    };
    if (edits) this.composer.focus();
    else this.composer.take(content);
    this.composer.isBusy = true;
    this.transcript.jump();
    this.announce(t("Answering"));
    this.#deliver();
  }

  /** Stop the answer, also one that has not begun. */
  stop() {
    // What never left this page need not: its text comes back.
    if (this.#pending && !this.#pending.isOut) return this.#fail("");
    if (this.#pending) this.#pending.wantsStop = true;
    else if (this.#active) this.#stopActive();
    this.composer.showStopping();
  }

  /** It stops when the connection is back; where there has never been one, the plain form does it. */
  #stopActive() {
    const frame = { type: "reply.stop", reply_id: this.#active.id };
    this.#active.wantsStop = !this.connection.send(frame);
    if (this.#active.wantsStop && !this.wasConnected) this.composer.stopPlainly();
  }

  /** The connection is there (again): a message that waits goes out now. */
  connected() {
    if (this.wasConnected) this.#lookAgain();
    this.wasConnected = true;
    this.conversation.noteRead();
    if (this.#active?.wantsStop) this.stop();
    this.#deliver();
  }

  /** This person is not let in any more: what was on its way comes back. */
  shutOut(state, reason) {
    if (this.#pending) this.#fail(this.#pending.retries ? UNREPEATED : reason);
    if (state === "suspended") this.composer.close(t("You cannot write while your account is suspended. Your text is kept in this browser."));
  }

  /** Take one event of the server. */
  take(event) {
    const isHere = event.conversation_id === this.conversation.id;
    this.catchUp.note(event);
    if (event.type === "message.accepted") this.#accepted(event);
    else if (event.type === "message.updated") isHere && this.transcript.find(event.message_id)?.update(event);
    else if (event.type === "branch.shown") isHere && this.branches.shown(event);
    else if (event.type === "conversation.updated") this.conversation.updated(event);
    else if (event.type === "conversation.activity") this.conversation.activity(event);
    else if (event.type === "page.missed") setTimeout(() => this.#lookAgain(), Math.random() * LOOK_AGAIN_WITHIN_MS);
    else if (event.type === "notice.created") this.notices.arrived(event);
    else if (event.type === "error") this.#refused(event);
    else if (event.reply_id) this.#replyEvent(event);
  }

  /** A button of a message was pressed; what cannot be done here the plain form does. */
  #pressed(event) {
    const button = event.submitter;
    if (button.matches("[data-rate]")) {
      event.preventDefault();
      this.ratings.press(button);
    } else if (this.#pending || this.#active) {
      event.preventDefault();
      this.composer.showBusy();
    } else if (!navigator.onLine) {
      event.preventDefault();
      this.composer.showProblem(AWAY);
    } else if (button.matches("[data-version]") ? this.branches.choose(button) : this.#retry(button)) {
      event.preventDefault();
    }
  }

  /** Ask the same question again; false where the connection is not there. */
  #retry(button) {
    const message = this.transcript.of(button);
    if (!this.connection.send({ type: "reply.retry", message_id: message.id })) return false;
    const removed = this.transcript.takeFrom(message);
    const timer = setTimeout(() => this.#fail(UNREPEATED), ACCEPT_WITHIN_MS);
    this.#pending = { retries: message, removed, reply: this.transcript.addReply(), isOut: true, wantsStop: false, timer };
    this.composer.isBusy = true;
    this.composer.focus();
    this.transcript.jump();
    this.announce(t("Answering"));
    return true;
  }

  #deliver() {
    const turn = this.#pending;
    if (!turn || turn.retries) return;
    const { clientId, content, edits } = turn;
    const frame = { type: "message.send", conversation_id: this.conversation.id, client_id: clientId, content, assistant_id: this.composer.assistantId };
    if (edits) frame.edits_message_id = edits.id;
    if (!this.connection.send(frame)) return;
    turn.isOut = true;
    clearTimeout(turn.timer);
    turn.timer = setTimeout(() => this.#fail(UNANSWERED), ACCEPT_WITHIN_MS);
  }

  #undelivered() {
    const { content, clientId, edits } = this.#pending;
    if (!navigator.onLine) this.#fail(NO_NETWORK);
    else if (edits) this.#fail(UNANSWERED);
    else this.composer.submitPlainly(content, clientId);
  }

  #fail(reason, requestId = "") {
    const turn = this.#pending;
    this.#pending = null;
    clearTimeout(turn.timer);
    this.#failed = { clientId: turn.clientId, content: turn.content, edits: turn.edits?.id };
    turn.user?.article.remove();
    turn.reply.article.remove();
    this.transcript.giveBack(turn.removed ?? []);
    if (!this.conversation.id) this.app.querySelector("[data-welcome]")?.toggleAttribute("hidden", false);
    this.composer.isBusy = false;
    if (turn.edits) this.editor.open(turn.edits, turn.content, reason);
    else if (turn.retries) this.composer.showProblem(reason, { requestId });
    else this.composer.restore(turn.content, reason, requestId);
    this.announce("");
  }

  #refused({ code, client_id: clientId, message, correlation_id: correlationId }) {
    if (code === "account_suspended") {
      this.notice.explain(message);
      return;
    }
    const isMine = clientId ? clientId === this.#pending?.clientId : this.#pending?.retries;
    if (isMine) this.#fail(message, correlationId);
    else if (!clientId) this.composer.showProblem(message, { requestId: correlationId });
  }

  #accepted(event) {
    const turn = this.#pending;
    const question = turn?.retries ? this.transcript.find(event.message.id) : null;
    const isMine = turn?.retries ? question !== null : event.client_id === turn?.clientId;
    const isLate = !isMine && event.client_id && event.client_id === this.#failed?.clientId;
    if (isLate && !event.message.hidden) this.#arrivedLate(event);
    this.sidebar.add({ id: event.conversation_id, title: event.title || event.message.content, url: event.url });
    this.sidebar.setAnswering(event.conversation_id, true);
    this.sidebar.setUnread(event.conversation_id, false);
    if (isMine && isPartOnly(this.transcript.log)) location.assign(event.url);
    else if (isMine) this.#bind(event);
    else if (event.conversation_id === this.conversation.id) this.#mirror(event);
  }

  #bind(event) {
    const turn = this.#pending;
    this.#pending = null;
    this.#failed = null;
    clearTimeout(turn.timer);
    // Whoever asks twice may be shown already what the first time has made.
    this.transcript.drop(turn.user ? [event.message.id, event.reply_id] : [event.reply_id]);
    turn.user?.adopt(event.message.id);
    turn.user?.takeFate(event.message);
    turn.user?.article.removeAttribute("data-sending");
    turn.reply.adopt(event.reply_id);
    (turn.user ?? turn.reply).showBranching(event.branching);
    if (!turn.removed?.length) this.composer.accepted(event.conversation_id);
    if (!this.conversation.id) this.conversation.open(event);
    this.#follow(turn.reply, { isFollowed: !event.message.hidden });
    if (event.message.hidden && turn.content) this.#giveBack(turn, event.message.notice);
    else if (turn.wantsStop) this.stop();
  }

  /** A message that was given up has arrived: it is no draft any more, and is shown where it belongs. */
  #arrivedLate({ url }) {
    const { content, edits } = this.#failed;
    this.#failed = null;
    if (edits) this.editor.close();
    else this.composer.retract(content);
    if (!this.conversation.id) location.assign(url);
  }

  /** Policy kept a message back: its placeholder stands here, and its writer keeps their words. */
  #giveBack(turn, reason) {
    this.#failed = { clientId: turn.clientId, content: turn.content, edits: turn.edits?.id };
    this.composer.restore(turn.content, reason);
  }

  /** Another tab of this person wrote here, or an answer is tried again: show the same. */
  #mirror(event) {
    const reply = this.transcript.mirror(event);
    if (!reply) return;
    this.#follow(reply);
    this.transcript.keepUp();
  }

  /** Show what happened here while there was no connection. */
  async #lookAgain() {
    this.sidebar.refresh();
    if (!this.conversation.id || isPartOnly(this.transcript.log)) return;
    await this.catchUp.run(this.conversation.id);
    if (!this.#pending && !this.#active) this.#followOpen();
  }

  #followOpen() {
    const open = this.transcript.findOpen();
    if (open) this.#follow(open);
  }

  #follow(message, { isFollowed = false } = {}) {
    this.#active = new Reply(message, () => this.transcript.keepUp());
    this.composer.isBusy = true;
    this.composer.replyId = message.id;
    this.sidebar.setAnswering(this.conversation.id, true);
    this.connection.follow(message.id, () => this.#active?.cursor ?? 0, { isFollowed });
    this.announce(t("Answering"));
  }

  #replyEvent(event) {
    const reply = this.#active;
    if (reply?.id !== event.reply_id) return;
    const kind = reply.apply(event);
    if (kind === "gap") this.connection.follow(reply.id, () => reply.cursor);
    if (event.text) this.connection.acknowledge(reply.id, reply.cursor, event.text.length);
    if (kind !== "finished") return;
    this.#active = null;
    this.connection.unfollow(reply.id);
    this.composer.isBusy = false;
    this.sidebar.setAnswering(this.conversation.id, false);
    // What failed is an alert of its own; said here too it would be heard twice.
    if (event.state !== "failed") this.announce(event.state === "complete" ? t("Answer complete") : event.notice);
  }
}
