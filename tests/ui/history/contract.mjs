// What every store of conversations does, as functions over an empty one. Node runs them over the store in memory,
// Chromium over IndexedDB; they therefore need nothing of either.

import { SCHEMA, newConversation, newMessage, shownText } from "../../../chat_app/ui/static/history/tree.mjs";

export const equal = (found, expected) => {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} instead of ${other}`);
};

/** The error that `promise` ends with. */
export const failure = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
};

/** A conversation of `turns` turns: {conversation, messages}. */
export const entryOf = (id, turns = 1, fields = {}) => {
  const conversation = newConversation({ id, title: `Title of ${id}`, ...fields });
  const messages = [];
  for (let turn = 0; turn < 2 * turns; turn++) {
    const role = turn % 2 ? "assistant" : "user";
    const parent = messages.at(-1)?.id ?? null;
    const text = `${role} ${turn} of ${id}`;
    const made = { id: `m${String(turn).padStart(3, "0")}` };
    messages.push(newMessage(id, parent, role, [shownText(role, text)], made, new Date(1e12 + turn)));
  }
  return { conversation: { ...conversation, head: messages.at(-1)?.id ?? null }, messages };
};

const write = (store, { conversation, messages }) => store.write(conversation, messages);
const idsOf = (records) => records.map(({ id }) => id).sort();

export const CONTRACT = {
  "an empty store lists nothing and reads null": async (store) => {
    equal(await store.list(), []);
    equal(await store.read("a"), null);
    equal([...(await store.texts())], []);
    equal(store.unreadable, []);
  },

  "what was written is read back": async (store) => {
    const entry = entryOf("a", 3, { pinned: true, parameters: { temperature: 0.5 } });
    await write(store, entry);
    equal(await store.read("a"), entry);
    equal(await store.list(), [entry.conversation]);
  },

  "a write adds new messages, replaces those of the same id and leaves the others": async (store) => {
    const { conversation, messages } = entryOf("a", 3);
    await store.write(conversation, messages.slice(0, 4));
    const changed = { ...messages[3], rating: "like" };
    await store.write({ ...conversation, title: "New" }, [changed, messages[4]]);
    const read = await store.read("a");
    equal(read.conversation.title, "New");
    equal(read.messages, [...messages.slice(0, 3), changed, messages[4]]);
    await store.write({ ...conversation, title: "Newer" });
    equal((await store.read("a")).messages.length, 5);
  },

  "conversations do not see each other's messages, whatever their ids": async (store) => {
    for (const id of ["a", "ab", "a,m000", "", "é", "b"]) await write(store, entryOf(id, 1));
    equal((await store.read("a")).messages, entryOf("a", 1).messages);
    await store.remove("a");
    equal(await store.read("a"), null);
    equal(idsOf(await store.list()), ["", "a,m000", "ab", "b", "é"]);
    for (const id of ["ab", "", "é", "b"]) equal((await store.read(id)).messages.length, 2);
  },

  "what is changed after the write or after the reading is not changed in the store": async (store) => {
    const { conversation, messages } = entryOf("a");
    await store.write(conversation, messages);
    messages[0].shown[0].content[0].text = "changed";
    (await store.list())[0].title = "changed";
    (await store.read("a")).conversation.title = "changed";
    const read = await store.read("a");
    equal(read.conversation.title, "Title of a");
    equal(read.messages[0].shown[0].content[0].text, "user 0 of a");
  },

  "a deleted conversation is not listed or searched, but can be read and brought back": async (store) => {
    const { conversation, messages } = entryOf("a");
    await store.write(conversation, messages);
    await store.write({ ...conversation, deleted: new Date().toISOString() });
    equal(await store.list(), []);
    equal((await store.texts()).size, 0);
    await store.write({ ...(await store.read("a")).conversation, deleted: null });
    equal(idsOf(await store.list()), ["a"]);
    equal((await store.read("a")).messages, messages);
  },

  "what was removed is gone, and comes back without its old messages": async (store) => {
    const { conversation, messages } = entryOf("a", 2);
    await store.write(conversation, messages);
    await store.remove("a");
    await store.remove("never there");
    await store.write(conversation, messages.slice(0, 1));
    equal((await store.read("a")).messages.length, 1);
  },

  "the texts are those of each conversation's messages in order, also of one without any": async (store) => {
    await write(store, entryOf("a", 1));
    await store.write(newConversation({ id: "empty" }));
    const { conversation, messages } = entryOf("b", 1);
    const thought = { ...shownText("assistant", "hidden"), metadata: { title: "Thinking" } };
    await store.write(conversation, [messages[0], { ...messages[1], shown: [thought, ...messages[1].shown] }]);
    equal(
      [...(await store.texts())].sort(),
      [
        ["a", "user 0 of a\nassistant 1 of a"],
        ["b", "user 0 of b\nassistant 1 of b"],
        ["empty", ""],
      ],
    );
  },

  "the texts of 200 conversations are all there": async (store) => {
    for (let number = 0; number < 200; number++) await write(store, entryOf(`c${number}`, 1));
    const texts = await store.texts();
    equal(texts.size, 200);
    for (const [id, text] of texts) equal(text, `user 0 of ${id}\nassistant 1 of ${id}`);
  },

  "a write that cannot be kept is refused whole, and the store goes on": async (store) => {
    const { conversation, messages } = entryOf("a");
    const error = await failure(store.write(conversation, [messages[0], { ...messages[1], rating: () => {} }]));
    equal(error.name, "DataCloneError");
    equal(await store.read("a"), null);
    await store.write(conversation, messages);
    equal(idsOf(await store.list()), ["a"]);
  },

  "a record of another schema is not written": async (store) => {
    for (const schema of [SCHEMA + 1, SCHEMA - 1, undefined, null, `${SCHEMA}`])
      equal((await failure(store.write({ ...entryOf("a").conversation, schema }))).name, "TypeError");
    equal(await store.list(), []);
  },

  "usage is told in numbers": async (store) => {
    const { used, quota, kept } = await store.usage();
    equal([typeof used, typeof quota], ["number", "number"]);
    equal([true, false, null].includes(kept), true);
    equal([true, false, null].includes(await store.keep()), true);
  },
};
