/**
 * Which part of a text is a formula, by the marks that models write: the same rules as the server's
 * in apps/core/formulas.py, tested with the same cases. Here they only keep LaTeX from being read as
 * Markdown while it arrives; the server draws it.
 */

const MAX_CHARS = 4000;
const MAX_DOLLAR_CHARS = 400;
const MAX_LINES = 120;
const CLOSING = { "\\(": "\\)", "\\[": "\\]", $$: "$$", $: "$" };
const OPENING = /^(?:\\\(|\\\[|\$\$?)/;
const BLOCK_OPENING = /^ {0,3}(\$\$|\\\[)/;
const COMMAND = /\\(?:text|operatorname|math[a-z]+)\*?\s*\{[^{}]*\}|\\[A-Za-z]+/g;
const SIGN = /[\\^_=+*/<>(){}|[\]'-]/;
const WORD = /\p{L}{2,}/u;
const WORD_CHARACTER = /[\p{L}\p{N}]/u;

/**
 * Read the formula that begins at a place of a line or paragraph.
 * Returns null where none begins, {source, length} of a whole one, or {source: null, length} of one
 * whose end has not arrived yet.
 */
export function readFormula(text, at, isOpen) {
  const [opening] = OPENING.exec(text.slice(at, at + 2)) ?? [];
  if (!opening) return null;
  const start = at + opening.length;
  const end = endOf(text, start, opening);
  if (end === -1) return isOpen && isArriving(text, at, start, opening) ? { source: null, length: text.length - at } : null;
  if (!isFormula(text, at, start, end, opening)) return null;
  const after = end + opening.length;
  return { source: text.slice(at, after), length: after - at };
}

/**
 * Read the formula that has the lines from this one on for itself.
 * Returns null, or {source, next} with the number of the line behind it; source is null while it arrives.
 */
export function readFormulaLines(lines, at, isOpen) {
  const opening = BLOCK_OPENING.exec(lines[at])?.[1];
  if (!opening) return null;
  let text = lines[at].trimStart();
  let next = at + 1;
  const last = Math.min(lines.length, at + MAX_LINES);
  const isOver = () => next === last || (lines[next].trim() === "" && !(isOpen && next === lines.length - 1));
  for (; !isOver() && text.length <= MAX_CHARS; next += 1) text += `\n${lines[next]}`;
  const end = endOf(text, 2, opening);
  if (end === -1) return isOpen && next === lines.length && text.length <= MAX_CHARS ? { source: null, next } : null;
  const rest = /^([.,;:]?)[ \t]*(?:\n|$)/.exec(text.slice(end + 2));
  if (!rest || text.slice(2, end).trim() === "") return null;
  const source = text.slice(0, end) + rest[1] + text.slice(end, end + 2);
  return { source, next: at + source.split("\n").length };
}

function endOf(text, start, opening) {
  const limit = start + (opening === "$" ? MAX_DOLLAR_CHARS : MAX_CHARS);
  const closing = CLOSING[opening];
  let end = text.indexOf(closing, start);
  while (end > start && end <= limit && isEscaped(text, start, end)) end = text.indexOf(closing, end + 1);
  return end > limit ? -1 : end;
}

function isEscaped(text, start, at) {
  let slashes = 0;
  while (at - slashes > start && text[at - slashes - 1] === "\\") slashes += 1;
  return slashes % 2 === 1;
}

function isFormula(text, at, start, end, opening) {
  const content = text.slice(start, end);
  if (content.trim() === "") return false;
  const before = text[at - 1] ?? "";
  const after = text[end + opening.length] ?? "";
  if (opening === "$") return isDollarFormula(content, before, after);
  if (opening === "$$" && (before === "$" || after === "$")) return false;
  return opening === "\\(" || SIGN.test(content);
}

function isDollarFormula(content, before, after) {
  const last = content.at(-1);
  if (content.includes("\n") || /\s/.test(content[0]) || /\s/.test(last)) return false;
  if (WORD_CHARACTER.test(before) || before === "$" || after === "$" || /\d/.test(after)) return false;
  if (WORD_CHARACTER.test(after) && !WORD_CHARACTER.test(last) && !")]}".includes(last)) return false;
  return !isProse(content);
}

/** Words behind a number or behind one another are money and what it buys. */
function isProse(content) {
  const words = content.replace(COMMAND, "").split(" ").slice(1).join(" ");
  return WORD.test(words) && (/\d/.test(content[0]) || !SIGN.test(content));
}

/** Whether a mark without its end begins a formula that is still on its way. */
function isArriving(text, at, start, opening) {
  const content = text.slice(start);
  if (opening !== "$") return content.length <= MAX_CHARS;
  if (content === "") return !WORD_CHARACTER.test(text[at - 1] ?? "");
  return content.length <= MAX_DOLLAR_CHARS && !/^[\d\s]|\n/.test(content) && isDollarFormula(content.trim(), text[at - 1] ?? "", "");
}
