// The store of a page whose browser keeps nothing: the same interface as store.mjs, gone with the page. It hands out
// copies, as the real one does, so that nobody comes to rely on changing a record in place.

import { gather } from "./store.mjs";
import { SCHEMA } from "./tree.mjs";

export class MemoryStore {
  persistent = false;
  unreadable = [];
  #entries = new Map();

  async list() {
    const records = [...this.#entries.values()].map(({ conversation }) => conversation);
    return structuredClone(sorted(records.filter(({ deleted }) => !deleted)));
  }

  async read(id) {
    const entry = this.#entries.get(id);
    if (!entry) return null;
    return structuredClone({ conversation: entry.conversation, messages: sorted([...entry.messages.values()]) });
  }

  async write(conversation, messages = []) {
    if (conversation.schema !== SCHEMA) throw new TypeError(`schema ${conversation.schema} instead of ${SCHEMA}`);
    const copy = structuredClone({ conversation, messages });
    const known = this.#entries.get(conversation.id)?.messages ?? new Map();
    for (const message of copy.messages) known.set(message.id, message);
    this.#entries.set(conversation.id, { conversation: copy.conversation, messages: known });
  }

  async remove(id) {
    this.#entries.delete(id);
  }

  async texts() {
    const texts = new Map((await this.list()).map(({ id }) => [id, ""]));
    for (const { messages } of this.#entries.values()) gather(texts, [...messages.values()]);
    return texts;
  }

  async usage() {
    return { used: 0, quota: 0, kept: null };
  }

  async keep() {
    return null;
  }

  close() {
    this.#entries.clear();
  }
}

/** In the order in which IndexedDB has them. */
const sorted = (records) => records.sort((a, b) => (a.id < b.id ? -1 : 1));
