/** Times as a person says them, in their own zone. */

import { t } from "./words.js";

const DAY_MS = 86_400_000;

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Return the short form of a time as seen from now. */
export function shortTime(date, now, locale) {
  const clock = date.toLocaleTimeString(locale, { timeStyle: "short" });
  const days = Math.round((startOfDay(now) - startOfDay(date)) / DAY_MS);
  if (days === 0) return clock;
  if (days === 1) return t("Yesterday, %(time)s", { time: clock });
  const withYear = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  const day = date.toLocaleDateString(locale, { day: "numeric", month: "short", ...withYear });
  return `${day}, ${clock}`;
}

/** Return the whole date and time. */
export function fullTime(date, locale) {
  return date.toLocaleString(locale, { dateStyle: "full", timeStyle: "short" });
}
