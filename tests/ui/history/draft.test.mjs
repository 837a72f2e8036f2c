import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { draftOf } from "../../../chat_app/ui/static/history/draft.mjs";

/** The tab's storage, which takes texts of at most ten characters. */
const storage = (t) => {
  const texts = new Map();
  const made = {
    writes: 0,
    getItem: (key) => texts.get(key) ?? null,
    removeItem: (key) => texts.delete(key),
    setItem(key, text) {
      made.writes += 1;
      if (text.length > 10) throw new DOMException("", "QuotaExceededError");
      texts.set(key, text);
    },
  };
  globalThis.sessionStorage = made;
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  return made;
};

test("a draft is there at once, and is written when the typing pauses", (t) => {
  const kept = storage(t);
  const draft = draftOf("a");
  for (const text of ["H", "He", "Hello"]) draft.set(text);
  assert.deepEqual([draft.get(), kept.getItem("a")], ["Hello", null]);
  mock.timers.tick(300);
  assert.deepEqual([kept.getItem("a"), kept.writes, draftOf("a").get()], ["Hello", 1, "Hello"]);
});

test("a page that is left writes at once, and once", (t) => {
  const kept = storage(t);
  const draft = draftOf("a");
  draft.set("Hello");
  draft.write();
  draft.write();
  mock.timers.tick(1_000);
  assert.deepEqual([kept.getItem("a"), kept.writes], ["Hello", 1]);
});

test("a draft that is too large does not leave an earlier one behind", (t) => {
  const kept = storage(t);
  const draft = draftOf("a");
  draft.set("short");
  draft.write();
  draft.set("longer than that");
  draft.write();
  assert.deepEqual([draft.get(), kept.getItem("a")], ["longer than that", null]);
  draft.set("");
  draft.write();
  assert.equal(kept.getItem("a"), null);
});

test("where the browser keeps nothing, it is there all the same", (t) => {
  t.after(() => delete globalThis.sessionStorage);
  globalThis.sessionStorage = { getItem: refused, setItem: refused, removeItem: refused };
  const draft = draftOf("a");
  draft.set("Hello");
  draft.write();
  assert.equal(draft.get(), "Hello");
});

const refused = () => {
  throw new DOMException("", "SecurityError");
};
