/** Finds what the page marks with data-component and gives it life. */

import { mountDrawer } from "./drawer.js";
import { mountPassword } from "./password.js";
import { mountTheme } from "./theme.js";

/** A dialog that came out of a menu takes the menu with it, and gives the focus to what opened both. */
function mountDialog(dialog) {
  const menu = document.getElementById(dialog.dataset.menu);
  const opener = document.querySelector(`[popovertarget="${menu.id}"]`);
  dialog.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    menu.hidePopover();
    opener.focus({ preventScroll: true });
  });
}

const COMPONENTS = { dialog: mountDialog, drawer: mountDrawer, password: mountPassword, theme: mountTheme };

export function mountComponents(root = document) {
  for (const element of root.querySelectorAll("[data-component]")) {
    COMPONENTS[element.dataset.component]?.(element);
  }
}
