/** Draws a growing answer: settled blocks once, the last block again and again, in place. */

import { drawFormula } from "./formula-drawing.js";
import { parseMarkdown, settledLength } from "../lib/markdown.js";

const TAGS = { link: "span", host: "span" };
const CLASSES = { link: "live-link", host: "link-host" };
/** Their marks, lines and columns stand on the side where their text begins. */
const OUTLINED = ["ul", "ol", "blockquote", "table"];
const FORMULAS = ["formula", "formula-block"];

export class LiveText {
  constructor(container) {
    this.container = container;
    this.settled = 0;
    this.text = "";
    this.live = [];
    container.replaceChildren();
    container.classList.add("prose");
    container.dataset.live = "";
  }

  /** Show a text that begins with the text before. */
  show(text) {
    this.text = text;
    const cut = this.settled + settledLength(text.slice(this.settled));
    if (cut > this.settled) {
      this.#patch(parseMarkdown(text.slice(this.settled, cut)));
      this.live = [];
      this.settled = cut;
    }
    this.#patch(parseMarkdown(text.slice(this.settled), { isOpen: true }));
  }

  #patch(blocks) {
    const before = this.live;
    this.live = blocks.map((block, index) => {
      const old = before[index];
      const drawn = old && update(old, block) ? old : build(block);
      if (!old) this.container.append(drawn);
      else if (old !== drawn) old.replaceWith(drawn);
      return drawn;
    });
    for (const extra of before.slice(blocks.length)) extra.remove();
  }
}

function build(item) {
  if (typeof item === "string") return document.createTextNode(item);
  if (item.tag === "fence") return buildFence(item);
  if (FORMULAS.includes(item.tag)) return buildFormula(item);
  const element = document.createElement(TAGS[item.tag] ?? item.tag);
  if (OUTLINED.includes(item.tag)) element.dir = "auto";
  if (CLASSES[item.tag]) element.className = CLASSES[item.tag];
  if (item.tag === "ol" && item.start !== 1) element.start = item.start;
  setSide(element, item.align);
  element.append(...item.children.map(build));
  element.liveTag = item.tag;
  element.liveChildren = item.children;
  return element;
}

function buildFence(item) {
  const block = document.createElement("div");
  block.className = "code-block";
  const bar = document.createElement("div");
  bar.className = "code-block__bar";
  const language = document.createElement("span");
  language.className = "code-block__language";
  language.textContent = item.language || "text";
  bar.append(language);
  const pre = document.createElement("pre");
  const code = document.createElement("code");
  code.append(item.children[0]);
  pre.append(code);
  block.append(bar, pre);
  block.liveTag = "fence";
  return block;
}

/** A formula is only marked as one until it is whole and drawn. */
function buildFormula(item) {
  const [source] = item.children;
  const isBlock = item.tag === "formula-block";
  const element = document.createElement(isBlock ? "div" : "span");
  element.className = isBlock ? "formula-source formula-source--block" : "formula-source";
  element.dataset.pending = "";
  element.liveTag = item.tag;
  element.liveSource = source;
  if (source !== undefined) drawFormula(element, source);
  return element;
}

/** Bring a drawn node to what the item says, keeping what is the same; false when it is another. */
function update(drawn, item) {
  if (typeof item === "string") {
    if (drawn.nodeType !== Node.TEXT_NODE) return false;
    setText(drawn, item);
    return true;
  }
  if (drawn.liveTag !== item.tag) return false;
  if (FORMULAS.includes(item.tag)) return drawn.liveSource === item.children[0];
  if (item.tag === "fence") {
    drawn.querySelector(".code-block__language").textContent = item.language || "text";
    const code = drawn.querySelector("code");
    if (!code.firstChild) code.append("");
    setText(code.firstChild, item.children[0]);
    return true;
  }
  setSide(drawn, item.align);
  // The same nodes, not only equal ones: see parseAgain.
  if (drawn.liveChildren === item.children) return true;
  drawn.liveChildren = item.children;
  const olds = Array.from(drawn.childNodes);
  item.children.forEach((child, index) => {
    const old = olds[index];
    if (old && update(old, child)) return;
    if (old) old.replaceWith(build(child));
    else drawn.append(build(child));
  });
  for (const extra of olds.slice(item.children.length)) extra.remove();
  return true;
}

/** The second line of a table arrives mark by mark, and may say otherwise at its end. */
function setSide(cell, align) {
  if (cell.tagName !== "TH" && cell.tagName !== "TD") return;
  if (align) cell.className = `align-${align}`;
  else cell.removeAttribute("class");
}

function setText(node, text) {
  if (text === node.data) return;
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
  else node.data = text;
}
