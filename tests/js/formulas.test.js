import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseMarkdown } from "../../static/js/lib/markdown.js";

const cases = JSON.parse(readFileSync(new URL("../support/formulas.json", import.meta.url), "utf8"));
const isFormula = (node) => node.tag === "formula" || node.tag === "formula-block";
const found = (nodes) => nodes.flatMap((node) => (typeof node === "string" ? [] : isFormula(node) ? node.children : found(node.children)));
const words = (nodes) => nodes.map((node) => (typeof node === "string" ? node : isFormula(node) ? "" : words(node.children))).join(" ");
const open = (text) => parseMarkdown(text, { isOpen: true });

for (const { text, formulas } of cases) {
  test(`finds the formulas of ${JSON.stringify(text)}`, () => assert.deepEqual(found(parseMarkdown(text)), formulas));
}

test("never shows a mark or a command while a formula arrives", () => {
  for (const whole of ["Let \\(\\frac{a}{b}\\) be", "Let $x_1 + \\frac{a}{b}$ be", "So:\n\n\\[\n\\frac{a}{b}\n- c\n\\]\n", "$$\\frac{a}{b}$$\n", "- a\n- \\(\\frac{a}{b}\\)", "It is $$\\frac{a}{b}$$ here"]) {
    for (let length = 1; length <= whole.length; length += 1) {
      assert.doesNotMatch(words(open(whole.slice(0, length))), /[\\$[({]|frac/, JSON.stringify(whole.slice(0, length)));
    }
    assert.equal(found(parseMarkdown(whole)).length, 1);
  }
});

test("never holds back money", () => {
  for (const whole of ["It costs $5 and more", "$5, $6 and $7", "pay 5$ or 6$ now"]) {
    for (let length = 1; length < whole.length; length += 1) {
      const part = whole.slice(0, length);
      assert.equal(words(open(part)).trimEnd(), part.replace(/ ?\$$|(?<= )\$$/, "").trimEnd().replace(/(?<=\d)$/, part.endsWith("$") && /\d\$$/.test(part) ? "$" : ""), part);
    }
  }
});
