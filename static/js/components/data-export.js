/** Asks how far the file with somebody's own data is, and shows the answer in its place. */

import { nodesOf } from "./html.js";

const PAUSE = 2000;
const LONGEST_PAUSE = 20000;

export function mountOwnData(part) {
  let pause = PAUSE;

  function isLive() {
    return part.querySelector("progress") !== null;
  }

  async function look() {
    try {
      const response = await fetch(window.location.pathname, {
        headers: { Accept: "application/vnd.parley.part" },
      });
      if (response.ok && !response.redirected) show(await response.text());
      else pause = LONGEST_PAUSE;
    } catch {
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
    if (isLive()) setTimeout(look, pause);
  }

  function show(html) {
    const fresh = document.createElement("div");
    fresh.append(...nodesOf(html));
    const had = part.contains(document.activeElement);
    if (isLive() && fresh.querySelector("progress")) {
      part.querySelector("[role=status]").textContent =
        fresh.querySelector("[role=status]").textContent;
      part.querySelector("progress").replaceWith(fresh.querySelector("progress"));
      return;
    }
    part.replaceChildren(...fresh.childNodes);
    if (had) part.querySelector("a, button")?.focus();
  }

  if (isLive()) setTimeout(look, pause);
}
