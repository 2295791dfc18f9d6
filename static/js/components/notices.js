/** Says that a decision was made about this person, while the page is open: a line, the badges, and a mark where the menu is put away. */

import { tn } from "../lib/words.js";

export class Notices {
  /** @param {() => void} leave takes the focus from the line when it is closed */
  constructor(app, leave) {
    this.badges = app.querySelectorAll("[data-unread]");
    this.line = app.querySelector("[data-arrived]");
    this.link = this.line.querySelector("[data-arrived-link]");
    this.all = this.link.href;
    this.opener = app.querySelector(".drawer-button");
    /** How often a notice was heard of: what was asked before is older than it. */
    this.known = 0;
    this.count(Number(this.badges[0].querySelector("[data-unread-count]").textContent));
    this.line.querySelector("[data-arrived-close]").addEventListener("click", () => {
      leave();
      this.line.hidden = true;
    });
  }

  /** Take a `notice.created` of the server. */
  arrived({ title, url, unread }) {
    this.known += 1;
    this.count(unread);
    this.#say(`${title}.`, url);
  }

  /** After a gap: take how many are not read by now, and say that some came meanwhile. */
  caughtUp(unread, asKnown) {
    if (asKnown !== this.known) return;
    const more = unread - this.unread;
    this.count(unread);
    if (more > 0) this.#say(tn("%(count)s decision about you was made meanwhile.", "%(count)s decisions about you were made meanwhile.", more), this.all);
  }

  #say(text, url) {
    this.line.hidden = false;
    this.line.querySelector("[data-arrived-text]").textContent = text;
    this.link.href = url;
  }

  /** Show how many are not read. */
  count(unread) {
    this.unread = unread;
    this.opener.toggleAttribute("data-news", unread > 0);
    for (const badge of this.badges) {
      badge.hidden = unread === 0;
      badge.querySelector("[data-unread-count]").textContent = unread;
    }
  }
}
