/** The conversation page: what a person does goes out, what the server says comes in. */

import { newClientId } from "../lib/message.js";
import { isPartOnly } from "./found.js";
import { Reply } from "./reply.js";

const OPEN_WITHIN_MS = 2_000;
const ACCEPT_WITHIN_MS = 15_000;
const UNANSWERED = "The server did not answer. Your message is back in the box: try again.";
const NO_NETWORK = "You are offline. Your message is back in the box: try again when you are connected.";

export class ChatPage {
  /** The message on its way: {clientId, content, user, reply, timer, wantsStop} until it is accepted. */
  #pending = null;
  /** The answer being written here, a Reply. */
  #active = null;
  /** Of the message that failed last, so that trying again cannot make two. */
  #failed = null;

  constructor({ app, connection, transcript, composer, sidebar, notices, notice, announce }) {
    Object.assign(this, { app, connection, transcript, composer, sidebar, notices, notice, announce });
    this.conversationId = Number(app.dataset.conversationId) || null;
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
    this.transcript.log.addEventListener("submit", (event) => {
      if (event.target.matches("[data-retry]")) this.#retry(event);
    });
    this.app.addEventListener("submit", (event) => {
      // The answer to the form shows the next page, with its word about an undo.
      if (event.target.matches("[data-delete-form]")) this.isLeaving = true;
    });
    document.addEventListener("visibilitychange", () => this.#noteRead());
    const open = this.transcript.findOpen();
    if (open) this.#follow(open);
  }

  /** Send a message: it is on the page at once, and one message however often it is tried. */
  send({ content }) {
    if (this.#pending || this.#active || this.composer.isClosed) return;
    const isSame = this.#failed?.content === content;
    const clientId = isSame ? this.#failed.clientId : newClientId();
    this.app.querySelector("[data-welcome]")?.toggleAttribute("hidden", true);
    this.#pending = {
      clientId,
      content,
      user: this.transcript.addUser(content, { isSending: true }),
      reply: this.transcript.addReply(),
      wantsStop: false,
      timer: setTimeout(() => this.#undelivered(), OPEN_WITHIN_MS),
    };
    this.composer.take();
    this.composer.isBusy = true;
    this.transcript.jump();
    this.announce("Answering");
    this.#deliver();
  }

  /** Stop the answer, also one that has not begun. */
  stop() {
    if (this.#pending) this.#pending.wantsStop = true;
    else if (this.#active && !this.connection.send({ type: "reply.stop", reply_id: this.#active.id })) {
      this.composer.form.action = this.composer.stopButton.formAction;
      this.composer.form.submit();
      return;
    }
    this.composer.showStopping();
  }

  /** The connection is there (again): a message that waits goes out now. */
  connected() {
    if (this.wasConnected) this.sidebar.refresh();
    this.wasConnected = true;
    this.#noteRead();
    this.#deliver();
  }

  /** The server has said no for good: what was on its way comes back. */
  refused(reason) {
    if (this.#pending) this.#fail(reason);
  }

  /** This person is not let in any more. */
  shutOut(state, reason) {
    this.refused(reason);
    if (state === "suspended") this.composer.close("You cannot write while your account is suspended. Your text is kept in this browser.");
  }

  /** Take one event of the server. */
  take(event) {
    if (event.type === "message.accepted") this.#accepted(event);
    else if (event.type === "message.updated") this.#updated(event);
    else if (event.type === "conversation.updated") this.#conversationUpdated(event);
    else if (event.type === "conversation.activity") this.#activity(event);
    else if (event.type === "notice.created") this.notices.arrived(event);
    else if (event.type === "error") this.#refused(event);
    else if (event.reply_id) this.#replyEvent(event);
  }

  /** Ask the same question again; where the connection is not there, the plain form does. */
  #retry(event) {
    const message = this.transcript.of(event.target);
    if (this.#pending || this.#active) {
      event.preventDefault();
      this.composer.showBusy();
    } else if (this.connection.send({ type: "reply.retry", message_id: message.id })) {
      event.preventDefault();
      this.announce("Trying again");
    }
  }

  #deliver() {
    const turn = this.#pending;
    if (!turn) return;
    const frame = { type: "message.send", conversation_id: this.conversationId, client_id: turn.clientId, content: turn.content, assistant_id: this.composer.assistantId };
    if (!this.connection.send(frame)) return;
    clearTimeout(turn.timer);
    turn.timer = setTimeout(() => this.#fail(UNANSWERED), ACCEPT_WITHIN_MS);
  }

  #undelivered() {
    if (!navigator.onLine) this.#fail(NO_NETWORK);
    else this.composer.submitPlainly(this.#pending.content, this.#pending.clientId);
  }

  #fail(reason) {
    const turn = this.#pending;
    this.#pending = null;
    clearTimeout(turn.timer);
    this.#failed = { clientId: turn.clientId, content: turn.content };
    turn.user.article.remove();
    turn.reply.article.remove();
    if (!this.conversationId) this.app.querySelector("[data-welcome]")?.toggleAttribute("hidden", false);
    this.composer.isBusy = false;
    this.composer.restore(turn.content, reason);
    this.announce("");
  }

  #refused({ code, client_id: clientId, message, correlation_id: correlationId }) {
    if (code === "account_suspended") {
      this.notice.explain(message);
      return;
    }
    if (clientId && clientId === this.#pending?.clientId) this.#fail(message);
    else if (!clientId) this.composer.showProblem(message);
    if (correlationId) this.composer.problem.title = `Request ${correlationId}`;
  }

  #accepted(event) {
    const isMine = event.client_id === this.#pending?.clientId;
    this.sidebar.add({ id: event.conversation_id, title: event.title || event.message.content, url: event.url });
    this.sidebar.setAnswering(event.conversation_id, true);
    this.sidebar.setUnread(event.conversation_id, false);
    if (isMine && isPartOnly(this.transcript.log)) location.assign(event.url);
    else if (isMine) this.#bind(event);
    else if (event.conversation_id === this.conversationId) this.#mirror(event);
  }

  #bind(event) {
    const turn = this.#pending;
    this.#pending = null;
    this.#failed = null;
    clearTimeout(turn.timer);
    turn.user.adopt(event.message.id);
    turn.user.takeFate(event.message);
    turn.user.article.removeAttribute("data-sending");
    turn.reply.adopt(event.reply_id);
    this.composer.accepted(event.conversation_id);
    if (!this.conversationId) this.#open(event);
    this.#follow(turn.reply, { isFollowed: true });
    if (turn.wantsStop) this.stop();
  }

