/** The cases that this tab skipped: they stay in the queue, for others. */

const KEY = "moderation.skipped";
const MOST = 50;

function skipped() {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
}

export function noteSkipped(number) {
  sessionStorage.setItem(KEY, JSON.stringify([...skipped(), number].slice(-MOST)));
}

export function withSkipped(body) {
  body.set("skipped", skipped().join(","));
  return body;
}
