// What is said when the browser keeps nothing, or no more. Nothing is ever deleted to make room but by the visitor's own
// click, after everything could be saved to a file, and never a conversation that is pinned, on the page, or not in the file.

import { saveAll } from "./files.mjs";
import { StorageFull } from "./store.mjs";
import { word } from "./words.mjs";

const SHARE = 0.2; // of the conversations are offered to be deleted at once

/** {trouble(error), kept()} for `Conversations`: a thing is said once, until all is kept again. */
export const troubleTeller = (conversations, tell) => {
  let notice = null;
  let said = "";
  const say = (fields) => {
    notice?.close();
    notice = tell({ kind: "down", ...fields });
  };

  const oldest = (saved) => {
    const { open, arriving, records } = conversations();
    const free = records.filter(({ id, pinned }) => saved.has(id) && id !== open.conversation.id && !pinned && !arriving.has(id));
    free.sort((a, b) => (a.updated < b.updated ? -1 : 1));
    return free.slice(0, Math.ceil(free.length * SHARE));
  };

  const makeRoom = async (offered, saved) => {
    const still = new Set(oldest(saved).map(({ id }) => id)); // some may have been opened or pinned since
    for (const { id } of offered.filter((record) => still.has(record.id))) await conversations().forget({ id });
  };

  const save = async () => {
    const records = conversations().records;
    const { missing, large } = await saveAll(conversations());
    const saved = new Set(records.filter((record) => !missing.includes(record) && !large.includes(record)).map(({ id }) => id));
    const offered = oldest(saved);
    const actions = [{ label: word("save_everything"), run: save }];
    if (offered.length) {
      const label = word("delete_oldest", { count: offered.length });
      actions.push({ label, run: () => makeRoom(offered, saved) });
    }
    say({
      sentence: word("full"),
      hint: missing.length
        ? word("full_missing", { count: missing.length })
        : word("full_hint"),
      actions,
    });
  };

  return {
    trouble: (error) => {
      if (said === error.message) return;
      said = error.message;
      if (error instanceof StorageFull) {
        say({
          sentence: word("full_now"),
          hint: word("full_now_hint"),
          actions: [{ label: word("save_everything"), run: save }],
        });
      } else {
        say({ sentence: error.message, hint: word("trouble_hint") });
      }
    },
    kept: () => {
      if (!said) return;
      said = "";
      say({ kind: "info", seconds: 8, sentence: word("room_again") });
    },
  };
};
