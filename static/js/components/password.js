/** Shows a password while its button is pressed in. */

import { setIcon } from "./html.js";

export function mountPassword(box) {
  const input = box.querySelector("input");
  const button = box.querySelector("[data-password-toggle]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = input.type === "text";
    input.type = isShown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!isShown));
    setIcon(button.querySelector(".icon"), isShown ? "eye" : "eye-off");
  });
}
