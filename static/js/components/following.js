/** The answer that this page shows while it is written: from where it is taken up to its end, or to where the page is shut out. */

import { t } from "../lib/words.js";
import { Reply } from "./reply.js";

const BROKEN_OFF = {
  signed_out: t("You have been signed out. Sign in again to read the rest of this answer."),
  suspended: t("The rest of this answer is not shown while your account is suspended."),
};

export class Following {
  constructor({ turn, connection, transcript, composer, sidebar, conversation, announce }) {
    Object.assign(this, { turn, connection, transcript, composer, sidebar, conversation, announce });
  }

  /** Go on with the answer that is open on the page, if one is. */
  goOn() {
    const open = this.turn.isIdle ? this.transcript.findOpen() : null;
    if (open) this.begin(open);
  }

  /** Show an answer from here on; the server follows one's own unasked (`isFollowed`). */
  begin(message, { isFollowed = false, isOwn = false } = {}) {
    this.composer.isBusy = true;
    this.composer.replyId = message.id;
    this.turn.follow(new Reply(message, () => this.transcript.keepUp()));
    this.sidebar.setAnswering(this.conversation.id, true);
    this.connection.follow(message.id, () => this.turn.reply?.cursor ?? 0, { isFollowed });
    // Of one's own it was said when it was sent.
    if (!isOwn) this.announce(t("Answering"));
  }

  /** Take one event of an answer. */
  take(event) {
    const { reply } = this.turn;
    if (reply?.id !== event.reply_id) return;
    const kind = reply.apply(event);
    if (kind === "gap") this.connection.follow(reply.id, () => reply.cursor);
    if (event.text) this.connection.acknowledge(reply.id, reply.cursor, event.text.length);
    if (kind !== "finished") return;
    this.#end();
    // What failed is an alert of its own; said here too it would be heard twice.
    if (event.state !== "failed") this.announce(event.state === "complete" ? t("Answer complete") : event.notice);
  }

  /** Nothing more arrives on this page, for its person is shut out: say so in the place of what looks like writing. */
  breakOff(reason) {
    const { reply } = this.turn;
    if (!reply) return;
    reply.breakOff(BROKEN_OFF[reason]);
    this.#end();
  }

  #end() {
    const { id } = this.turn.reply;
    this.turn.finish();
    this.connection.unfollow(id);
    this.composer.isBusy = false;
    this.sidebar.setAnswering(this.conversation.id, false);
  }
}
