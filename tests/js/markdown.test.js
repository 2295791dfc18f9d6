import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseMarkdown, settledLength } from "../../static/js/lib/markdown.js";
import { drawn } from "./drawn.js";

const SAMPLES = JSON.parse(readFileSync(new URL("../support/markdown.json", import.meta.url), "utf8"));

const flat = (nodes) => nodes.map((item) => (typeof item === "string" ? item : `<${item.tag}>${flat(item.children)}</${item.tag}>`)).join("");
const open = (text) => flat(parseMarkdown(text, { isOpen: true }));
const done = (text) => flat(parseMarkdown(text));

test("reads the blocks of an answer", () => {
  assert.equal(done("## A\n\nB *c* **d** `e`\nf"), "<h2>A</h2><p>B <em>c</em> <strong>d</strong> <code>e</code>\nf</p>");
  assert.equal(done("- a\n- b\n  - c\n\n1. d\n2. e"), "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol><li>d</li><li>e</li></ol>");
  assert.equal(done("> a\n> b"), "<blockquote><p>a\nb</p></blockquote>");
  assert.equal(done("---"), "<hr></hr>");
});

test("draws every sample as the server's renderer does", () => {
  assert.deepEqual(
    SAMPLES.map(({ text }) => ({ text, drawn: drawn(parseMarkdown(text)) })),
    SAMPLES,
  );
});

test("draws no half of a sample otherwise in a settled and an open part", () => {
  for (const { text } of SAMPLES) {
    for (let length = 0; length <= text.length; length += 1) {
      const part = text.slice(0, length);
      const cut = settledLength(part);
      assert.equal(drawn(parseMarkdown(part.slice(0, cut))) + drawn(parseMarkdown(part.slice(cut))), drawn(parseMarkdown(part)), JSON.stringify(part));
      assert.ok(parseMarkdown(part, { isOpen: true }));
    }
  }
});

test("reads a table once its second line is there", () => {
  const head = "| a | b |";
  assert.equal(open(head), "");
  assert.equal(open(`${head}\n|-`), "<table><thead><tr><th>a</th><th>b</th></tr></thead></table>");
  assert.equal(
    done(`${head}\n|---|---|\n| **1** | 2 |`),
    "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><strong>1</strong></td><td>2</td></tr></tbody></table>",
  );
  assert.equal(done("| only text |"), "<p>| only text |</p>");
});

test("keeps the sides of a table's columns, also while its second line arrives", () => {
  const sides = (text) => {
    const [table] = parseMarkdown(text, { isOpen: true });
    return table.children.flatMap((part) => part.children[0].children.map((cell) => cell.align ?? "none"));
  };
  const head = "| a | b | c | d |\n";
  assert.deepEqual(sides(`${head}| :- | :`), ["left", "left", "none", "none"]);
  assert.deepEqual(sides(`${head}| :- | :-: | -: | - |`), ["left", "center", "right", "none"]);
  assert.deepEqual(sides(`${head}| :- | :-: | -: | - |\n| 1 | 2 | 3 | 4 |`).slice(4), ["left", "center", "right", "none"]);
});

test("closes an open fence and never shows its marks", () => {
  const text = "a\n\n```python\nx = 1\n```\n";
  for (let length = 4; length <= text.length; length += 1) {
    assert.ok(!open(text.slice(0, length)).includes("`"), text.slice(0, length));
  }
  const [, fence] = parseMarkdown("a\n\n```python\nx = 1", { isOpen: true });
  assert.deepEqual(fence, { tag: "fence", children: ["x = 1"], language: "python" });
});

