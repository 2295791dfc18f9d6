// The page of a back-test: its progress moves by itself, and two keys label the sample.

import { nodesOf } from "../components/html.js";

const REFRESH_MS = 1000;

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=hidden]), textarea, select, [contenteditable]");
}

function takeKeys(form) {
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      const button = form.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
      if (!button || form.dataset.sent) return;
      event.preventDefault();
      event.stopPropagation();
      form.dataset.sent = "yes";
      button.click();
    },
    { capture: true },
  );
}

async function refresh(section) {
  const response = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return;
  const page = document.createElement("div");
  page.append(...nodesOf(await response.text()));
  const fresh = page.querySelector("[data-back-test]");
  if (!fresh) return;
  if (!fresh.hasAttribute("data-open")) {
    window.location.reload();
    return;
  }
  const pairs = [
    [section.querySelector("[role=status]"), fresh.querySelector("[role=status]")],
    [section.querySelector("progress"), fresh.querySelector("progress")],
  ];
  const [[words, freshWords], [bar, freshBar]] = pairs;
  document.querySelector(".staff-badges").replaceWith(page.querySelector(".staff-badges"));
  words.textContent = freshWords.textContent;
  bar.max = freshBar.max;
  bar.value = freshBar.value;
}

const labels = document.querySelector("[data-labels]");
if (labels) takeKeys(labels);

const section = document.querySelector("[data-back-test][data-open]");
if (section) {
  const look = () => refresh(section).catch(() => undefined).finally(() => setTimeout(look, REFRESH_MS));
  setTimeout(look, REFRESH_MS);
}
