// The conversations of one visitor, in this browser's IndexedDB. Holds records as they stand in tree.mjs and says in
// plain sentences when the browser will not keep them; knows nothing of the page, and drops nothing it was not told to.
//
// - A write is one transaction of the conversation's record and the messages it is given: all of it is kept, or
//   nothing. Its requests and its commit go out together, so that it also holds when the page goes away at once. Seen
//   in Chromium 156 for a write in `pagehide`: kept 19 times of 19 after an earlier write of the visit, but only 5 of 12
//   when it was the visit's first, so the question is to be written when it is asked and not with its answer.
// - Writes are strict: the browser has them flushed to the disk before it answers. Browsers would be content to leave
//   them in the system's memory for seconds, where a power cut takes them
//   (https://developer.chrome.com/blog/indexeddb-durability-mode-now-defaults-to-relaxed). Median of 100 writes in
//   Chromium 156 on a virtual disk: 1.1 ms strict, 1.0 ms relaxed. The page does not wait for it in any case.
// - The database's version is the schema of its records: a tab that still runs older code is told to close before newer
//   code changes anything, and older code (after an update was taken back) opens it all the same, works with the
//   records it understands and leaves the others alone.
// - `texts` asks for runs of conversations, all requests at once. 1,000 conversations of 40 messages (20 MB of text),
//   Chromium 156: 240–590 ms with runs of 8, 340–540 with 64, 410–550 with 256, the page's thread never held for more
//   than about 100. In a first comparison of ways: such ranges 580–650, a request for each conversation 680–730, one
//   batch after the other 800–1,100, one request for all 1,120–1,440 (the thread held for up to 550), a cursor
//   2,000–2,120. A store of its own for the texts would gain nothing: 750–940.

import {
  CLOSED,
  FORGOTTEN,
  NEWER,
  OUTDATED,
  ConversationUnreadable,
  StorageFull,
  StorageRefused,
  connect,
  transact,
  translated,
} from "./database.mjs";
import { searchedIn } from "./parts.mjs";
import { SCHEMA, textOf } from "./tree.mjs";
import { word } from "./words.mjs";

export { ConversationUnreadable, StorageFull, StorageRefused, databases, forget } from "./database.mjs";

/** What makes of an entry {conversation, messages} of a schema one of the next: {1: (entry) => entry}. None waits. */
export const STEPS = {};
/** How long a deleted conversation can be brought back. */
export const UNDO_MS = 10_000;
const RUN = 8;

const messagesOf = (id) => IDBKeyRange.bound([id], [id, []]);
const beforeUndo = () => IDBKeyRange.upperBound(new Date(Date.now() - UNDO_MS).toISOString());

/** The entry in the form of `schema`. */
const stepped = (entry, schema, steps) => {
  let at = entry;
  for (let from = entry.conversation.schema; from < schema; from++) {
    const { conversation, messages } = steps[from](at);
    if (conversation.id !== entry.conversation.id) throw new TypeError(`step ${from} changed the id`);
    at = { conversation: { ...conversation, schema: from + 1 }, messages: [...messages] };
  }
  return at;
};

/** Bring one conversation into the form of `schema`; the old form stands until all of the new one is there. */
const migrate = (db, id, schema, steps) =>
  transact(db, "readwrite", (conversations, messages, stop) => {
    const record = conversations.get(id);
    messages.getAll(messagesOf(id)).onsuccess = ({ target }) => {
      if (!record.result || record.result.schema >= schema) return; // another tab was faster
      try {
        const entry = stepped({ conversation: record.result, messages: target.result }, schema, steps);
        messages.delete(messagesOf(id));
        for (const message of entry.messages) messages.put(message);
        conversations.put(entry.conversation);
      } catch (error) {
        stop(new Error(word("store_unconverted", { problem: error })));
      }
    };
  });

export class Store {
  persistent = true;
  /** The conversations that were left as they are, with the reason: [{id, title, why}]. */
  unreadable = [];
  #name;
  #options;
  #db = null;
  #opening = null;
  #over = "";

  /** Use `openStore`. */
  constructor(name, options) {
    this.#name = name;
    this.#options = options;
  }

