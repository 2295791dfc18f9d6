/** The list as a drawer on small screens: the browser opens and closes it, this keeps the focus in it. */

const STOPS = "a[href], button:not([disabled]), input:not([type=hidden])";
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
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !drawer.matches(":popover-open") || drawer.querySelector(":popover-open")) return;
    const stops = Array.from(drawer.querySelectorAll(STOPS)).filter((one) => one.checkVisibility());
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (document.activeElement !== from) return;
    event.preventDefault();
    to.focus();
  });
  WIDE.addEventListener("change", () => {
    if (drawer.matches(":popover-open")) drawer.hidePopover();
  });
}
