/** Copying: code blocks and whole messages, each with a word that it worked. */

import { cloneTemplate, setIcon } from "./html.js";
import { t } from "../lib/words.js";

const SHOWN_MS = 1600;

/** Put a copy button into the bar of every code block below a node; keys can scroll code, tables and wide formulas; lists and tables run as their text does. */
export function decorateCode(root) {
  for (const block of root.querySelectorAll(".prose :is(ul, ol, blockquote, table)")) block.dir = "auto";
  for (const block of root.querySelectorAll("pre, table")) block.tabIndex = 0;
  for (const formula of root.querySelectorAll(".formula--block")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
  }
  for (const bar of root.querySelectorAll(".code-block__bar")) {
    if (!bar.querySelector("[data-copy-code]")) bar.append(cloneTemplate("code"));
  }
}

/** Answer every copy button below a node. */
export function listenForCopies(root, announce) {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-code], [data-copy-message], [data-copy-request]");
    if (!button) return;
    if (await copyText(textFor(button))) confirmCopy(button);
    announce(button.dataset.copied === "" ? t("Copied") : t("Your browser does not allow copying here. Select the text instead."));
  });
}

/** What is copied out of a text has its formulas as they were written, not as a heap of signs. */
export function copyFormulasAsWritten(root) {
  root.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (selection.isCollapsed || !event.clipboardData) return;
    const copied = document.createElement("div");
    for (let index = 0; index < selection.rangeCount; index += 1) copied.append(selection.getRangeAt(index).cloneContents());
    const formulas = copied.querySelectorAll("[data-formula]");
    if (!formulas.length) return;
    for (const formula of formulas) formula.textContent = formula.dataset.formula;
    event.clipboardData.setData("text/plain", writtenText(copied));
    event.preventDefault();
  });
}

/** Lines break where they do on the page, which only a node that is in it knows. */
function writtenText(node) {
  node.className = "visually-hidden prose";
  document.body.append(node);
  const text = node.innerText;
  node.remove();
  return text;
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

/** Copy a text, and tell whether it worked. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages without https have no clipboard, others may be kept from it: the old way may still work.
    return copyBySelecting(text);
  }
}

function copyBySelecting(text) {
  const focused = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  focused?.focus({ preventScroll: true });
  return isCopied;
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
