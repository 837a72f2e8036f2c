// What is left of a visitor who has logged out, where the operator wants it gone: nothing.

import { draftsOf } from "../composer/kept.mjs";
import { databases, forget } from "./store.mjs";

// The drafts and what else is remembered outside the databases; all of it stands under names that begin like theirs.
const forgetKeys = (mine) => {
  try {
    for (const storage of [sessionStorage, localStorage]) {
      for (const key of Object.keys(storage).filter(mine)) storage.removeItem(key);
    }
  } catch {
    // the browser keeps nothing for this page
  }
};

/** Another has logged in: what others left under `prefix` goes. A request without a name says nothing about who has left. */
export const forgetOthers = async ({ user, store, databases: prefix }) => {
  if (!user) return;
  forgetKeys((key) => key.startsWith(prefix) && !key.startsWith(store));
  const own = [store, draftsOf(store)];
  for (const name of await databases(prefix)) if (!own.includes(name)) await forget(name);
};

/** The visitor logs out. */
export const forgetOwn = async ({ store }) => {
  forgetKeys((key) => key.startsWith(store));
  for (const name of [store, draftsOf(store)]) await forget(name);
};
