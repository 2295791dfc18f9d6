/** Why something cannot be done now, in words that say what to do. */

import { t } from "../lib/words.js";

export const BUSY = t("One answer at a time: wait until this one is complete, or stop it.");
export const AWAY = t("You are offline. Try again when you are connected.");
export const NO_CONNECTION = t("There is no connection to the server at the moment. Try again when it is back.");
export const SIGNED_OUT = t("You have been signed out. Sign in again first.");
export const UNSENT = t("This was not sent, for you have been signed out. Your text is kept: sign in again.");
export const SHUT_OUT = t("This was not sent. Your message is back in the box.");
export const UNREPEATED = t("The server did not answer. Try again.");

/** Why nothing can be asked of the server now, "" where it can: by the plain form, before the first connection. */
export function absence(connection, { wasOpen }) {
  if (!navigator.onLine) return AWAY;
  if (connection.state === "signed_out") return SIGNED_OUT;
  return wasOpen && !connection.isOpen ? NO_CONNECTION : "";
}

export const REASONS = {
  offline: t("You are offline. Your message is back in the box: try again when you are connected."),
  unanswered: t("The server did not answer. Your message is back in the box: try again."),
};
