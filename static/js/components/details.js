/** What a <details> shows over the page goes again as a menu does: by Esc and by a press elsewhere. */

const OPEN = "[data-details][open]";

export function mountDetails(app) {
  app.addEventListener("click", (event) => {
    for (const open of app.querySelectorAll(OPEN)) if (!open.contains(event.target)) open.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const open = app.querySelector(OPEN);
    if (event.key !== "Escape" || !open) return;
    // The answer that is being written goes on: what is open closes first.
    event.preventDefault();
    open.open = false;
    open.querySelector("summary").focus({ preventScroll: true });
  });
}
