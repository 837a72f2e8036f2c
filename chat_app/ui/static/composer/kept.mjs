// The files that were added and not sent yet, over a reload of the tab. `sessionStorage`, which has the text, is too small
// for pictures: they are in a database of their own, each file by itself, under a name that only the tab knows. Of a file
// that is still being read its name is there, so that it can be told that it was lost. What a closed tab leaves is taken
// away after some days. A tab that was duplicated has the same name as the first: it takes another, and a copy.
// Nothing here ever fails: what cannot be kept is just not there.

import { Tabs } from "../history/tabs.mjs";

const DAYS = 3;
const DAY_MS = 86_400_000;
const VERSION = 2; // in the first all files of a tab were one record

/** The name of the database beside the store of conversations. */
export const draftsOf = (store) => `${store} files`;

/** What there is when nothing was kept. */
export const NONE = { parts: [], unread: [] };

/**
 * {get(), set(items)} for this tab: what was kept when the page was loaded, {parts, unread: [{name}]}, and to keep
 * `items`, [{id, name, part}] in their order, of which only what has changed is written.
 */
export const keptFiles = (store) => {
  const begun = Date.now(); // later pages of the tab have higher numbers
  const numbers = new Map(); // of the parts that were kept before
  const written = new Map(); // what stands under each number
  const tab = tabOf(store);
  let last = Promise.resolve(); // one after the other, so that the last one counts
  const then = (work) => {
    last = last.then(() => tab).then(({ id, from }) => id && use(store, (files) => work(files, id, from)));
    return last;
  };

  const put = (files, id, number, { name, part }) => files.put({ tab: id, number, at: Date.now(), name, part });
  const get = async () => {
    const { from, id } = await tab;
    const read = await then((files) => (purge(files), from && files.getAll(IDBKeyRange.bound([from], [from, []]))));
    const mine = id === from; // what another tab is reading is not lost
    const records = (read ?? []).filter(({ part }) => part || mine);
    for (const { number, part } of records) {
      if (mine) written.set(number, part);
      if (part) numbers.set(part, number);
    }
    return { parts: records.map(({ part }) => part).filter(Boolean), unread: records.filter(({ part }) => !part) };
  };
  const set = (items) => {
    const wanted = new Map(items.map((item) => [numbers.get(item.part) ?? begun + item.id, item]));
    const changed = [...wanted].filter(([number, { part }]) => written.get(number) !== part);
    const gone = [...written.keys()].filter((number) => !wanted.has(number));
    if (!changed.length && !gone.length) return last;
    for (const [number, { part }] of changed) written.set(number, part);
    for (const number of gone) written.delete(number);
    return then((files, id) => {
      for (const [number, item] of changed) put(files, id, number, item);
      for (const number of gone) files.delete([id, number]);
    });
  };
  return { get, set };
};

/** {id, from}: the tab's name, and the name under which its files were kept before, which is empty for a new tab. */
const tabOf = async (store) => {
  const key = `${store} tab`;
  try {
    const from = sessionStorage.getItem(key) ?? "";
    const tabs = new Tabs(draftsOf(store));
    const id = from && !(await tabs.receives(from)) ? from : crypto.getRandomValues(new Uint32Array(3)).join("-");
    sessionStorage.setItem(key, id);
    tabs.arriving.add(id); // what other tabs are told when they ask
    return { id, from };
  } catch {
    return { id: "", from: "" }; // all of the site's data is blocked
  }
};

const purge = (files) => {
  const old = IDBKeyRange.upperBound(Date.now() - DAYS * DAY_MS);
  files.index("at").openKeyCursor(old).onsuccess = ({ target: { result: cursor } }) => {
    if (!cursor) return;
    files.delete(cursor.primaryKey);
    cursor.continue();
  };
};

/** The result of the request that `work(files)` makes; undefined when the browser refuses. Nothing stays open. */
const use = async (store, work) => {
  let db;
  try {
    const opening = indexedDB.open(draftsOf(store), VERSION);
    opening.onupgradeneeded = () => upgrade(opening.result);
    db = await settled(opening);
    const transaction = db.transaction("files", "readwrite");
    const request = work(transaction.objectStore("files"));
    await new Promise((resolve, reject) => Object.assign(transaction, { oncomplete: resolve, onabort: reject }));
    return request?.result;
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
};

const upgrade = (db) => {
  for (const name of db.objectStoreNames) db.deleteObjectStore(name);
  db.createObjectStore("files", { keyPath: ["tab", "number"] }).createIndex("at", "at");
};

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
