// What the store asks of IndexedDB: connections, transactions, and the browser's errors as sentences for people. One
// table translates them; what it does not name is a fault of ours and passes through as it is.

import { word } from "./words.mjs";

const PATIENCE_MS = 5_000;
const STORES = ["conversations", "messages"];

/** There is no room left. Nothing of what was to be written has been. */
export class StorageFull extends Error {
  name = "StorageFull";
}

/** The browser does not let this page keep anything, or not now. */
export class StorageRefused extends Error {
  name = "StorageRefused";
}

/** The conversation is kept in a form that this page does not know; it is left as it is. */
export class ConversationUnreadable extends Error {
  name = "ConversationUnreadable";
}

const FULL = word("store_full");
const REFUSED = word("store_refused");
const SILENT = word("store_silent");
const BLOCKED = word("store_blocked");
export const OUTDATED = word("store_outdated");
export const FORGOTTEN = word("store_forgotten");
export const CLOSED = word("store_closed");
export const NEWER = word("store_newer");
/** The browser's own errors, by name. */
const SENTENCES = {
  QuotaExceededError: [StorageFull, FULL],
  SecurityError: [StorageRefused, REFUSED],
  NotAllowedError: [StorageRefused, REFUSED],
  InvalidStateError: [StorageRefused, REFUSED],
  UnknownError: [StorageRefused, REFUSED],
  NotReadableError: [StorageRefused, REFUSED],
  AbortError: [StorageRefused, SILENT],
  TimeoutError: [StorageRefused, SILENT],
};

export const translated = (error) => {
  const [Kind, sentence] = SENTENCES[error?.name] ?? [];
  return Kind ? new Kind(sentence, { cause: error }) : error;
};

/** `indexedDB`, which is undefined in some browsers' private windows and throws on reading in others. */
const factory = () => {
  try {
    if (globalThis.indexedDB) return globalThis.indexedDB;
  } catch (error) {
    throw translated(error);
  }
  throw new StorageRefused(REFUSED);
};

/** The result of `request`, which may stay away: then a refusal, and what arrives later goes to `late`. */
const answered = (request, patienceMs, late = () => {}) =>
  new Promise((resolve, reject) => {
    let sentence = SILENT;
    let over = false;
    const giveUp = () => {
      over = true;
      reject(new StorageRefused(sentence));
    };
    const timer = setTimeout(giveUp, patienceMs);
    request.onblocked = () => (sentence = BLOCKED);
    request.onsuccess = () => {
      clearTimeout(timer);
      if (over) late(request.result);
      else resolve(request.result);
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
  });

const create = ({ target: { result: db } }) => {
  if (db.objectStoreNames.contains("conversations")) return;
  const conversations = db.createObjectStore("conversations", { keyPath: "id" });
  conversations.createIndex("schema", "schema");
  conversations.createIndex("deleted", "deleted"); // null is no key: holds only those that are deleted
  db.createObjectStore("messages", { keyPath: ["conversation", "id"] });
};

/** A connection to the database `name`: of `version`, or as it is when it is newer or there is no room to change it. */
export const connect = async (name, version, patienceMs = PATIENCE_MS) => {
  try {
    const request = version ? factory().open(name, version) : factory().open(name);
    request.onupgradeneeded = create;
    return await answered(request, patienceMs, (db) => db.close());
  } catch (error) {
    if (version && ["VersionError", "QuotaExceededError"].includes(error.name)) return connect(name, 0, patienceMs);
    throw translated(error);
  }
};

/**
 * `work(conversations, messages, stop, transaction)` in one transaction; `stop(error)` ends it, nothing is changed then.
 * When it is complete: what the function returns that `work` returned.
 */
export const transact = (db, mode, work) =>
  new Promise((resolve, reject) => {
    const transaction = db.transaction(STORES, mode, { durability: "strict" });
    let reason = null;
    let result = () => undefined;
    transaction.oncomplete = () => resolve(result());
    transaction.onabort = () => reject(reason ?? transaction.error ?? new DOMException("", "AbortError"));
    try {
      const stop = (error) => {
        reason = error;
        transaction.abort();
      };
      result = work(...STORES.map((store) => transaction.objectStore(store)), stop, transaction) ?? result;
    } catch (error) {
      reason = error;
      transaction.abort();
    }
  });

/** Delete the database `name`; the tabs that have it open are told to close it. */
export const forget = async (name, patienceMs = PATIENCE_MS) => {
  try {
    await answered(factory().deleteDatabase(name), patienceMs);
  } catch (error) {
    throw translated(error);
  }
};

/** The names of our databases that begin with `prefix`; none where the browser does not tell. */
export const databases = async (prefix) => {
  try {
    return (await indexedDB.databases()).map(({ name }) => name).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
};
