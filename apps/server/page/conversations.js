// Conversations, kept in the browser alone. There are at most LIMIT.count of LIMIT.characters in all: the oldest go first.

export const LIMIT = {count: 100, characters: 2_000_000};
const NAME = "tritium.conversations";

export function titleOf(conversation) {
  const first = conversation.messages.find((message) => message.role === "user")?.content ?? "";
  const line = first.trim().split("\n")[0];
  return line.length > 60 ? line.slice(0, 59).trimEnd() + "…" : line || "New chat";
}

// Which experts worked is a hundred times the text: it is kept while the page is open, no longer.
const written = (kept) => JSON.stringify(kept, (name, value) => (name === "tokens" ? undefined : value));

export class Conversations {
  #storage;
  #all;

  constructor(storage) {
    this.#storage = storage;
    this.#all = [];
    this.reload();
  }

  /** What another tab has written meanwhile. Of what this one holds the objects stay, unless the other went on with them. */
  reload() {
    let kept = [];
    try {
      kept = JSON.parse(this.#storage.getItem(NAME) ?? "[]").filter((one) => one?.id && Array.isArray(one.messages));
    } catch { /* not ours, or damaged */ }
    const here = new Map(this.#all.map((one) => [one.id, one]));
    this.#all = kept.map((one) => (here.get(one.id)?.updated >= one.updated ? here.get(one.id) : one));
  }

  /** The latest first. */
  list() { return [...this.#all].sort((a, b) => b.updated - a.updated); }
  get(id) { return this.#all.find((one) => one.id === id); }

  save(conversation) {
    conversation.updated = Date.now();
    this.reload();
    this.#write([conversation, ...this.#all.filter((one) => one.id !== conversation.id)]);
  }

  remove(id) {
    this.reload();
    this.#write(this.#all.filter((one) => one.id !== id));
  }

  clear() { this.#write([]); }

  #write(all) {
    let kept = all.sort((a, b) => b.updated - a.updated).slice(0, LIMIT.count);
    let text = written(kept);
    while (kept.length > 1 && text.length > LIMIT.characters) {
      kept.pop();
      text = written(kept);
    }
    for (;;) {
      try {
        this.#storage.setItem(NAME, text);
        break;
      } catch {  // the browser's own limit, or storage that is not allowed: what is left is kept in memory
        if (kept.length <= 1) break;
        kept = kept.slice(0, Math.ceil(kept.length / 2));
        text = written(kept);
      }
    }
    this.#all = kept;
  }
}

export const newConversation = () => ({id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), updated: Date.now(), messages: []});
