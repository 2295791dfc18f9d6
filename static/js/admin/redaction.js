/** Passages of a text that somebody selected, in code points, as the server counts. */

export function codePoints(text) {
  return [...text].length;
}

/** Return start and end of the selection within a text's element; null where there is none. */
export function selectedSpan(element, selection = getSelection()) {
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!element.contains(range.commonAncestorContainer)) return null;
  const before = document.createRange();
  before.setStart(element, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const start = codePoints(before.toString());
  const end = start + codePoints(range.toString());
  return end > start ? [start, end] : null;
}

/** Add a passage to others; those that touch become one. */
export function joined(spans, span) {
  const sorted = [...spans, span].sort((one, other) => one[0] - other[0]);
  const result = [];
  for (const [start, end] of sorted) {
    const last = result.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else result.push([start, end]);
  }
  return result;
}
