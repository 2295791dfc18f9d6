/**
 * Unsent text, kept in this browser until the server has the message: for each person and place, and apart for each
 * page, so that two tabs never write over each other. A message that was handed over stays part of its draft, with
 * its client id: only that id, seen on a message of the server, says that it has arrived.
 */

const PREFIX = "parley.draft.";
const KEPT_MS = 90 * 24 * 3_600_000;

/** Where the first message of a conversation is written; the number of a conversation is a place, too. */
export const NEW = "new";

/** Where a question is written anew. */
export function placeOfEdit(messageId) {
  return `edit.${messageId}`;
}

/** What is typed after a message that is on its way stands below it, in the one draft that is kept. */
export function joinDraft(sent, typed) {
  return [sent, typed].filter((text) => text.trim()).join("\n\n");
}

/** Return what is left of a draft once a message of it has arrived; null where it holds another text. */
export function withoutSent(draft, sent) {
  if (draft === sent) return "";
  return sent && draft.startsWith(`${sent}\n\n`) ? draft.slice(sent.length + 2) : null;
}

/** What is typed in one place of this page, and what was handed over there and may not have arrived. */
export class Draft {
  #handed;
  #isOut = false;
  #kept;

  /**
   * @param {{keep: (slot: object|null) => void}} shelf keeps what is unsent; null for nothing
   * @param {{text?: string, handed?: object|null}|null} slot what an earlier page left, in the box again
   */
  constructor(shelf, slot) {
    this.shelf = shelf;
    this.typed = slot?.text ?? "";
    this.#handed = slot?.handed ?? null;
    this.#kept = this.#sign();
  }

  /** Whether a message is on its way, and not in the box. */
  get isOut() {
    return this.#isOut;
  }

  /** All that is unsent here. */
  get text() {
    return this.#isOut ? joinDraft(this.#handed.content, this.typed) : joinDraft("", this.typed);
  }

  /** Keep what stands in the box now. */
  type(typed) {
    this.typed = typed;
    if (!this.#isOut && this.#handed && withoutSent(typed, this.#handed.content) === null) this.#handed = null;
    this.#keep();
  }

  /** The client id under which a text went out from here already, so that trying again cannot make two. */
  clientIdOf(content) {
    return this.#handed?.content === content ? this.#handed.clientId : null;
  }

  /** A message goes out, and the rest stays in the box. */
  hand({ clientId, content }, rest = "") {
    this.#handed = { clientId, content };
    this.#isOut = true;
    this.typed = rest;
    this.#keep();
  }

  /** The message did not get through, as far as this page knows: return what is in the box then. */
  giveBack() {
    this.typed = this.text;
    this.#isOut = false;
    this.#keep();
    return this.typed;
  }

  /** The server has these messages; tells whether one of them was of this draft. */
  settle(clientIds) {
    if (!this.#handed || !clientIds.includes(this.#handed.clientId)) return false;
    if (!this.#isOut) this.typed = withoutSent(this.typed, this.#handed.content) ?? this.typed;
    this.#handed = null;
    this.#isOut = false;
    this.#keep();
    return true;
  }

  /** Go on in another place: what was new has a conversation now. */
  moveTo(shelf) {
    this.shelf.keep(null);
    this.shelf = shelf;
    this.#kept = null;
    this.#keep();
  }

  #sign() {
    return JSON.stringify([this.text, this.#handed?.clientId]);
  }

  /** What this page has not touched since it kept it is left as it is: it may be another tab's by now. */
  #keep() {
    const sign = this.#sign();
    if (sign === this.#kept) return;
    this.#kept = sign;
    const { text } = this;
    this.shelf.keep(text ? { text, handed: this.#handed } : null);
  }
}

/** All drafts of a person in this browser. */
export class Drafts {
  /**
   * @param {Storage|null} storage may be missing, full or forbidden: then drafts last for the page
   * @param {object} names owner, the person; page, which differs with each page; tab, which outlives a reload
   */
  constructor(storage, { owner, page, tab = page, now = Date.now }) {
    Object.assign(this, { storage, page, tab, now });
    this.prefix = `${PREFIX}${owner}.`;
    this.memory = new Map();
  }

  /** Return the draft of a place: what this tab left there, or else what another one left last. */
  open(place) {
    const left = this.#slots().filter((slot) => slot.place === String(place));
    const isOwn = (slot) => Number(slot.tab === this.tab);
    const [slot] = left.sort((one, other) => isOwn(other) - isOwn(one) || other.at - one.at);
    return new Draft(this.shelf(place, slot), slot);
  }

  /** Where this page keeps the draft of a place; what it goes on writing is not kept twice. */
  shelf(place, continued = null) {
    const name = `${this.prefix}${place}.${this.page}`;
    let before = continued;
    const keep = (slot) => {
      this.#write(name, slot && { ...slot, tab: this.tab, at: this.now() });
      if (before && before.name !== name && this.#read(before.name) === before.raw) this.#write(before.name, null);
      before = null;
    };
    return { keep };
  }

  /** The server has these messages: they are no drafts any more, whichever page handed them over. */
  settle(clientIds) {
    for (const { name, text, handed, tab, at } of this.#slots()) {
      const isOld = this.now() - at > KEPT_MS;
      if (!isOld && !(handed && clientIds.includes(handed.clientId))) continue;
      const left = isOld ? "" : (withoutSent(text, handed.content) ?? text);
      this.#write(name, left && { text: left, handed: null, tab, at });
    }
  }

  #slots() {
    const names = new Set(this.memory.keys());
    try {
      for (let place = 0; place < (this.storage?.length ?? 0); place += 1) names.add(this.storage.key(place));
    } catch {
      // Forbidden: what this page keeps in memory is all there is.
    }
    return Array.from(names).flatMap((name) => this.#slot(name) ?? []);
  }

  #slot(name) {
    if (!name.startsWith(this.prefix)) return null;
    const raw = this.#read(name);
    try {
      const { text, handed, tab, at } = JSON.parse(raw);
      const place = name.slice(this.prefix.length, name.lastIndexOf("."));
      return { name, raw, place, text, handed, tab, at };
    } catch {
      return null;
    }
  }

  #read(name) {
    try {
      return this.memory.get(name) ?? this.storage?.getItem(name) ?? null;
    } catch {
      return null;
    }
  }

  #write(name, slot) {
    this.memory.delete(name);
    try {
      if (slot) this.storage.setItem(name, JSON.stringify(slot));
      else this.storage.removeItem(name);
    } catch {
      // Missing, full or forbidden: kept in memory, which costs only the reload.
      if (slot) this.memory.set(name, JSON.stringify(slot));
    }
  }
}
