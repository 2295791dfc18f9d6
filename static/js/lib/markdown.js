/**
 * Markdown that is still arriving, as a small tree. Only for showing an answer while it is written:
 * the server's rendering replaces it at the end. What is half there (an open fence, a link, a table,
 * emphasis, a formula) is closed or held back, so that no raw mark flashes up. Nothing of the text becomes
 * markup: a node is a string or {tag, children, language?, start?, align?} with tags named in this file.
 */

import { readFormulaLines } from "./formulas.js";
import { parseInline } from "./markdown-inline.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*?))?\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(?:\s+(.*)|\s*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_RULE = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-*:?\s*)*\|?\s*$/;
const HALF_LINE = /^\s*(?:#{1,6}|>|[-+*]|\d{1,9}[.)]?|`{1,2}|~{1,2}|\||[-*_]{2,})\s*$/;
const MAX_DEPTH = 6;
const LONG_LINE = 1000;

const node = (tag, children, more) => ({ tag, children, ...more });
// A very long line is read as plain text: patterns are only tried where they are quick.
const match = (pattern, line) => (line.length > LONG_LINE ? null : pattern.exec(line));

/** Return the length of the part that no later text can change: it ends before the last block. */
export function settledLength(text) {
  let settled = 0;
  let fence = null;
  let isAfterBlank = false;
  for (let at = 0, end = text.indexOf("\n"); end !== -1; at = end + 1, end = text.indexOf("\n", at)) {
    const line = text.slice(at, end);
    const mark = match(FENCE, line);
    if (fence) {
      if (mark && !mark[2] && mark[1].startsWith(fence)) fence = null;
      continue;
    }
    if (isAfterBlank && /^[^\s>]/.test(line) && !match(ITEM, line)) settled = at;
    if (mark) fence = mark[1];
    isAfterBlank = line.trim() === "";
  }
  return settled;
}

/** Return the tree of a text; `isOpen` says that its end has not arrived yet. */
export function parseMarkdown(text, { isOpen = false } = {}) {
  const lines = text.split("\n");
  return parseBlocks(lines, isOpen, 0);
}

function parseBlocks(lines, isOpen, depth) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (lines[at].trim() === "") {
      at += 1;
      continue;
    }
    const read = depth > MAX_DEPTH ? readParagraph : readerOf(lines, at, isOpen);
    const [block, next] = read(lines, at, isOpen, depth);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

function readerOf(lines, at, isOpen) {
  const line = lines[at];
  if (match(FENCE, line)) return readFence;
  if (readFormulaLines(lines, at, isOpen)) return readFormulaBlock;
  if (match(HEADING, line)) return readHeading;
  if (match(RULE, line)) return readRule;
  if (match(QUOTE, line)) return readQuote;
  if (match(ITEM, line)) return readList;
  if (line.includes("|") && at + 1 < lines.length && match(TABLE_RULE, lines[at + 1])) return readTable;
  return readParagraph;
}

function readFence(lines, at, isOpen) {
  const [, fence, language] = FENCE.exec(lines[at]);
  const code = [];
  let next = at + 1;
  for (; next < lines.length; next += 1) {
    const mark = match(FENCE, lines[next]);
    if (mark && !mark[2] && mark[1].startsWith(fence)) break;
    code.push(lines[next]);
  }
  const isHalfClosed = isOpen && next === lines.length && /^ {0,3}(`+|~+)$/.test(code.at(-1) ?? "");
  if (isHalfClosed) code.pop();
  const isNaming = isOpen && at === lines.length - 1;
  return [node("fence", [code.join("\n")], { language: isNaming ? "" : language }), next + 1];
}

function readFormulaBlock(lines, at, isOpen) {
  const { source, next } = readFormulaLines(lines, at, isOpen);
  return [node("formula-block", source === null ? [] : [source]), next];
}

function readHeading(lines, at, isOpen) {
  const [, marks, text] = HEADING.exec(lines[at]);
  const isLast = isOpen && at === lines.length - 1;
  if (!text) return [null, at + 1];
  return [node(`h${marks.length}`, parseInline(text, isLast)), at + 1];
}

function readRule(lines, at, isOpen) {
  return [isOpen && at === lines.length - 1 ? null : node("hr", []), at + 1];
}

function readQuote(lines, at, isOpen, depth) {
  const inner = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const quoted = match(QUOTE, lines[next]);
    if (!quoted && (lines[next].trim() === "" || readerOf(lines, next, isOpen) !== readParagraph)) break;
    inner.push(quoted ? quoted[1] : lines[next]);
  }
  const blocks = parseBlocks(inner, isOpen && next === lines.length, depth + 1);
  return [blocks.length ? node("blockquote", blocks) : null, next];
}

function readList(lines, at, isOpen, depth) {
  const [, indent, mark] = ITEM.exec(lines[at]);
  const isOrdered = /\d/.test(mark);
  const items = [];
  let next = at;
  let isLoose = false;
  for (; next < lines.length; next += 1) {
    const line = lines[next];
    const item = match(RULE, line) ? null : match(ITEM, line);
    const margin = line.length - line.trimStart().length;
    if (item && margin < indent.length + 2) {
      if (margin < indent.length || /\d/.test(item[2]) !== isOrdered) break;
      items.push([item[3] ?? ""]);
    } else if (line.trim() === "" || margin >= indent.length + 2) {
      items.at(-1).push(line.slice(Math.min(margin, indent.length + (isOrdered ? 3 : 2))));
    } else if (lines[next - 1].trim() === "" || readerOf(lines, next, isOpen) !== readParagraph) break;
    else items.at(-1).push(line.trimStart());
  }
  isLoose = items.some((item, index) => /\n\s*\n\s*\S/.test(item.join("\n")) || (index < items.length - 1 && item.at(-1).trim() === ""));
  const isLast = isOpen && next === lines.length;
  const children = items
    .map((item, index) => readItem(item, isLast && index === items.length - 1, isLoose, depth))
    .filter((item) => item.children.length > 0);
  const start = isOrdered ? Number.parseInt(mark, 10) : 1;
  return [children.length ? node(isOrdered ? "ol" : "ul", children, { start }) : null, next];
}

function readItem(lines, isOpen, isLoose, depth) {
  const blocks = parseBlocks(lines, isOpen, depth + 1);
  if (isLoose) return node("li", blocks);
  return node("li", blocks.flatMap((block) => (block.tag === "p" ? block.children : [block])));
}

function readTable(lines, at, isOpen) {
  const rows = [];
  let next = at;
  for (; next < lines.length && lines[next].includes("|"); next += 1) {
    if (next !== at + 1) rows.push(cellsOf(lines[next]));
  }
  const isLast = isOpen && next === lines.length;
  const width = rows[0].length;
  const sides = cellsOf(lines[at + 1]).map(sideOf);
  const cell = (text, tag, index, isEnd) =>
    node(tag, parseInline(text ?? "", isEnd), sides[index] ? { align: sides[index] } : {});
  const row = (cells, tag, isEnd) =>
    node("tr", Array.from({ length: width }, (_, index) => cell(cells[index], tag, index, isEnd)));
  const body = rows.slice(1).map((cells, index) => row(cells, "td", isLast && index === rows.length - 2));
  const children = [node("thead", [row(rows[0], "th", false)])];
  if (body.length) children.push(node("tbody", body));
  return [node("table", children), next];
}

function sideOf(mark) {
  const [isLeft, isRight] = [mark.startsWith(":"), mark.length > 1 && mark.endsWith(":")];
  return isLeft && isRight ? "center" : isRight ? "right" : isLeft ? "left" : "";
}

function cellsOf(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function readParagraph(lines, at, isOpen) {
  let next = at;
  const kept = [];
  for (; next < lines.length && lines[next].trim() !== ""; next += 1) {
    if (next > at && readerOf(lines, next, isOpen) !== readParagraph) break;
    kept.push(lines[next].trim());
  }
  const isLast = isOpen && next === lines.length;
  // A table's head is a line of text until the line below it says otherwise: wait for that.
  if (isLast && (HALF_LINE.test(kept.at(-1)) || kept.at(-1).startsWith("|"))) kept.pop();
  return [kept.length ? node("p", parseInline(kept.join("\n"), isLast)) : null, next];
}
