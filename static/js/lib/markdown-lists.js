/** The items of a list: which lines are one item's, with its margin taken off. */

const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])([ \t]*|[ \t].+)$/;

/** Return what a line's mark of an item says, or null. */
export function readItemMark(line) {
  const found = ITEM.exec(line);
  if (!found) return null;
  const [, indent, mark, number, text] = found;
  return { width: indent.length + mark.length, indent: indent.length, kind: mark.at(-1), isOrdered: Boolean(number), start: number ? Number(number) : 1, text };
}

/** Read the list that begins at a line: the lines of each item, the line behind it, and whether blank lines part its items. */
export function itemsOf(lines, at, { isRule, isBreak }) {
  const items = [];
  let isSpaced = false;
  let mark = readItemMark(lines[at]);
  let next = at + 1;
  while (mark) {
    const item = collect(lines, next, mark, { isRule, isBreak });
    items.push(item.lines);
    isSpaced ||= Boolean(item.follower) && item.isAfterBlank;
    next = item.next;
    mark = item.follower;
  }
  return { items, next, isSpaced };
}

function collect(lines, from, mark, { isRule, isBreak }) {
  const { first, margin } = marginOf(mark);
  const item = first ? [first] : [];
  let isAfterBlank = false;
  let next = from;
  for (; next < lines.length; next += 1) {
    const line = lines[next];
    if (line.trim() === "") {
      item.push("");
      isAfterBlank = true;
      continue;
    }
    if (indentOf(line) >= margin) {
      if (isAfterBlank && item.every((each) => each === "")) break;
      item.push(dedent(line, margin));
    } else {
      const follower = isRule(line) && indentOf(line) <= mark.width ? null : readItemMark(spaced(line));
      if (follower?.kind === mark.kind && follower.indent <= mark.width) {
        return { lines: trimmed(item), follower, isAfterBlank, next: next + 1 };
      }
      const canBreak = indentOf(line) <= Math.min(mark.width, 3);
      if (isAfterBlank || (canBreak && (isRule(line) || follower || isBreak(line)))) break;
      item.push(spaced(line));
    }
    isAfterBlank = false;
  }
  return { lines: trimmed(item), follower: null, isAfterBlank, next };
}

/** The text behind a mark decides how far the item's other lines are set in. */
function marginOf({ width, text }) {
  const line = spaced(text, width);
  if (!line.trim()) return { first: "", margin: width + 1 };
  const indent = line.length - line.trimStart().length;
  const space = indent >= 5 ? 1 : indent;
  return { first: line.slice(space), margin: width + space };
}

const indentOf = (line) => spaced(line).search(/\S|$/);
const dedent = (line, margin) => spaced(line).slice(margin);

function trimmed(item) {
  let end = item.length;
  while (end > 0 && item[end - 1].trim() === "") end -= 1;
  return item.slice(0, end);
}

/** Return a line with the tabs before its words as spaces, to the next place that four divides. */
function spaced(line, column = 0) {
  let width = column;
  let at = 0;
  for (; line[at] === " " || line[at] === "\t"; at += 1) width += line[at] === "\t" ? 4 - (width % 4) : 1;
  return " ".repeat(width - column) + line.slice(at);
}
