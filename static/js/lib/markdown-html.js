/** Markup in a text: it is shown as it was written, so no marks are read in it. */

const BLOCKS =
  "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li link main menu menuitem meta nav noframes ol optgroup option p param section source summary table tbody td tfoot th thead title tr track ul".split(
    " ",
  );
const WHOLE = ["pre", "script", "style", "textarea"];
const TAG = /^ {0,3}<(\/?)([A-Za-z][\w-]*)/;

/** Return what ends the markup that a line begins and that goes on over blank lines; "" where it begins none. */
export function endOfWhole(line) {
  if (/^ {0,3}<!--/.test(line)) return "-->";
  const [, close, name] = TAG.exec(line) ?? [];
  const tag = name?.toLowerCase();
  return !close && WHOLE.includes(tag) ? `</${tag}>` : "";
}

/** Return the line behind the markup that begins at a line, or 0 where none does. */
export function readHtml(lines, at) {
  const end = endOfWhole(lines[at]);
  if (end) return lineBehind(lines, at, end);
  const [, , name] = TAG.exec(lines[at]) ?? [];
  if (!BLOCKS.includes(name?.toLowerCase())) return 0;
  let next = at + 1;
  while (next < lines.length && lines[next].trim() !== "") next += 1;
  return next;
}

/** Whether markup begins that a list or quote does not go on with, as the server has it: a tag that closes at once is not told. */
export function endsContainer(line) {
  const [whole, , name] = TAG.exec(line) ?? [];
  return /^ {0,3}<!--/.test(line) || (BLOCKS.concat(WHOLE).includes(name?.toLowerCase()) && /^(?:\s|$)/.test(line.slice(whole.length)));
}

function lineBehind(lines, at, end) {
  let next = at;
  while (next < lines.length && !lines[next].includes(end)) next += 1;
  return Math.min(next + 1, lines.length);
}
