/** Which runs of * and _ open and close emphasis: the rules of CommonMark, as the server's renderer has them. */

const isSpace = (char) => /\s/.test(char);
const isWord = (char) => /[\p{L}\p{N}]/u.test(char);
const isPunctuation = (char) => !isSpace(char) && !isWord(char);

/** Return a part for a run of marks between two characters ("\n" at an end of the text). */
export function delimiter(run, before, after) {
  const isInWord = run[0] === "_" && isWord(before) && isWord(after);
  const leansOn = (inner, outer) => !isInWord && !isSpace(inner) && !(isPunctuation(inner) && isWord(outer));
  return { run, length: run.length, canOpen: leansOn(after, before), canClose: leansOn(before, after) };
}

/** Return the nodes of parts (strings, nodes, delimiters); an open text closes for its writer what is open at its end. */
export function resolveEmphasis(parts, isOpen) {
  const resolved = parts.map((part) => (part.run ? { ...part } : part));
  const floors = new Map();
  for (let at = 0; at < resolved.length; at += 1) {
    const closer = resolved[at];
    if (!closer.run || !closer.canClose || !closer.length) continue;
    const key = `${closer.run[0]}${closer.length % 3}${closer.canOpen}`;
    const opening = openerOf(resolved, at, floors.get(key) ?? 0);
    if (opening === -1) {
      floors.set(key, at);
      continue;
    }
    enclose(resolved, opening, at);
    // What is left of the closing run is looked at again.
    at = opening + 1;
  }
  if (isOpen) closeAll(resolved);
  return merged(resolved);
}

function openerOf(parts, at, floor) {
  const closer = parts[at];
  for (let index = at - 1; index >= floor; index -= 1) {
    const opener = parts[index];
    if (opener.run?.[0] === closer.run[0] && opener.canOpen && opener.length && fits(opener, closer) && index < at - 1) return index;
  }
  return -1;
}

/** A run that both opens and closes is told from its partner by the rule of three. */
function fits(opener, closer) {
  if (!opener.canClose && !closer.canOpen) return true;
  const [open, close] = [opener.run.length, closer.run.length];
  return (open + close) % 3 !== 0 || (open % 3 === 0 && close % 3 === 0);
}

function enclose(parts, opening, closing) {
  const [opener, closer] = [parts[opening], parts[closing]];
  const size = opener.length >= 2 && closer.length >= 2 ? 2 : 1;
  opener.length -= size;
  closer.length -= size;
  const inner = merged(parts.slice(opening + 1, closing));
  parts.splice(opening + 1, closing - opening - 1, { tag: size === 2 ? "strong" : "em", children: inner });
}

function closeAll(parts) {
  for (let at = parts.length - 1; at >= 0; at -= 1) {
    const opener = parts[at];
    if (!opener.run || !opener.canOpen) continue;
    for (; opener.length; opener.length -= Math.min(2, opener.length)) {
      const children = merged(parts.splice(at + 1));
      if (children.length) parts.push({ tag: opener.length >= 2 ? "strong" : "em", children });
    }
  }
}

/** Return the parts with what is left of delimiters as text, and texts joined. */
function merged(parts) {
  const nodes = [];
  for (const part of parts) {
    const item = part.run ? part.run.slice(0, part.length) : part;
    if (item === "") continue;
    if (typeof item === "string" && typeof nodes.at(-1) === "string") nodes.push(nodes.pop() + item);
    else nodes.push(item);
  }
  return nodes;
}
