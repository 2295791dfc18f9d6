/** Where the focus is: inside what lies over the page, and never nowhere. */

const STOPS = "a[href], button:not([disabled]), input:not([type=hidden], [disabled]), select:not([disabled]), textarea:not([disabled]), summary";

/** Of the choices of one name Tab reaches the chosen one only. */
function isStop(one) {
  if (!one.checkVisibility({ visibilityProperty: true })) return false;
  return one.type !== "radio" || one.checked || !one.form?.querySelector(`[name="${CSS.escape(one.name)}"]:checked`);
}

/** Keep Tab inside a part while `isHeld` says so: behind its last stop comes the first. */
export function holdFocus(part, isHeld) {
  part.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || !isHeld()) return;
    const stops = Array.from(part.querySelectorAll(STOPS)).filter(isStop);
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (document.activeElement !== from) return;
    event.preventDefault();
    to.focus();
  });
}

/** Give the focus to something that is no control, for whoever goes on reading there. */
export function focusOn(node) {
  if (!node) return;
  if (!node.hasAttribute("tabindex")) node.tabIndex = -1;
  node.focus({ preventScroll: true });
}

/** Close menus that the focus has left: what is behind them is used now. */
export function closeMenusBehind(root) {
  root.addEventListener("focusout", ({ target, relatedTarget }) => {
    const menu = target.closest(".menu:popover-open");
    if (menu && relatedTarget && !relatedTarget.closest(".menu, .dialog") && relatedTarget.popoverTargetElement !== menu) menu.hidePopover();
  });
}
