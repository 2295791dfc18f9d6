/** Passages of a text in code points, as the server counts; nothing here knows the page. */

export function codePoints(text) {
  return [...text].length;
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

/** Return where words stand in a text, every time, whatever their case. */
export function occurrences(text, words) {
  const [haystack, needle] = [[...text].map(lower), [...words.trim()].map(lower)];
  const found = [];
  for (let start = 0; needle.length && start + needle.length <= haystack.length; start += 1) {
    if (needle.every((letter, index) => letter === haystack[start + index])) found.push([start, start + needle.length]);
  }
  return found;
}

function lower(letter) {
  return letter.toLowerCase();
}

/**
 * Return passages as the stored text counts them. A page shows one line break where the text has two characters.
 *
 * @param {number[][]} spans - start and end in the text of the page
 * @param {number[]} breaks - where in it such line breaks stand
 */
export function asStored(spans, breaks) {
  const before = (position) => breaks.filter((one) => one < position).length;
  return spans.map(([start, end]) => [start + before(start), end + before(end)]);
}
