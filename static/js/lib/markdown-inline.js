/** The marks inside a line: formulas, code, emphasis, links. See markdown.js for what a node is. */

import { readFormula } from "./formulas.js";

const LINK = /^!?\[([^\]]{0,400})\]\(\s*<?([^()\s<>]{0,2000}(?:\([^()\s]{0,200}\))?[^()\s<>]{0,200})>?(?:\s+"[^"]{0,200}")?\s*\)/;
const HALF_LINK = /^!?\[([^\]]{0,400})(?:\](?:\((?:[^()\s]|\([^()\s]{0,200}\)?){0,2000})?)?$/;
const EMPHASIS = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "del"],
  ["*", "em"],
  ["_", "em"],
];
const MAX_CHARS = 6000;
const MAX_DEPTH = 8;

/** Return the nodes of a line or paragraph; an open one has its last mark closed for it. */
export function parseInline(text, isOpen, depth = 0) {
  if (text.length > MAX_CHARS || depth > MAX_DEPTH) return text ? [text] : [];
  if (isOpen) text = text.replace(/(?<!~)~$|(?<!\\)\\$/, "");
  const nodes = [];
  let plain = "";
  const push = (item) => {
    if (plain) nodes.push(plain);
    plain = "";
    if (item) nodes.push(item);
  };
  for (let at = 0; at < text.length; ) {
    const formula = readFormula(text, at, isOpen);
    if (formula) {
      push({ tag: "formula", children: formula.source === null ? [] : [formula.source] });
      at += formula.length;
      continue;
    }
    const rest = text.slice(at);
    if (text[at] === "\\" && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
      continue;
    }
    const found = readCode(rest, isOpen) ?? readLink(rest, isOpen, depth) ?? readEmphasis(text, at, isOpen, depth);
    if (found) {
      push(found.node);
      at += found.length;
    } else {
      const run = /^(?:`+|\$+|[^\\`![*_~$]+|.)/s.exec(rest)[0];
      plain += run;
      at += run.length;
    }
  }
  push(null);
  return nodes;
}

function readCode(rest, isOpen) {
  if (rest[0] !== "`") return null;
  const ticks = /^`+/.exec(rest)[0];
  const close = new RegExp(`(?<!\`)${ticks}(?!\`)`).exec(rest.slice(ticks.length));
  if (!close && !isOpen) return null;
  const inner = close ? rest.slice(ticks.length, ticks.length + close.index) : rest.slice(ticks.length).replace(/`+$/, "");
  const code = inner.replaceAll("\n", " ").trim();
  const length = close ? ticks.length * 2 + close.index : rest.length;
  return { node: code ? { tag: "code", children: [code] } : null, length };
}

function readLink(rest, isOpen, depth) {
  if (rest[0] !== "[" && !rest.startsWith("![")) return null;
  const link = LINK.exec(rest);
  if (link) return { node: { tag: "link", children: parseInline(link[1] || link[2], false, depth + 1) }, length: link[0].length };
  const half = isOpen ? HALF_LINK.exec(rest) : null;
  if (!half) return null;
  return { node: { tag: "link", children: parseInline(half[1], true, depth + 1) }, length: rest.length };
}

function readEmphasis(text, at, isOpen, depth) {
  const [mark, tag] = EMPHASIS.find(([each]) => text.startsWith(each, at)) ?? [];
  if (!mark) return null;
  const start = at + mark.length;
  const isInWord = mark[0] === "_" && /\w/.test(text[at - 1] ?? "");
  if (isInWord || /\s/.test(text[start] ?? "")) return null;
  const end = closingOf(text, start, mark);
  if (end === -1) {
    if (!isOpen) return null;
    const inner = text.slice(start).replace(/[*_~]+$/, "");
    const children = parseInline(inner, true, depth + 1);
    return { node: children.length ? { tag, children } : null, length: text.length - at };
  }
  const children = parseInline(text.slice(start, end), false, depth + 1);
  return { node: { tag, children }, length: end + mark.length - at };
}

function closingOf(text, from, mark) {
  for (let end = text.indexOf(mark, from + 1); end !== -1; end = text.indexOf(mark, end + 1)) {
    const isSpaced = /\s/.test(text[end - 1]);
    const isLonger = mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark);
    const isInWord = mark[0] === "_" && /\w/.test(text[end + mark.length] ?? "");
    if (!isSpaced && !isLonger && !isInWord) return text[end + mark.length] === mark[0] && mark.length === 2 ? end + 1 : end;
  }
  return -1;
}
