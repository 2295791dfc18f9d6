/** Unsent text, kept per person and conversation until the server has the message. */

const PREFIX = "parley.draft.";

/** What is typed after a message that is on its way stands below it, in the one draft that is kept. */
export function joinDraft(sent, typed) {
  return [sent, typed].filter((text) => text.trim()).join("\n\n");
}

/** Return what is left of a draft once a message of it has arrived; null where it holds another text. */
export function withoutSent(draft, sent) {
  if (draft === sent) return "";
  return sent && draft.startsWith(`${sent}\n\n`) ? draft.slice(sent.length + 2) : null;
}

export class Drafts {
  /** @param {Storage|null} storage may be missing, full or forbidden: then drafts last for the page. */
  constructor(storage, owner) {
    this.storage = storage;
    this.owner = owner;
    this.kept = new Map();
  }

  #key(conversationId) {
    return `${PREFIX}${this.owner}.${conversationId ?? "new"}`;
  }

  read(conversationId) {
    const key = this.#key(conversationId);
    try {
      return this.storage?.getItem(key) ?? this.kept.get(key) ?? "";
    } catch {
      return this.kept.get(key) ?? "";
    }
  }

  write(conversationId, text) {
    const key = this.#key(conversationId);
    this.kept.set(key, text);
    try {
      if (text) this.storage?.setItem(key, text);
      else this.storage?.removeItem(key);
    } catch {
      // Kept in memory above: a full or forbidden storage costs only the reload.
    }
  }
}
