/** Finds what the page marks with data-component and gives it life. */

import { mountDrawer } from "./drawer.js";
import { mountPassword } from "./password.js";
import { mountTheme } from "./theme.js";

const COMPONENTS = { drawer: mountDrawer, password: mountPassword, theme: mountTheme };

export function mountComponents(root = document) {
  for (const element of root.querySelectorAll("[data-component]")) {
    COMPONENTS[element.dataset.component]?.(element);
  }
}
