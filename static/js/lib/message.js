/** Rules about a message that is being written. */

import { countCodePoints } from "./text.js";
import { tn } from "./words.js";

const WARN_FROM = 0.9;

/** Judge a text: may it be sent, and what to say about its length. */
export function judgeMessage(text, limit) {
  const length = countCodePoints(text.trim());
  const over = length - limit;
  let note = "";
  if (over > 0) note = tn("%(count)s too many: at most %(limit)s characters", "%(count)s too many: at most %(limit)s characters", over, { limit });
  else if (length >= limit * WARN_FROM) note = tn("%(count)s left", "%(count)s left", limit - length);
  return { isBlank: length === 0, isOver: over > 0, canSend: length > 0 && over <= 0, note };
}

/** Whether a key press sends: plain Enter, not while a character is being composed. */
export function isSendKey(event, isTouch) {
  return (
    event.key === "Enter" &&
    !isTouch &&
    !event.shiftKey &&
    !event.altKey &&
    !event.ctrlKey &&
    !event.metaKey &&
    !event.isComposing &&
    event.keyCode !== 229
  );
}

/** A new id for a turn, also where the page is not served over https. */
export function newClientId(source = globalThis.crypto) {
  if (source.randomUUID) return source.randomUUID();
  const bytes = source.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
