import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStore } from "../../../chat_app/ui/static/history/memory_store.mjs";
import { Store } from "../../../chat_app/ui/static/history/store.mjs";
import { CONTRACT, entryOf } from "./contract.mjs";

for (const [sentence, holds] of Object.entries(CONTRACT)) test(sentence, () => holds(new MemoryStore()));

test("it says that it does not last, and uses nothing", async () => {
  const store = new MemoryStore();
  assert.equal(store.persistent, false);
  assert.deepEqual(await store.usage(), { used: 0, quota: 0, kept: null });
  assert.equal(await store.keep(), null);
});

test("it can be asked all that the real store can be asked", () => {
  const questions = Object.getOwnPropertyNames(Store.prototype).filter((name) => name !== "open");
  for (const name of questions) assert.equal(typeof MemoryStore.prototype[name], "function", name);
});

test("two of them share nothing", async () => {
  const [one, other] = [new MemoryStore(), new MemoryStore()];
  const { conversation, messages } = entryOf("a");
  await one.write(conversation, messages);
  assert.deepEqual(await other.list(), []);
});
