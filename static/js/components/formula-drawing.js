/**
 * Formulas of an answer that is still arriving, drawn by the server as they will be at its end: one
 * question for those of half a second. Until then, and without a server, they are what was written.
 */

import { nodesOf } from "./html.js";

const GATHER_MS = 60;
const BETWEEN_MS = 600;
const REST_MS = 30_000;
const MOST_AT_ONCE = 20;
const MOST_CHARS_AT_ONCE = 8000;
const MOST_KEPT = 300;

const drawn = new Map();
const waiting = new Map();
let timer = 0;
let nextAt = 0;
let restsUntil = 0;

/** Draw a whole formula into a node that stands for it. */
export function drawFormula(element, source) {
  const html = drawn.get(source);
  if (html !== undefined) put(element, source, html);
  else if (performance.now() < restsUntil) put(element, source, "");
  else {
    waiting.set(source, [...(waiting.get(source) ?? []), element]);
    timer ||= setTimeout(ask, Math.max(GATHER_MS, nextAt - performance.now()));
  }
}

async function ask() {
  const sources = takeBatch();
  timer = 0;
  nextAt = performance.now() + BETWEEN_MS;
  const asked = sources.map((source) => [source, waiting.get(source)]);
  for (const source of sources) waiting.delete(source);
  const formulas = await fetchFormulas(sources);
  if (!formulas) restsUntil = performance.now() + REST_MS;
  asked.forEach(([source, elements], index) => {
    if (formulas) keep(source, formulas[index] ?? "");
    for (const element of elements) put(element, source, formulas?.[index] ?? "");
  });
  if (waiting.size) timer ||= setTimeout(ask, BETWEEN_MS);
}

function takeBatch() {
  let chars = 0;
  return [...waiting.keys()].slice(0, MOST_AT_ONCE).filter((source, index) => {
    chars += source.length;
    return index === 0 || chars <= MOST_CHARS_AT_ONCE;
  });
}

async function fetchFormulas(sources) {
  const page = document.querySelector("[data-formulas-url]");
  const body = new FormData();
  body.set("csrfmiddlewaretoken", page.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const source of sources) body.append("formula", source);
  try {
    const answer = await fetch(page.dataset.formulasUrl, { method: "POST", body, headers: { Accept: "application/json" } });
    return answer.ok && !answer.redirected ? (await answer.json()).formulas : null;
  } catch {
    return null;
  }
}

function keep(source, html) {
  drawn.set(source, html);
  if (drawn.size > MOST_KEPT) drawn.delete(drawn.keys().next().value);
}

function put(element, source, html) {
  delete element.dataset.pending;
  element.classList.toggle("formula-source", !html);
  element.replaceChildren(...(html ? nodesOf(html) : [source]));
}
