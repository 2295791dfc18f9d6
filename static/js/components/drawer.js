/** The list as a drawer on small screens: the browser opens and closes it, this keeps the focus in it. */

import { holdFocus } from "./focus.js";

const WIDE = matchMedia("(min-width: 60rem)");

export function mountDrawer(drawer) {
  const outside = document.getElementById("content");
  let opener = null;
  drawer.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") opener = document.activeElement;
  });
  drawer.addEventListener("toggle", (event) => {
    if (event.target !== drawer) return;
    const isOpen = event.newState === "open";
    outside.inert = isOpen;
    if (isOpen) drawer.querySelector("[popovertargetaction=hide]").focus({ preventScroll: true });
    else if (!WIDE.matches && (document.activeElement === document.body || drawer.contains(document.activeElement))) opener?.focus({ preventScroll: true });
  });
  holdFocus(drawer, () => drawer.matches(":popover-open") && !drawer.querySelector(":popover-open"));
  WIDE.addEventListener("change", () => {
    if (drawer.matches(":popover-open")) drawer.hidePopover();
  });
}
