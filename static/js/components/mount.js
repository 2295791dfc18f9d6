/** Finds what the page marks with data-component and gives it life. */

import { copyText } from "./copy.js";
import { mountOwnData } from "./data-export.js";
import { mountDrawer } from "./drawer.js";
import { holdFocus } from "./focus.js";
import { mountPasskey } from "./passkey.js";
import { mountPassword } from "./password.js";
import { mountToast } from "./toast.js";
import { mountTheme } from "./theme.js";
import { t } from "../lib/words.js";

/** A dialog keeps Tab inside; one out of a menu takes it along, and gives the focus to what opened both. */
function mountDialog(dialog) {
  holdFocus(dialog, () => true);
  if (!dialog.dataset.menu) return;
  const menu = document.getElementById(dialog.dataset.menu);
  const opener = document.querySelector(`[popovertarget="${menu.id}"]`);
  dialog.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    menu.hidePopover();
    opener.focus({ preventScroll: true });
  });
}

/** A field whose whole text one button copies. */
function mountCopyField(part) {
  const field = part.querySelector("input");
  const button = part.querySelector("[data-copy-field]");
  if ("select" in part.dataset) field.select();
  button.addEventListener("click", async () => {
    if (await copyText(field.value)) button.querySelector("span").textContent = t("Copied");
    else field.select();
  });
}

const COMPONENTS = {
  "copy-field": mountCopyField,
  "data-export": mountOwnData,
  dialog: mountDialog,
  drawer: mountDrawer,
  passkey: mountPasskey,
  password: mountPassword,
  theme: mountTheme,
  toast: mountToast,
};

export function mountComponents(root = document) {
  for (const element of root.querySelectorAll("[data-component]")) {
    COMPONENTS[element.dataset.component]?.(element);
  }
}
