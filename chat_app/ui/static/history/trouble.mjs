// What is said when the browser keeps nothing, or no more. Nothing is ever deleted to make room but by the visitor's own
// click, after everything could be saved to a file, and never a pinned conversation or one that is on the page.

import { saveAll } from "./files.mjs";
import { StorageFull } from "./store.mjs";

const SHARE = 0.2; // of the conversations are offered to be deleted at once

/** A function to call with what a store threw; it says a thing once, as long as it stands there. */
export const troubleTeller = (conversations, store, tell) => {
  let notice = null;
  const say = (fields) => {
    notice?.close();
    notice = tell({ kind: "down", ...fields });
  };
  const close = () => {
    notice?.close();
    notice = null;
  };

  const oldest = () => {
    const open = conversations().open.conversation.id;
    const free = conversations().records.filter(({ id, pinned }) => id !== open && !pinned && !conversations().arriving.has(id));
    free.sort((a, b) => (a.updated < b.updated ? -1 : 1));
    return free.slice(0, Math.max(1, Math.ceil(free.length * SHARE)));
  };

  const makeRoom = async (records) => {
    for (const { id } of records) await conversations().forget(id, { whatever: true });
    close();
    await conversations().saveAgain();
    if (!notice) tell({ kind: "info", seconds: 8, sentence: "There is room again, and everything on this page is kept." });
  };

  const offerRoom = () => {
    const records = oldest();
    const actions = [{ label: "Save everything to a file", run: save }];
    if (records.length) {
      const label = records.length === 1 ? "Delete the oldest conversation" : `Delete the ${records.length} oldest conversations`;
      actions.push({ label, run: () => makeRoom(records) });
    }
    say({
      sentence: "This browser's storage for this site is full.",
      hint: "Look whether the file has been saved. Then there can be room for new conversations.",
      actions,
    });
  };

  const save = async () => {
    await saveAll(conversations());
    offerRoom();
  };

  return (error) => {
    if (notice && !notice.closed) return;
    if (error instanceof StorageFull) {
      say({
        sentence: "This browser's storage for this site is full: what is said now stays on this page only.",
        hint: "Nothing was deleted. Save everything to a file before you close the page.",
        actions: [{ label: "Save everything to a file", run: save }],
      });
    } else {
      say({ sentence: error.message, hint: "The chat works; save what you need to a file before you close the page." });
    }
  };
};
