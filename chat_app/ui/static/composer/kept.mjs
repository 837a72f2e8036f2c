// The files that were added and not sent yet, over a reload of the tab. `sessionStorage`, which has the text, is too small
// for pictures: they are in a database of their own, under a name that only the tab knows. What a closed tab leaves is
// taken away after some days. Nothing here ever fails: what cannot be kept is just not there.

const DAYS = 3;
const DAY_MS = 86_400_000;

/** The name of the database beside the store of conversations. */
export const draftsOf = (store) => `${store} files`;

/** {get(), set(parts)} for this tab. */
export const keptParts = (store) => {
  const tab = tabOf(`${store} tab`);
  let last = Promise.resolve(); // one after the other, so that the last one counts
  return {
    get: async () => {
      const record = tab && (await use(store, "readwrite", (drafts) => (purge(drafts), drafts.get(tab))));
      return Array.isArray(record?.parts) ? record.parts : [];
    },
    set: (parts) => {
      if (!tab) return last;
      const write = (drafts) => (parts.length ? drafts.put({ tab, at: Date.now(), parts }) : drafts.delete(tab));
      return (last = last.then(() => use(store, "readwrite", write)));
    },
  };
};

const tabOf = (key) => {
  try {
    if (!sessionStorage.getItem(key)) sessionStorage.setItem(key, crypto.getRandomValues(new Uint32Array(3)).join("-"));
    return sessionStorage.getItem(key);
  } catch {
    return ""; // all of the site's data is blocked
  }
};

const purge = (drafts) => {
  const old = IDBKeyRange.upperBound(Date.now() - DAYS * DAY_MS);
  drafts.index("at").openKeyCursor(old).onsuccess = ({ target: { result: cursor } }) => {
    if (!cursor) return;
    drafts.delete(cursor.primaryKey);
    cursor.continue();
  };
};

/** The result of the request that `work(drafts)` makes; undefined when the browser refuses. Nothing stays open. */
const use = async (store, mode, work) => {
  let db;
  try {
    const opening = indexedDB.open(draftsOf(store), 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("drafts", { keyPath: "tab" }).createIndex("at", "at");
    db = await settled(opening);
    const transaction = db.transaction("drafts", mode);
    const request = work(transaction.objectStore("drafts"));
    await new Promise((resolve, reject) => Object.assign(transaction, { oncomplete: resolve, onabort: reject }));
    return request.result;
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
};

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
