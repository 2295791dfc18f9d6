/** The conversation page: what a person does goes out, what the server says comes in. */

import { newClientId } from "../lib/message.js";
import { CurrentTurn } from "../lib/turn.js";
import { t } from "../lib/words.js";
import { Branches } from "./branches.js";
import { CatchUp } from "./catch-up.js";
import { Editor } from "./editor.js";
import { Following } from "./following.js";
import { isPartOnly } from "./found.js";
import { OpenConversation } from "./open-conversation.js";
import { Ratings } from "./rating.js";
import { absence, BUSY, REASONS, SHUT_OUT, UNREPEATED, UNSENT } from "./reasons.js";

const LOOK_AGAIN_WITHIN_MS = 1_000;

export class ChatPage {
  constructor({ app, connection, transcript, composer, drafts, sidebar, notices, notice, announce }) {
    Object.assign(this, { app, connection, transcript, composer, drafts, sidebar, notices, notice, announce });
    this.conversation = new OpenConversation({ app, connection, composer, sidebar, log: transcript.log });
    const { log } = transcript;
    this.branches = new Branches({ connection, transcript, announce });
    this.editor = new Editor({ log, transcript, drafts, limit: composer.limit, onSend: (edit) => this.send(edit), onReleased: () => this.turn.wantLook() });
    this.catchUp = new CatchUp({ transcript, conversation: this.conversation, hold: () => this.editor.hold() });
    this.ratings = new Ratings({ log, announce, complain: (reason) => composer.showProblem(reason) });
    this.turn = new CurrentTurn({
      deliver: (turn) => this.#deliver(turn),
      submit: (turn) => composer.submitPlainly(turn.content, turn.clientId),
      stop: (reply) => connection.send({ type: "reply.stop", reply_id: reply.id }),
      stopPlainly: () => composer.stopPlainly(),
      fail: (turn, reason, requestId) => this.#failed(turn, REASONS[reason] ?? reason, requestId),
      look: () => this.#look(),
      doubt: ({ retries }) => transcript.find(retries.id) && composer.showProblem(UNREPEATED),
      isOnline: () => navigator.onLine,
    });
    this.following = new Following({ turn: this.turn, connection, transcript, composer, sidebar, conversation: this.conversation, announce });
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
    const buttons = this.app.querySelector("[data-message-form]");
    buttons.addEventListener("submit", (event) => this.#pressed(event));
    buttons.addEventListener("formdata", ({ formData }) => formData.set("assistant_id", this.composer.assistantId ?? ""));
    this.conversation.start();
    this.following.goOn();
  }

  /** Send a message: it is on the page at once, and one message however often it is tried. */
  send({ content, edits = null }) {
    if (this.composer.isClosed) return;
    if (this.connection.state === "signed_out") return this.#complain(UNSENT, edits);
    if (!this.turn.isIdle) return this.#complain(BUSY, edits);
    const draft = edits ? this.editor.draft : this.composer.draft;
    const clientId = draft.clientIdOf(content) ?? newClientId();
    this.app.querySelector("[data-welcome]")?.toggleAttribute("hidden", true);
    if (edits) draft.hand({ clientId, content });
    else this.composer.take({ clientId, content });
    this.editor.close();
    const removed = edits ? this.transcript.takeFrom(edits) : [];
    const user = this.transcript.addUser(content, { isSending: true });
    this.#begin({ kind: edits ? "edit" : "send", clientId, content, edits, removed, user });
  }

  /** Show that a turn is on its way, and send it. */
  #begin(turn) {
    if (turn.kind !== "send") this.composer.focus();
    turn.reply = this.transcript.addReply();
    this.composer.isBusy = true;
    this.transcript.jump();
    this.announce(t("Answering"));
    this.turn.begin(turn);
  }

  /** Stop the answer, also one that has not begun. */
  stop() {
    this.turn.stop();
    if (!this.turn.isIdle) this.composer.showStopping();
  }

