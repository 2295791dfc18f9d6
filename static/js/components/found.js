/** A page that was opened at one message: it is shown and has the focus; later ones load on the way down. */

import { focusOn } from "./focus.js";
import { fetchNodes } from "./html.js";

const LOAD_AGAIN_MS = 5_000;
const NEAR = { rootMargin: "600px 0px" };

/** Whether the page shows a part of the conversation that does not go to its end. */
export function isPartOnly(log) {
  return log.querySelector("[data-newer]") !== null;
}

export function mountFound(log, enhance) {
  const wanted = new URLSearchParams(location.search).get("message");
  const target = wanted && document.getElementById(`message-${Number(wanted)}`);
  if (target) {
    target.dataset.found = "";
    target.scrollIntoView({ block: "center", behavior: "instant" });
    focusOn(target);
  }
  watchNewer(log, enhance);
  return Boolean(target);
}

/** What somebody wrote since on another page may be here already. */
function isShown(log, node) {
  const id = node.dataset?.messageId;
  return id !== undefined && log.querySelector(`[data-message-id="${id}"]`) !== null;
}

function watchNewer(log, enhance) {
  const link = log.querySelector("[data-newer-url]");
  if (!link) return;
  const near = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) load();
  }, NEAR);
  const load = async () => {
    near.disconnect();
    const nodes = await fetchNodes(link.dataset.newerUrl);
    // Without them the link stays: it leads to the same messages, and is tried again in a while.
    if (!nodes) return void setTimeout(() => near.observe(link), LOAD_AGAIN_MS);
    const hadFocus = document.activeElement === link;
    const fresh = nodes.filter((node) => !isShown(log, node));
    link.closest("[data-newer]").replaceWith(...fresh);
    if (hadFocus) focusOn(fresh.find((node) => node.matches?.("[data-message-id]")) ?? log.lastElementChild);
    enhance(log);
    watchNewer(log, enhance);
  };
  near.observe(link);
}
