/**
 * A page that answers a form. It stands in the history as a page to look at: Back, Forward and Reload fetch it anew, and nothing is sent
 * twice. And it begins where something is wrong, which on a phone may be below the screen.
 */

export function standAsPage(page = document) {
  const answer = page.querySelector("[data-form-answer]");
  if (!answer) return;
  history.replaceState(history.state, "", answer.dataset.formAnswer);
  const wrong = page.querySelector('[aria-invalid="true"]');
  // In the middle, so that what is said of it below is seen too.
  wrong?.focus({ preventScroll: true });
  wrong?.scrollIntoView({ block: "center" });
}
