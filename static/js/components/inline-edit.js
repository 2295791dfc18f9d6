/** A title that becomes a field where it stands: Enter keeps what is typed, Esc what was there. */

import { t } from "../lib/words.js";

const UNSENT = t("The title was not changed. Check your connection and try again.");

/**
 * @param {HTMLElement} shown what is replaced while one types
 * @param {object} options url and token of the rename form, what to do with the new title and a problem
 */
export function editInPlace(shown, { url, token, onDone, onProblem }) {
  if (shown.hidden) return;
  const before = shown.textContent;
  const field = document.createElement("input");
  field.className = "inline-edit";
  field.value = before;
  field.maxLength = 120;
  field.autocomplete = "off";
  field.dir = "auto";
  field.setAttribute("aria-label", t("Title of the conversation"));
  shown.after(field);
  shown.hidden = true;
  field.focus();
  field.select();
  let isOver = false;

  function end({ hadFocus }) {
    isOver = true;
    field.remove();
    shown.hidden = false;
    if (hadFocus) onDone?.();
  }

  async function keep({ hadFocus }) {
    if (isOver) return;
    const title = field.value.trim().replace(/\s+/g, " ");
    end({ hadFocus });
    if (!title || title === before) return;
    shown.textContent = title;
    let problem = UNSENT;
    try {
      const body = new URLSearchParams({ title, csrfmiddlewaretoken: token });
      const answer = await fetch(url, { method: "POST", body, headers: { Accept: "text/plain" }, keepalive: true });
      if (answer.ok && !answer.redirected) return;
      // A sentence for the person comes as plain text; any other refusal is a whole page.
      const isSentence = answer.headers.get("Content-Type")?.startsWith("text/plain");
      if (isSentence && answer.status >= 400 && answer.status < 500) problem = await answer.text();
    } catch {
      // Said below.
    }
    shown.textContent = before;
    onProblem(problem);
  }

  field.addEventListener("keydown", (event) => {
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") keep({ hadFocus: true });
    else end({ hadFocus: true });
  });
  field.addEventListener("click", (event) => {
    event.preventDefault();
    event.stopPropagation();
  });
  field.addEventListener("blur", () => keep({ hadFocus: false }));
}
