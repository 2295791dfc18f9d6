/** Copying: code blocks and whole messages, each with a word that it worked. */

import { cloneTemplate, setIcon } from "./html.js";
import { t } from "../lib/words.js";

const SHOWN_MS = 1600;

/** Put a copy button into the bar of every code block below a node; keys can scroll code and tables. */
export function decorateCode(root) {
  for (const block of root.querySelectorAll("pre, table")) block.tabIndex = 0;
  for (const bar of root.querySelectorAll(".code-block__bar")) {
    if (!bar.querySelector("[data-copy-code]")) bar.append(cloneTemplate("code"));
  }
}

/** Answer every copy button below a node. */
export function listenForCopies(root, announce) {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-code], [data-copy-message], [data-copy-request]");
    if (!button) return;
    await write(textFor(button));
    confirmCopy(button);
    announce(t("Copied"));
  });
}

function textFor(button) {
  if (button.matches("[data-copy-request]")) {
    return button.closest("[data-request]").querySelector("[data-request-id]").textContent;
  }
  if (button.matches("[data-copy-code]")) {
    return button.closest(".code-block").querySelector("code").textContent;
  }
  return button.closest("[data-message-id]").querySelector("template[data-source]").content.textContent;
}

async function write(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Pages without https have no clipboard: the old way still works there.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

function confirmCopy(button) {
  const icon = button.querySelector(".icon");
  const label = icon ? button.querySelector("[data-copy-label]") : button;
  button.dataset.copied = "";
  if (icon) setIcon(icon, "check");
  if (label) label.textContent = t("Copied");
  setTimeout(() => {
    delete button.dataset.copied;
    if (icon) setIcon(icon, "copy");
    if (label) label.textContent = t("Copy");
  }, SHOWN_MS);
}