  /** Another tab of this person wrote here, or an answer is tried again: show the same. */
  #mirror({ message, reply_id: replyId }) {
    if (this.transcript.find(replyId)) return;
    const question = this.transcript.find(message.id);
    if (question) this.transcript.dropAfter(question);
    else {
      const asked = this.transcript.addUser(message.content);
      asked.adopt(message.id);
      asked.takeFate(message);
    }
    const reply = this.transcript.addReply();
    reply.adopt(replyId);
    this.#follow(reply);
    this.transcript.keepUp();
  }

  #open({ conversation_id: id, title, url }) {
    this.conversationId = id;
    this.app.dataset.conversationId = id;
    this.app.querySelector("[data-welcome]")?.remove();
    history.pushState(null, "", url);
    for (const part of document.querySelectorAll("[data-action-template]")) {
      part[part.matches("form") ? "action" : "href"] = part.dataset.actionTemplate.replace("/0/", `/${id}/`);
    }
    for (const button of document.querySelectorAll("[data-needs-conversation]")) button.hidden = false;
    this.sidebar.setCurrent(id);
    if (title) this.#title(title);
  }

  #follow(message, { isFollowed = false } = {}) {
    this.#active = new Reply(message, () => this.transcript.keepUp());
    this.composer.isBusy = true;
    this.composer.replyId = message.id;
    this.sidebar.setAnswering(this.conversationId, true);
    this.connection.follow(message.id, () => this.#active?.cursor ?? 0, { isFollowed });
    this.announce("Answering");
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
    this.sidebar.setAnswering(this.conversationId, false);
    this.announce(event.state === "complete" ? "Answer complete" : event.notice);
  }

  #updated(event) {
    if (event.conversation_id === this.conversationId) this.transcript.find(event.message_id)?.update(event);
  }

  #activity({ conversation_id: id, answering, unread }) {
    const isRead = id === this.conversationId && document.visibilityState === "visible";
    this.sidebar.setAnswering(id, answering);
    this.sidebar.setUnread(id, unread && !isRead);
    if (id !== this.conversationId || !unread) return;
    this.isUnread = true;
    this.#noteRead();
  }

  /** Say that what was written here is read, once somebody looks. */
  #noteRead() {
    if (!this.isUnread || document.visibilityState !== "visible") return;
    const frame = { type: "conversation.read", conversation_id: this.conversationId };
    if (this.connection.send(frame)) this.isUnread = false;
  }

  #conversationUpdated({ conversation_id: id, title, deleted, archived, locked }) {
    const isHere = id === this.conversationId;
    if (isHere && locked) this.composer.close(locked);
    else if (isHere && this.composer.isClosed) this.composer.reopen();
    if (deleted) {
      this.sidebar.remove(id);
      if (isHere && !this.isLeaving) location.assign("/");
      return;
    }
    if (archived) this.sidebar.remove(id);
    if (!title) return;
    this.sidebar.rename(id, title);
    if (isHere) this.#title(title);
  }

  #title(title) {
    document.title = `${title} · Parley`;
    for (const shown of this.app.querySelectorAll(".chat-header [data-title]")) shown.textContent = title;
    const input = document.querySelector("[data-title-input]");
    if (input && document.activeElement !== input) input.value = title;
  }
}