test("never shows half a mark while a paragraph arrives", () => {
  const text = "One **two** and *three* with `four`, [five](https://example.org/a_(b)) and ~~six~~ end";
  for (let length = 1; length <= text.length; length += 1) {
    const shown = open(text.slice(0, length));
    assert.ok(!/[*`[\]~(]|https/.test(shown), shown);
  }
  assert.equal(
    done(text),
    "<p>One <strong>two</strong> and <em>three</em> with <code>four</code>, <link>five</link> <host>example.org</host> and <del>six</del> end</p>",
  );
});

test("never shows a bare list mark, heading mark or rule", () => {
  for (const text of ["#", "##", "## ", "-", "- ", "1.", "1. ", ">", "--", "---", "***", "``", "|"]) {
    assert.equal(open(`a\n\n${text}`), "<p>a</p>", text);
  }
});

test("leaves signs alone that are no marks", () => {
  assert.equal(done("5 * 3 * 2 and snake_case_name and a\\*b"), "<p>5 * 3 * 2 and snake_case_name and a*b</p>");
  assert.equal(done("2 < 3 <b>x</b>"), "<p>2 < 3 <b>x</b></p>");
});

test("settles what later text cannot change", () => {
  assert.equal(settledLength("one\n\ntwo"), 0);
  assert.equal(settledLength("one\n\ntwo\n"), 5);
  assert.equal(settledLength("- a\n\n- b\n\n- c\n"), 0);
  assert.equal(settledLength("```\na\n\nb\n\nc\n"), 0);
  assert.equal(settledLength("```\na\n\nb\n```\n\nafter\n"), 14);
});

test("settled and open part together read like the whole", () => {
  const text = "# T\n\nPara **b**\n\n- a\n- b\n\n```js\nlet a\n\nlet b\n```\n\n| a |\n|---|\n| 1 |\n\nEnd.";
  for (let length = 0; length <= text.length; length += 1) {
    const part = text.slice(0, length);
    const cut = settledLength(part);
    assert.equal(done(part.slice(0, cut)) + done(part.slice(cut)), done(part), JSON.stringify(part));
  }
});

test("reads the marks of a long line as those of a short one", () => {
  const words = "word after word ".repeat(80);
  const lines = { [`1. a\n2. ${words}**b**\n3. c`]: "ol", [`> ${words}**b**`]: "blockquote", [`## ${words}**b**`]: "h2", [`- ${words}**b**`]: "ul" };
  for (const [text, tag] of Object.entries(lines)) {
    assert.ok(done(text).startsWith(`<${tag}>`), text.slice(0, 9));
    for (let length = 1_000; length <= text.length; length += 1) {
      const part = open(text.slice(0, length));
      assert.ok(part.startsWith(`<${tag}>`) && !part.includes("2. "), text.slice(0, length));
    }
    assert.match(done(text), /<strong>b<\/strong>/);
  }
});

test("reads a paragraph of any length by its marks, and leaves what stands already", () => {
  const text = "Some **bold** and `code` words. ".repeat(1_000);
  const tree = done(text);
  assert.equal(tree.split("<strong>bold</strong>").length, 1_001);
  assert.equal(tree.replaceAll(/<[^>]+>/g, ""), "Some bold and code words. ".repeat(1_000).trim());
  for (const length of [5_990, 6_000, 6_010, 12_100, 31_900]) {
    const settled = open(text.slice(0, length)).slice(0, -100);
    assert.ok(tree.startsWith(settled));
  }
});

const wide = (width) => `${"|a".repeat(width)}|\n${"|-".repeat(width)}|\n`;

const PIECES = ["[", "![", "[a](", "*a ", "**a ", "a**b__c*", "`", "``a`\n", "~~a ", "> ", "> a\n", "- ", "- a\n", "- a\n+ b\n", "-\n\n", "|-", "|a\n|-|\n", " ", " \n", "<a ", "<a b='", "<pre></pre>\n", "<!-- a -->\n", "<div>\n\n", "[a]: b\n", '[a]: b "c\n', "$", "$a ", "$$\n", "$$a ", "$\\", "\\(", "\\(a", "\\[", "\\[\n", "> \\[\n", "- \\[\n", "\\", "```\n", "a\n=\n", "a  \n"];

function millisecondsOf(read, text) {
  const began = process.cpuUsage().user;
  read(text);
  return (process.cpuUsage().user - began) / 1000;
}

// What is read over and over takes 64 times as long for eight times the text, each time it is measured; what lies
// between, or is so once, is for a busy machine and for the engine that compiles beside it.
function growsTooFast(read, piece, lengths) {
  const [short, long] = lengths.map((length) => millisecondsOf(read, piece.repeat(length / piece.length)));
  return long > 50 && long > 24 * short;
}

test("takes time in proportion to the length of hostile text", () => {
  const slow = [];
  for (const piece of PIECES) {
    // Lines are quicker than marks, and tell only where there are many.
    const lengths = piece.endsWith("\n") ? [25_000, 200_000] : [12_000, 96_000];
    for (const read of [open, settledLength]) {
      if ([1, 2, 3].every(() => growsTooFast(read, piece, lengths))) slow.push({ piece, read: read.name });
    }
  }
  assert.deepEqual(slow, []);
});

test("fills so many cells that rows lack, and shows what they have beyond", () => {
  const cells = (text) => done(text).split("<td>").length - 1;
  assert.equal(cells(`${wide(100)}|x\n`), 100);
  assert.equal(cells(`${wide(100)}${"|x\n".repeat(5_000)}`), 5_000 + 200);
});
