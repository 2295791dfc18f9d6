/** Text measured as the server measures it: in Unicode code points, not in UTF-16 units. */

const isHigh = (unit) => (unit & 0xfc00) === 0xd800;
const isLow = (unit) => (unit & 0xfc00) === 0xdc00;

/** Return how many code points a text has. */
export function countCodePoints(text) {
  let pairs = 0;
  for (let at = 0; at < text.length - 1; at += 1) {
    if (isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1))) {
      pairs += 1;
      at += 1;
    }
  }
  return text.length - pairs;
}

/** Return the text without its first code points. */
export function dropCodePoints(text, count) {
  let at = 0;
  for (let dropped = 0; dropped < count && at < text.length; dropped += 1) {
    at += isHigh(text.charCodeAt(at)) && isLow(text.charCodeAt(at + 1)) ? 2 : 1;
  }
  return text.slice(at);
}

/** Return a place at or after `at` that does not cut a character in two. */
export function wholeCharacterEnd(text, at) {
  return at > 0 && at < text.length && isHigh(text.charCodeAt(at - 1)) ? at + 1 : at;
}
