/** The marks inside a line: formulas, code, emphasis, links. See markdown.js for what a node is. */

import { delimiter, resolveEmphasis } from "./emphasis.js";
import { readFormula } from "./formulas.js";
import { linkTo, readAddress, readBrackets } from "./links.js";

const MAX_CHARS = 6000;
const MAX_DEPTH = 8;
const TAG = /^<(?:[A-Za-z][\w-]*(?:\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^ !"'=<>`]+|'[^']*'|"[^"]*"))?)*\s*\/?|\/[A-Za-z][\w-]*\s*)>|^<!--[^]*?-->/;
const MOST_KEPT = 1000;
const PLAIN = /^[^\\`![*_~$<h\n ]+/;

const kept = new Map();

/** As parseInline, for what is asked again with each word behind it, as the items of a list are: the same text has the same nodes. */
export function parseAgain(text, isOpen) {
  if (isOpen) return parseInline(text, isOpen);
  if (!kept.has(text)) {
    if (kept.size >= MOST_KEPT) kept.clear();
    kept.set(text, parseInline(text, false));
  }
  return kept.get(text);
}

/** Return the nodes of a line or paragraph; an open one has its last mark closed for it. */
export function parseInline(text, isOpen, { depth = 0, isLabel = false } = {}) {
  if (depth > MAX_DEPTH) return text ? [text] : [];
  if (text.length > MAX_CHARS) return parsePieces(text, isOpen, { depth, isLabel });
  // Half a mark at the end says nothing yet.
  if (isOpen) text = text.replace(/(?<!\\)(?:[*_]+|~+)$|(?<!\\)\\$/, "");
  const parts = [];
  for (let at = 0; at < text.length; ) {
    const { items, length } = readPart(text, at, isOpen, { depth, isLabel });
    parts.push(...items);
    at += length;
  }
  return resolveEmphasis(parts, isOpen);
}

/** Read a very long text piece by piece, each cut behind a line, a sentence or a word: marks across a cut stay as they are. */
function parsePieces(text, isOpen, place) {
  const nodes = [];
  for (let from = 0; from < text.length; ) {
    const length = text.length - from > MAX_CHARS ? cutOf(text.slice(from, from + MAX_CHARS)) : text.length - from;
    const piece = text.slice(from, from + length);
    from += length;
    nodes.push(...parseInline(piece, isOpen && from === text.length, place));
  }
  return nodes;
}

function cutOf(piece) {
  const ends = ["\n", ". ", " "].map((mark) => piece.lastIndexOf(mark) + mark.length);
  return ends.find((end) => end > MAX_CHARS / 2) ?? piece.length;
}

function readPart(text, at, isOpen, place) {
  const rest = text.slice(at);
  const formula = readFormula(text, at, isOpen);
  if (formula) return { items: [{ tag: "formula", children: formula.source === null ? [] : [formula.source] }], length: formula.length };
  return (
    readBreak(rest) ??
    readEscape(rest) ??
    readCode(rest, isOpen) ??
    readTag(rest) ??
    (place.isLabel ? null : readAddressed(rest, isOpen)) ??
    readLink(rest, isOpen, place) ??
    readStruck(rest, isOpen, place) ??
    readRun(text, at) ??
    readPlain(rest)
  );
}

/** Two spaces or a backslash before its end break a line; else it goes on. */
function readBreak(rest) {
  const [whole, mark] = /^( *|\\)\n\s*/.exec(rest) ?? [];
  if (whole === undefined) return null;
  const isHard = mark === "\\" || mark.length >= 2;
  return { items: [isHard ? { tag: "br", children: [] } : "\n"], length: whole.length };
}

function readEscape(rest) {
  const [whole] = /^\\[!-/:-@[-`{-~]/.exec(rest) ?? [];
  return whole ? { items: [whole[1]], length: 2 } : null;
}

function readCode(rest, isOpen) {
  if (rest[0] !== "`") return null;
  const [ticks] = /^`+/.exec(rest);
  const close = new RegExp(`(?<!\`)${ticks}(?!\`)`).exec(rest.slice(ticks.length));
  if (!close && !isOpen) return { items: [ticks], length: ticks.length };
  const inner = close ? rest.slice(ticks.length, ticks.length + close.index) : rest.slice(ticks.length).replace(/`+$/, "");
  const code = inner.replaceAll("\n", " ").replace(/^ ([^]*[^ ][^]*) $/, "$1");
  const length = close ? ticks.length * 2 + close.index : rest.length;
  return { items: code ? [{ tag: "code", children: [code] }] : [], length };
}

/** Markup is shown as it is written, with no marks in it. */
function readTag(rest) {
  const [tag] = (rest[0] === "<" && TAG.exec(rest)) || [];
  return tag ? { items: [tag], length: tag.length } : null;
}

function readAddressed(rest, isOpen) {
  const { url, text, length } = (/^(?:<|https?:)/.test(rest) && readAddress(rest, isOpen)) || {};
  return length ? { items: linkTo(url, [text]), length } : null;
}

function readLink(rest, isOpen, { depth }) {
  const { url, label, length } = (/^!?\[/.test(rest) && readBrackets(rest, isOpen)) || {};
  if (!length) return null;
  const isArriving = url === null;
  const children = label ? parseInline(label, isArriving, { depth: depth + 1, isLabel: true }) : [url ?? ""].filter(Boolean);
  if (children.some(({ tag }) => tag === "link")) return isArriving ? { items: children, length } : null;
  return { items: isArriving ? [{ tag: "link", children }] : linkTo(url, children), length };
}

function readStruck(rest, isOpen, { depth, isLabel }) {
  if (!rest.startsWith("~~")) return null;
  const [, inner, close] = /^~~(?=[^\s~])([^]*?\S)(~~(?!~)|$)/.exec(rest) ?? [];
  if (inner === undefined || (!close && !isOpen)) return null;
  const children = parseInline(inner, !close, { depth: depth + 1, isLabel });
  return { items: children.length ? [{ tag: "del", children }] : [], length: 2 + inner.length + close.length };
}

function readRun(text, at) {
  const [run] = /^(?:\*+|_+)/.exec(text.slice(at)) ?? [];
  if (!run) return null;
  return { items: [delimiter(run, lastOf(text.slice(0, at)), firstOf(text.slice(at + run.length)))], length: run.length };
}

const firstOf = (text) => (text ? String.fromCodePoint(text.codePointAt(0)) : "\n");
const lastOf = (text) => /.$/su.exec(text)?.[0] ?? "\n";

function readPlain(rest) {
  const [run] = PLAIN.exec(rest) ?? /^(?:h|<|!| |\$+|~+|.)/s.exec(rest);
  return { items: [run], length: run.length };
}
