/**
 * Markdown that is still arriving, as a small tree. Only for showing an answer while it is written:
 * the server's rendering replaces it at the end. What is half there (an open fence, a link, a table,
 * emphasis, a formula) is closed or held back, so that no raw mark flashes up. Nothing of the text becomes
 * markup: a node is a string or {tag, children, language?, start?, align?, isMarkup?} with tags named in these files.
 * What it shows is what the server will: tests/support/markdown.json holds both to the same.
 */

import { readFormulaLines } from "./formulas.js";
import { endOfWhole, endsContainer, readHtml } from "./markdown-html.js";
import { parseAgain } from "./markdown-inline.js";
import { itemsOf, readItemMark } from "./markdown-lists.js";
import { beginsTable, readTable } from "./markdown-tables.js";

const FENCE = /^( {0,3})(?:(`{3,})([^`]*)|(~{3,})(.*))$/;
const HEADING = /^ {0,3}(#{1,6})(?!#)(?:[ \t]+(.*))?$/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const CODE = /^(?: {4}| {0,3}\t)/;
const REFERENCE = /^ {0,3}\[[^[\]]+\]:\s*\S+(?:\s+(?:"[^"]*"|'[^']*'|\([^()]*\)))?\s*$/;
const HALF_LINE = /^\s*(?:#{1,6}|>|[-+*]|\d{1,9}[.)]?|`{1,2}|~{1,2}|\||=+|[-*_]{2,})\s*$/;
const MAX_DEPTH = 6;
const LONG_LINE = 1000;

const node = (tag, children, more) => ({ tag, children, ...more });
const isText = ({ tag, isMarkup }) => tag === "p" && !isMarkup;
const isBlank = (line) => line.trim() === "";
// What is this long is no rule and no address; patterns that could be slow are only tried where they are quick.
const matchShort = (pattern, line) => (line.length > LONG_LINE ? null : pattern.exec(line));

/** Return the length of the part that no later text can change: it ends before the last block. */
export function settledLength(text) {
  let settled = 0;
  let fence = null;
  let whole = "";
  let isAfterBlank = false;
  for (let at = 0, end = text.indexOf("\n"); end !== -1; at = end + 1, end = text.indexOf("\n", at)) {
    const line = text.slice(at, end);
    if (fence) {
      if (closes(line, fence)) fence = null;
      continue;
    }
    if (whole) {
      if (line.includes(whole)) whole = "";
      continue;
    }
    if (isAfterBlank && /^[^\s>]/.test(line) && !readItemMark(line)) settled = at;
    const mark = FENCE.exec(line);
    if (mark) fence = mark[2] ?? mark[4];
    else if (!line.includes(endOfWhole(line))) whole = endOfWhole(line);
    isAfterBlank = isBlank(line);
  }
  return settled;
}

/** Return the tree of a text; `isOpen` says that its end has not arrived yet. */
export function parseMarkdown(text, { isOpen = false } = {}) {
  return parseBlocks(text.split(/\r?\n/), isOpen, 0).blocks;
}

/** Return the blocks of lines, and whether blank lines stand between them. */
function parseBlocks(lines, isOpen, depth, lazy = new Set()) {
  const blocks = [];
  let isSpaced = false;
  let isAfterBlank = false;
  for (let at = 0; at < lines.length; ) {
    if (isBlank(lines[at])) {
      isAfterBlank = true;
      at += 1;
      continue;
    }
    isSpaced ||= isAfterBlank;
    const read = depth > MAX_DEPTH ? readParagraph : readerOf(lines, at, isOpen);
    const [block, next] = read(lines, at, { isOpen, depth, lazy });
    if (block) blocks.push(block);
    at = next;
  }
  return { blocks, isSpaced };
}

function readerOf(lines, at, isOpen) {
  if (CODE.exec(lines[at])) return readIndented;
  const read = interrupterOf(lines, at, isOpen) ?? (readItemMark(lines[at]) ? readList : null);
  return read ?? (matchShort(REFERENCE, lines[at]) ? skipReference : readParagraph);
}

/** Return what reads the block that begins here even in the middle of a paragraph, or null. */
function interrupterOf(lines, at, isOpen) {
  const line = lines[at];
  if (FENCE.exec(line)) return readFence;
  if (readFormulaLines(lines, at, isOpen)) return readFormulaBlock;
  if (HEADING.exec(line)) return readHeading;
  if (matchShort(RULE, line)) return readRule;
  if (QUOTE.exec(line)) return readQuote;
  const item = readItemMark(line);
  if (item && item.text.trim() && item.start === 1) return readList;
  if (readHtml(lines, at)) return readMarkup;
  return beginsTable(lines, at, isOpen) ? readTable : null;
}

/** Where a link leads that is named in brackets: the server knows it once all has arrived. */
function skipReference(lines, at) {
  return [null, at + 1];
}

function readIndented(lines, at) {
  let next = at;
  while (next < lines.length && (isBlank(lines[next]) || CODE.exec(lines[next]))) next += 1;
  const code = lines.slice(at, next).map((line) => line.replace(/^(?: {1,4}| {0,3}\t)/, ""));
  return [node("fence", [code.join("\n").replace(/^\n+|\n+$/g, "")], { language: "" }), next];
}

const closes = (line, fence) => {
  const [, , ticks, info, waves, rest] = FENCE.exec(line) ?? [];
  return (ticks ?? waves ?? "").startsWith(fence) && !(info ?? rest).trim();
};

function readFence(lines, at, { isOpen }) {
  const [, indent, ticks, info, waves, rest] = FENCE.exec(lines[at]);
  const code = [];
  let next = at + 1;
  for (; next < lines.length && !closes(lines[next], ticks ?? waves); next += 1) {
    code.push(lines[next].replace(new RegExp(`^ {0,${indent.length}}`), ""));
  }
  const isHalfClosed = isOpen && next === lines.length && /^ {0,3}(`+|~+)$/.test(code.at(-1) ?? "");
  if (isHalfClosed) code.pop();
  const isNaming = isOpen && at === lines.length - 1;
  const [name] = (info ?? rest).trim().split(" ");
  return [node("fence", [code.join("\n")], { language: isNaming ? "" : name.replace(/[^\p{L}\p{N}+#._-]/gu, "").slice(0, 30) }), next + 1];
}

function readFormulaBlock(lines, at, { isOpen }) {
  const { source, next } = readFormulaLines(lines, at, isOpen);
  return [node("formula-block", source === null ? [] : [source]), next];
}

function readHeading(lines, at, { isOpen }) {
  const [, marks, text = ""] = HEADING.exec(lines[at]);
  const isLast = isOpen && at === lines.length - 1;
  const words = withoutClosing(text.trim());
  if (!words && isLast) return [null, at + 1];
  return [node(`h${marks.length}`, parseAgain(words, isLast)), at + 1];
}

/** Marks behind the words of a heading close it, where a space stands before them. */
function withoutClosing(words) {
  let end = words.length;
  while (words[end - 1] === "#") end -= 1;
  return end === 0 || /\s/.test(words[end - 1]) ? words.slice(0, end).trimEnd() : words;
}

function readRule(lines, at, { isOpen }) {
  return [isOpen && at === lines.length - 1 ? null : node("hr", []), at + 1];
}

function readMarkup(lines, at) {
  const next = readHtml(lines, at);
  return [node("p", [lines.slice(at, next).join("\n").trim()], { isMarkup: true }), next];
}

function readQuote(lines, at, { isOpen, depth }) {
  const inner = [];
  const lazy = new Set();
  let next = at;
  for (; next < lines.length; next += 1) {
    const quoted = QUOTE.exec(lines[next]);
    if (!quoted && !goesOn(lines, next, inner)) break;
    if (!quoted) lazy.add(inner.length);
    inner.push(quoted ? quoted[1] : lines[next]);
  }
  const { blocks } = parseBlocks(inner, isOpen && next === lines.length, depth + 1, lazy);
  return [blocks.length || !isOpen ? node("blockquote", blocks) : null, next];
}

/** Whether a line without its mark still belongs to the quote's last paragraph. */
function goesOn(lines, at, inner) {
  const needsMark = [isBlank, (line) => CODE.exec(line), (line) => FENCE.exec(line)].some((is) => is(inner[0]));
  if (needsMark || isBlank(inner.at(-1)) || isBlank(lines[at])) return false;
  return !matchShort(RULE, lines[at]) && !FENCE.exec(lines[at]) && !readItemMark(lines[at]) && !endsContainer(lines[at]);
}

function readList(lines, at, { isOpen, depth }) {
  const isBreak = (line) => Boolean(FENCE.exec(line) || HEADING.exec(line) || QUOTE.exec(line) || endsContainer(line));
  const { items, next, isSpaced } = itemsOf(lines, at, { isRule: (line) => Boolean(matchShort(RULE, line)), isBreak });
  const isLast = isOpen && next === lines.length;
  const read = items.map((item, index) => parseBlocks(item, isLast && index === items.length - 1, depth + 1));
  const isLoose = isSpaced || read.some((item) => item.isSpaced || item.blocks.filter(isText).length > 1);
  const children = read.map(({ blocks }) => node("li", isLoose ? blocks : blocks.flatMap((block) => (isText(block) ? block.children : [block]))));
  // The mark of an item is not shown before its words.
  if (isLast && !children.at(-1).children.length) children.pop();
  const { isOrdered, start } = readItemMark(lines[at]);
  return [children.length ? node(isOrdered ? "ol" : "ul", children, { start }) : null, next];
}

function readParagraph(lines, at, { isOpen, lazy }) {
  let next = at;
  const kept = [];
  for (; next < lines.length && !isBlank(lines[next]); next += 1) {
    if (next > at && !lazy.has(next) && isUnderline(lines, next, isOpen)) {
      const tag = lines[next].includes("=") ? "h1" : "h2";
      return [node(tag, parseAgain(kept.join("\n").trimEnd(), false)), next + 1];
    }
    if (next > at && interrupterOf(lines, next, isOpen)) break;
    kept.push(lines[next].trimStart());
  }
  const isLast = isOpen && next === lines.length;
  // A table's head is a line of text until the line below it says otherwise: wait for that.
  if (isLast && (HALF_LINE.test(kept.at(-1)) || kept.at(-1).startsWith("|"))) kept.pop();
  return [kept.length ? node("p", parseAgain(kept.join("\n").trimEnd(), isLast)) : null, next];
}

/** A line of = or - makes a heading of the words above it; one that still arrives says nothing yet. */
function isUnderline(lines, at, isOpen) {
  return Boolean(matchShort(UNDERLINE, lines[at])) && !(isOpen && at === lines.length - 1);
}
