/** A page that answers a form stands in the history as a page to look at: Back, Forward and Reload fetch it anew, and nothing is sent twice. */

export function standAsPage(page = document) {
  const answer = page.querySelector("[data-form-answer]");
  if (answer) history.replaceState(history.state, "", answer.dataset.formAnswer);
}
