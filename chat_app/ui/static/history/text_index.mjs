// The search over what was said in all conversations. The index is made when somebody is about to search, and what has
// changed since is put into it anew when they do.

import { SearchIndex } from "./search.mjs";
import { searchedOf } from "./store.mjs";

// How long the index of the search may hold the page at a stretch.
const HELD_MS = 12;
const byUpdated = (a, b) => (a.updated < b.updated ? -1 : 1);

/** {prepare(), search(query), changed(id)}; `conversations()` and `store` are where the texts are. */
export const textIndexOf = (conversations, store) => {
  let index = null;
  const changed = new Set();
  const load = async () => {
    const made = new SearchIndex();
    const texts = await store.texts();
    let began = performance.now();
    for (const { id, title } of conversations().records.sort(byUpdated)) {
      made.put(id, title, texts.get(id) ?? "");
      if (performance.now() - began < HELD_MS) continue;
      await new Promise((resolve) => setTimeout(resolve)); // somebody is typing
      began = performance.now();
    }
    return made;
  };
  const refresh = async (made) => {
    for (const id of changed) {
      changed.delete(id);
      const entry = await conversations().entry(id).catch(() => null);
      if (!entry || entry.conversation.deleted) made.remove(id);
      else made.put(id, entry.conversation.title, entry.tree.messages.map(searchedOf).join("\n"));
    }
    return made;
  };
  const ready = () => {
    index = (index ?? load()).then(refresh);
    index.catch(() => (index = null)); // the next search tries again
    return index;
  };
  return {
    prepare: () => void (index ?? ready()),
    search: async (query) => (await ready()).search(query),
    changed: (id) => index && changed.add(id),
  };
};