  /** Open the database, purge what was deleted and migrate what is of an older schema. */
  async open() {
    const { schema, steps } = this.#options;
    const [expired, older, newer] = await this.#run("readonly", (conversations) => {
      const index = conversations.index("schema");
      const requests = [
        conversations.index("deleted").count(beforeUndo()),
        index.getAll(IDBKeyRange.upperBound(schema, true)),
        index.getAll(IDBKeyRange.lowerBound(schema, true)),
      ];
      return () => requests.map((request) => request.result);
    });
    this.unreadable = newer.map(({ id, title }) => ({ id, title, why: NEWER }));
    if (expired) await this.#purge(schema);
    for (const { id, title } of older) await this.#migrate(id, title, schema, steps);
    return this;
  }

  /** All conversations that are not deleted. */
  async list() {
    const records = await this.#run("readonly", (conversations) => {
      const request = conversations.getAll();
      return () => request.result;
    });
    return records.filter((record) => record.schema === this.#options.schema && !record.deleted);
  }

  /** {conversation, messages}, also of a deleted one, or null. */
  async read(id) {
    const [conversation, messages] = await this.#run("readonly", (conversations, all) => {
      const requests = [conversations.get(id), all.getAll(messagesOf(id))];
      return () => requests.map((request) => request.result);
    });
    return conversation?.schema === this.#options.schema ? { conversation, messages } : null;
  }

  /** Keep the conversation's record and these of its messages, new or changed ones. */
  async write(conversation, messages = []) {
    const { schema, tabs } = this.#options;
    if (conversation.schema !== schema) throw new TypeError(`schema ${conversation.schema} instead of ${schema}`);
    const known = this.unreadable.find(({ id }) => id === conversation.id);
    if (known) throw new ConversationUnreadable(known.why);
    await this.#run("readwrite", (conversations, all, stop, transaction) => {
      const newerCode = transaction.db.version > schema; // may be at work beside us
      if (newerCode)
        conversations.get(conversation.id).onsuccess = ({ target }) => {
          if (target.result && target.result.schema !== schema) stop(new ConversationUnreadable(NEWER));
        };
      conversations.put(conversation);
      for (const message of messages) all.put(message);
      if (!newerCode) transaction.commit();
    });
    tabs?.tell({ kind: "written", id: conversation.id, conversation, messages });
  }

  /** Delete the conversation and its messages for good. */
  async remove(id) {
    await this.#run("readwrite", (conversations, messages, stop, transaction) => {
      conversations.delete(id);
      messages.delete(messagesOf(id));
      transaction.commit();
    });
    this.unreadable = this.unreadable.filter((other) => other.id !== id);
    this.#options.tabs?.tell({ kind: "removed", id });
  }

  /** The text of each listed conversation's messages, by its id, for the search. */
  async texts() {
    const texts = new Map((await this.list()).map(({ id }) => [id, ""]));
    const ids = [...texts.keys()];
    await this.#run("readonly", (conversations, messages) => {
      for (let first = 0; first < ids.length; first += RUN) {
        const run = IDBKeyRange.bound([ids[first]], [ids[Math.min(first + RUN, ids.length) - 1], []]);
        messages.getAll(run).onsuccess = ({ target }) => gather(texts, target.result);
      }
    });
    return texts;
  }

  /** {used, quota} in bytes, of this whole origin, and whether the browser promised to keep it (null: unsaid). */
  async usage() {
    try {
      const { usage = 0, quota = 0 } = await navigator.storage.estimate();
      return { used: usage, quota, kept: (await navigator.storage.persisted?.()) ?? null };
    } catch {
      return { used: 0, quota: 0, kept: null }; // pages without TLS have no `navigator.storage`
    }
  }

  /** Ask the browser to keep it: whether it will, null when it does not say. */
  async keep() {
    try {
      return (await navigator.storage.persist()) ?? null;
    } catch {
      return null;
    }
  }

  /** Everything after this is refused. */
  close() {
    this.#end(CLOSED);
  }

  /** Looks again: another tab may have brought one back since. */
  async #purge(schema) {
    try {
      await this.#run("readwrite", (conversations, messages) => {
        conversations.index("deleted").getAll(beforeUndo()).onsuccess = ({ target }) => {
          for (const { id } of target.result.filter((record) => record.schema <= schema)) {
            conversations.delete(id);
            messages.delete(messagesOf(id));
          }
        };
      });
    } catch (error) {
      if (!(error instanceof StorageFull)) throw error; // the next time, then: what is kept can be read all the same
    }
  }

  async #migrate(id, title, schema, steps) {
    try {
      await this.#use((db) => migrate(db, id, schema, steps));
    } catch (error) {
      if (error instanceof StorageRefused) throw error;
      this.unreadable.push({ id, title, why: error.message });
    }
  }

  #run(mode, work) {
    return this.#use((db) => transact(db, mode, work));
  }

  /** `job(db)` over a connection that is there: one that the browser has closed is opened again, once. */
  async #use(job) {
    if (this.#over) throw new StorageRefused(this.#over);
    try {
      const db = this.#db ?? (await this.#connection());
      return await job(db).catch((error) => {
        if (error.name !== "InvalidStateError" || this.#over) throw error;
        this.#db = null;
        return this.#connection().then(job);
      });
    } catch (error) {
      throw translated(error);
    }
  }

  #connection() {
    this.#opening ??= this.#connect().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #connect() {
    const { schema, patienceMs, onOutdated } = this.#options;
    const db = await connect(this.#name, schema, patienceMs);
    db.onclose = () => {
      if (this.#db === db) this.#db = null;
    };
    db.onversionchange = ({ newVersion }) => {
      this.#end(newVersion === null ? FORGOTTEN : OUTDATED);
      db.close();
      onOutdated?.(this.#over);
    };
    if (this.#over) {
      db.close();
      throw new StorageRefused(this.#over);
    }
    this.#db = db;
    return db;
  }

  #end(sentence) {
    this.#over ||= sentence;
    this.#db?.close();
    this.#db = null;
  }
}

/** Add the texts of `messages` to those conversations that are in `texts`. */
export const gather = (texts, messages) => {
  const found = new Map();
  for (const message of messages) {
    if (!texts.has(message.conversation)) continue;
    if (!found.has(message.conversation)) found.set(message.conversation, []);
    found.get(message.conversation).push(message);
  }
  for (const [id, own] of found) {
    own.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
    texts.set(id, own.map(searchedOf).join("\n"));
  }
};

/** What the search looks through of a message: what was said, and the files that went with it. */
export const searchedOf = (message) => [textOf(message), searchedIn(message)].filter(Boolean).join("\n");

/**
 * The store of the database `name`, ready for use. Throws StorageRefused; StorageFull when not even an empty one fits.
 *
 * options: `tabs`, a Tabs to tell of changes; `onOutdated(sentence)`, called when another tab has taken the store over
 * and this page has to be loaded again; `patienceMs` for a browser that does not answer; `schema` and `steps`.
 */
export const openStore = async (name, { schema = SCHEMA, steps = STEPS, ...others } = {}) =>
  new Store(name, { schema, steps, ...others }).open();
