/** The only door for markup that comes over the wire. */

import { t } from "../lib/words.js";

// The server renders these few fields with its sanitiser (or they are its own templates). The
// name makes the door visible: a page policy of `trusted-types parley-rendered` allows no other.
const policy = globalThis.trustedTypes?.createPolicy("parley-rendered", { createHTML: (html) => html }) ?? {
  createHTML: (html) => html,
};

/** Parse server-rendered markup into nodes; scripts in it would never run. */
export function nodesOf(html) {
  const parsed = new DOMParser().parseFromString(policy.createHTML(html), "text/html");
  return Array.from(parsed.body.childNodes, (child) => document.importNode(child, true));
}

/**
 * Fetch a part of a page as nodes; null where there is none to have, a page to sign in on included. Where the server
 * says that what it was of is no more, `onGone` hears of it.
 */
export async function fetchNodes(url, { onGone } = {}) {
  try {
    const answer = await fetch(url, { headers: { Accept: "text/html" } });
    if (answer.status === 404) onGone?.();
    return answer.ok && !answer.redirected ? nodesOf(await answer.text()) : null;
  } catch {
    return null;
  }
}

/** Have a link that was pressed for more say, where it stands, that nothing came; it can be pressed again. */
export function sayUnloaded(link) {
  link.setAttribute("aria-live", "polite");
  link.textContent = t("Nothing came. Check your connection and try again.");
}

/** Return a copy of what a <template data-template="name"> of the page holds. */
export function cloneTemplate(name) {
  const template = document.querySelector(`template[data-template="${name}"]`);
  return document.importNode(template.content, true).firstElementChild;
}

/** Point an icon at another symbol of the sprite. */
export function setIcon(svg, name) {
  const use = svg.querySelector("use");
  use.setAttribute("href", `${use.getAttribute("href").split("#")[0]}#${name}`);
}