  /** The connection is there (again): a message that waits goes out now. */
  connected() {
    this.conversation.noteRead();
    this.turn.opened();
  }

  /** This person is not let in any more: what was on its way comes back, and nothing more of an answer arrives. */
  shutOut(state) {
    if (this.turn.pending) this.turn.fail(state === "signed_out" ? UNSENT : SHUT_OUT);
    this.following.breakOff(state);
    if (state === "suspended") this.composer.close(t("You cannot write while your account is suspended. Your text is kept in this browser."));
  }

  /** Take one event of the server. */
  take(event) {
    const isHere = event.conversation_id === this.conversation.id;
    this.catchUp.note(event);
    if (event.type === "message.accepted") this.#accepted(event);
    else if (event.type === "message.updated") isHere && this.#updated(event);
    else if (event.type === "branch.shown") isHere && this.#branchShown(event);
    else if (event.type === "conversation.updated") this.conversation.updated(event);
    else if (event.type === "conversation.activity") this.conversation.activity(event);
    else if (event.type === "page.missed") setTimeout(() => this.turn.wantLook(), Math.random() * LOOK_AGAIN_WITHIN_MS);
    else if (event.type === "notice.created") this.notices.arrived(event);
    else if (event.type === "error") this.#refused(event);
    else if (event.reply_id) this.following.take(event);
  }

