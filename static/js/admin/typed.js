/** What somebody typed about a case and did not send: it is there again when this tab comes back to the case. */

const KEY = "moderation.typed";
const MOST = 20;
const DECIDED = "decided";

function all() {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
}

function write(pairs) {
  sessionStorage.setItem(KEY, JSON.stringify(pairs.slice(-MOST)));
}

/** Return what was typed about a case; null where nothing was. */
export function typedAbout(number) {
  return all().find(([one]) => one === number)?.[1] ?? null;
}

/** Keep what the fields of a case's form hold. */
export function keepTyped(number, values) {
  write([...all().filter(([one]) => one !== number), [number, values]]);
}

/** The case is decided: its words come back only if that is taken back before the next decision. */
export function settleTyped(number) {
  const values = typedAbout(number);
  const rest = all().filter(([one]) => one !== number && one !== DECIDED);
  write(values ? [...rest, [DECIDED, { number, values }]] : rest);
}

/** The last decision is taken back: what was typed for it is to be seen again. */
export function unsettleTyped(number) {
  const last = typedAbout(DECIDED);
  if (last?.number === number) keepTyped(number, last.values);
}
