/** Where a link leads, as the server's renderer shows it: only to hosts and mail addresses, and the host beside its words. */

const LABEL_CHARS = 1_000;
const DESTINATION = /^\(\s*(?:<([^<>\n]{0,2000})>|([^()\s<>]{0,2000}(?:\([^()\s]{0,200}\)[^()\s<>]{0,200})?))(?:\s+(?:"[^"]{0,200}"|'[^']{0,200}'))?\s*\)/;
const HALF_DESTINATION = /^\((?:[^()\s]|\([^()\s]{0,200}\)?){0,2000}(?:\s+(?:"[^"]{0,200}"?|'[^']{0,200}'?)?\s*)?$/;
const BARE = /^https?:\/\/[^\s<]*[^\s<?!.,:;"'*_~)\]]/;
const HALF_BARE = /^https?:\/\/[^\s<]*$/;
const AUTO = /^<(?:([A-Za-z][A-Za-z0-9.+-]{1,31}:[^<>\s]*)|([\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+))>/;
const HALF_AUTO = /^<(https?:[^<>\s]*)$/;

/** Return the host that an address leads to, "e-mail" for a mail address, "" where no link is made. */
export function hostOf(url) {
  if (/^mailto:/i.test(url)) return "e-mail";
  const place = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? "";
  return place.slice(place.lastIndexOf("@") + 1).replace(/:\d*$/, "").toLowerCase();
}

/** Return the nodes of a link; beside words that are not its address stands where it leads. */
export function linkTo(url, children) {
  const host = hostOf(url);
  if (!host) return children;
  const words = children.length === 1 && typeof children[0] === "string" ? children[0] : "";
  const isPlain = !/^https?:\/\/[^/?#]*@/i.test(url) && (words === host || words === escapedUrl(url));
  return [{ tag: "link", children }, ...(isPlain ? [] : [" ", { tag: "host", children: [host] }])];
}

const escapedUrl = (url) => url.replace(/[^\w.~\-:/?#@!$&()*+,;=%]+/gu, encodeURIComponent);

/** Read an address that is written out; returns {url, text, length} or null. */
export function readAddress(rest, isOpen) {
  if (rest[0] === "<") {
    const [whole, url, mail] = AUTO.exec(rest) ?? (isOpen ? HALF_AUTO.exec(rest) : null) ?? [];
    if (!whole) return null;
    return { url: url ?? `mailto:${mail}`, text: url ?? mail, length: whole.length };
  }
  const [text] = BARE.exec(rest) ?? [];
  if (!text) return null;
  // Marks at the end may still be part of it; they come with the next letter.
  const length = isOpen && HALF_BARE.test(rest) ? rest.length : text.length;
  return { url: text, text, length };
}

/** Read [words](address) or an image, which is a link here; returns {url, label, length} or null. */
export function readBrackets(rest, isOpen) {
  const start = rest[0] === "!" ? 2 : 1;
  const end = labelEnd(rest, start);
  if (end === -1) return isOpen && rest.length < LABEL_CHARS ? { url: null, label: rest.slice(start), length: rest.length } : null;
  const after = rest.slice(end + 1);
  const label = rest.slice(start, end);
  const found = DESTINATION.exec(after);
  if (found) return { url: found[1] ?? found[2], label, length: end + 1 + found[0].length };
  const isHalf = isOpen && (after === "" || HALF_DESTINATION.test(after));
  return isHalf ? { url: null, label, length: rest.length } : null;
}

function labelEnd(text, start) {
  let depth = 0;
  for (let at = start; at < Math.min(text.length, LABEL_CHARS); at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") depth += 1;
    else if (text[at] === "]" && depth-- === 0) return at;
  }
  return -1;
}
