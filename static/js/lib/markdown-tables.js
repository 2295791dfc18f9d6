/** Tables: a row of heads, a row of dashes, rows of cells; so many cells that a row lacks are put in, or two letters would make hundreds. */

import { parseAgain } from "./markdown-inline.js";

const DASHES = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)*\|?[ \t]*$/;
const LONG_LINE = 1000;
const MAX_FILLED = 200;

/** Whether a line is the heads of a table, by the line of dashes below it; while that arrives it may still be short. */
export function beginsTable(lines, at, isOpen) {
  const rule = lines[at + 1];
  if (rule === undefined || lines[at].length > LONG_LINE || rule.length > LONG_LINE) return false;
  if (!lines[at].includes("|") || !DASHES.test(rule)) return false;
  return (isOpen && at + 2 === lines.length) || (rule.includes("|") && cellsOf(lines[at]).length === cellsOf(rule).length);
}

/** Read the table that begins at a line; returns the node and the line behind it. */
export function readTable(lines, at, { isOpen }) {
  const rows = [];
  let next = at + 2;
  for (; next < lines.length && lines[next].includes("|"); next += 1) rows.push(cellsOf(lines[next]));
  const sides = cellsOf(lines[at + 1]).map(sideOf);
  return [draw({ heads: cellsOf(lines[at]), sides, rows, isLast: isOpen && next === lines.length }), next];
}

function draw({ heads, sides, rows, isLast }) {
  const cell = (text, tag, index, isEnd) => ({ tag, children: parseAgain(text, isEnd), ...(sides[index] ? { align: sides[index] } : {}) });
  let missing = MAX_FILLED;
  const row = (cells, tag, isEnd) => {
    const kept = cells.slice(0, heads.length);
    const filled = Array(Math.min(heads.length - kept.length, missing)).fill("");
    missing -= filled.length;
    return { tag: "tr", children: [...kept, ...filled].map((text, index) => cell(text, tag, index, isEnd)) };
  };
  const children = [{ tag: "thead", children: [row(heads, "th", false)] }];
  const body = rows.map((cells, index) => row(cells, "td", isLast && index === rows.length - 1));
  if (body.length) children.push({ tag: "tbody", children: body });
  return { tag: "table", children };
}

function sideOf(mark) {
  const [isLeft, isRight] = [mark.startsWith(":"), mark.length > 1 && mark.endsWith(":")];
  return isLeft && isRight ? "center" : isRight ? "right" : isLeft ? "left" : "";
}

function cellsOf(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
