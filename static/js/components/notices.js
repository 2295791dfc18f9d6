/** Says that a decision was made about this person, while the page is open: a line and the badges. */

export class Notices {
  /** @param {() => void} leave takes the focus from the line when it is closed */
  constructor(app, leave) {
    this.badges = app.querySelectorAll("[data-unread]");
    this.line = app.querySelector("[data-arrived]");
    this.line.querySelector("[data-arrived-close]").addEventListener("click", () => {
      leave();
      this.line.hidden = true;
    });
  }

  /** Take a `notice.created` of the server. */
  arrived({ title, url, unread }) {
    this.count(unread);
    this.line.hidden = false;
    this.line.querySelector("[data-arrived-text]").textContent = `${title}.`;
    this.line.querySelector("[data-arrived-link]").href = url;
  }

  /** Show how many are not read. */
  count(unread) {
    for (const badge of this.badges) {
      badge.hidden = unread === 0;
      badge.querySelector("[data-unread-count]").textContent = unread;
    }
  }
}
