/** Opens a conversation at its end, before anything is drawn. Small and alone, so that nothing waits for it. */

if (!location.hash && performance.getEntriesByType("navigation")[0]?.type !== "back_forward") {
  history.scrollRestoration = "manual";
  scrollTo(0, document.documentElement.scrollHeight);
}
// Whoever comes back to it by the browser's button is where they were.
addEventListener("pagehide", () => (history.scrollRestoration = "auto"));