  /** A button of a message was pressed; what cannot be done here the plain form does. */
  #pressed(event) {
    const button = event.submitter;
    if (button.matches("[data-rate]")) {
      event.preventDefault();
      this.ratings.press(button);
      return;
    }
    this.editor.close();
    const reason = absence(this.connection, this.turn);
    if (!this.turn.isIdle || reason) {
      event.preventDefault();
      if (!this.turn.isIdle) this.composer.showBusy();
      else this.composer.showProblem(reason);
    } else if (button.matches("[data-version]") ? this.branches.choose(button) : this.#retry(button)) {
      event.preventDefault();
    }
  }

  #complain(reason, edits) {
    return edits ? this.editor.complain(reason) : this.composer.showProblem(reason);
  }

  /** Ask the same question again; false where there has been no connection yet. */
  #retry(button) {
    if (!this.connection.isOpen) return false;
    const message = this.transcript.of(button);
    this.#begin({ kind: "retry", retries: message, removed: this.transcript.takeFrom(message) });
    return true;
  }

  #deliver({ kind, retries, clientId, content, edits }) {
    if (kind === "retry") return this.connection.send({ type: "reply.retry", message_id: retries.id, assistant_id: this.composer.assistantId });
    const frame = { type: "message.send", conversation_id: this.conversation.id, client_id: clientId, content, assistant_id: this.composer.assistantId };
    if (edits) frame.edits_message_id = edits.id;
    return this.connection.send(frame);
  }

  /** Take a turn back that did not get through, and give its text back. */
  #failed({ kind, content, edits, user, reply, removed }, reason, requestId = "") {
    user?.article.remove();
    reply.article.remove();
    this.transcript.giveBack(removed);
    if (!this.conversation.id) this.app.querySelector("[data-welcome]")?.toggleAttribute("hidden", false);
    this.composer.isBusy = false;
    if (kind === "edit") this.editor.open(edits, reason);
    else if (kind === "send") this.composer.restore(content, reason, requestId);
    else this.composer.showProblem(reason === REASONS.unanswered ? UNREPEATED : reason, { requestId });
    this.announce("");
  }

  #refused({ code, client_id: clientId, message, correlation_id: correlationId }) {
    if (code === "account_suspended") {
      this.notice.explain(message);
      return;
    }
    const { pending } = this.turn;
    const isMine = clientId ? clientId === pending?.clientId : pending?.kind === "retry";
    if (isMine) this.turn.fail(message, correlationId);
    else if (!clientId) this.composer.showProblem(message, { requestId: correlationId });
  }

  #accepted(event) {
    const { pending } = this.turn;
    const isAgain = pending?.kind === "retry" && this.transcript.find(event.message.id) !== null;
    const isMine = isAgain || (pending && event.client_id === pending.clientId);
    this.sidebar.add({ id: event.conversation_id, title: event.title || event.message.content, url: event.url });
    this.sidebar.setAnswering(event.conversation_id, true);
    this.sidebar.setUnread(event.conversation_id, false);
    if (isMine && isPartOnly(this.transcript.log)) this.#leaveFor(event);
    else if (isMine) this.#bind(event);
    else if (!event.message.hidden && this.#arrived([event.client_id]) && !this.conversation.id) location.assign(event.url);
    else if (event.conversation_id === this.conversation.id) this.#mirror(event);
  }

  /** The page shows an older part: the new turn is at the end, on a page of its own. */
  #leaveFor({ client_id: clientId, url }) {
    this.composer.settle([clientId]);
    this.drafts.settle([clientId]);
    location.assign(url);
  }

  #bind(event) {
    const turn = this.turn.accept();
    // Whoever asks twice may be shown already what the first time has made.
    this.transcript.drop(turn.user ? [event.message.id, event.reply_id] : [event.reply_id]);
    turn.user?.adopt(event.message.id);
    turn.user?.takeFate(event.message);
    turn.user?.article.removeAttribute("data-sending");
    turn.reply.adopt(event.reply_id);
    (turn.user ?? turn.reply).showBranching(event.branching);
    if (!this.conversation.id) this.conversation.open(event);
    const isKeptBack = event.message.hidden && turn.kind !== "retry";
    if (turn.clientId && !isKeptBack) this.#arrived([turn.clientId]);
    this.following.begin(turn.reply, { isOwn: true, isFollowed: !event.message.hidden });
    // Policy kept a message back: its placeholder stands here, and its writer keeps their words.
    if (isKeptBack) this.composer.restore(turn.content, event.message.notice);
  }

  /** The server has these messages: they are no drafts any more; tells whether one of them was given up here. */
  #arrived(clientIds) {
    this.drafts.settle(clientIds);
    const isOfEditor = this.editor.draft?.settle(clientIds) ?? false;
    if (isOfEditor) this.editor.close();
    return this.composer.settle(clientIds) || isOfEditor;
  }

  /** Another tab of this person wrote here, or an answer is tried again: show the same. */
  #mirror(event) {
    if (isPartOnly(this.transcript.log)) return;
    if (this.turn.pending) return this.turn.wantLook();
    if (this.transcript.wouldTear(event.branching)) return this.editor.hold();
    const reply = this.transcript.mirror(event);
    if (!reply) return;
    this.following.begin(reply);
    this.transcript.keepUp();
  }

  /** Staff hid or restored a message; one that a turn on its way has taken off the page may come back with it. */
  #updated(event) {
    const message = this.transcript.find(event.message_id);
    if (message) message.update(event);
    else if (this.turn.pending) this.turn.wantLook();
  }

  #branchShown(event) {
    if (this.turn.pending) this.turn.wantLook();
    else if (this.transcript.wouldTear(event)) this.editor.hold();
    else this.branches.shown(event);
  }

  /** Show what happened here while there was no connection. */
  async #look() {
    // What is back looks anyway.
    if (!this.connection.isOpen) return;
    const [listed, asKnown] = [this.sidebar.refresh(), this.notices.known];
    if (this.conversation.id) {
      const isShown = await this.catchUp.run(() => this.turn.pending === null);
      if (this.turn.pending) return this.turn.wantLook();
      if (!isShown) return this.turn.missed();
      this.#arrived(this.transcript.clientIds());
      if (!isPartOnly(this.transcript.log)) this.following.goOn();
    }
    if (!(await listed)) return this.turn.missed();
    this.notices.caughtUp(this.sidebar.unreadNotices, asKnown);
    this.turn.looked();
  }

  /** Later messages came onto a page that was opened in the middle. */
  shownMore(log) {
    this.transcript.enhance(log);
    if (isPartOnly(log)) return;
    this.conversation.reachedEnd();
    this.following.goOn();
  }
}
