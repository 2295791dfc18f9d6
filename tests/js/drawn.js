/** What a tree of lib/markdown.js shows, in the short form of tests/support/markdown.json. */

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function attributesOf({ tag, start, align }) {
  if (tag === "ol" && start !== 1) return ` start="${start}"`;
  return align ? ` class="align-${align}"` : "";
}

/** Return which blocks and marks of which text a tree shows. */
export function drawn(nodes) {
  return nodes.map((node) => (typeof node === "string" ? escape(node) : drawNode(node))).join("").replaceAll(" <host>", "<host>");
}

function drawNode(node) {
  const inner = drawn(node.children);
  if (node.tag === "br" || node.tag === "hr") return `<${node.tag}>`;
  if (node.tag === "fence") return `<fence><name>${escape(node.language || "text")}</name>${inner.trimEnd()}</fence>`;
    return `<${node.tag}${attributesOf(node)}>${inner}</${node.tag}>`;
}
