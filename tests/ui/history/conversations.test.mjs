import assert from "node:assert/strict";
import test from "node:test";
import { Conversations } from "../../../chat_app/ui/static/history/conversations.mjs";
import { MemoryStore } from "../../../chat_app/ui/static/history/memory_store.mjs";
import { newMessage, shownText, textOf } from "../../../chat_app/ui/static/history/tree.mjs";

/** Tabs that a test speaks through: `hear` is what another tab tells. */
const alone = () => {
  const tabs = { arriving: new Set(), others: new Set(), listen: (listener) => (tabs.hear = listener), tell() {} };
  tabs.receives = async (id) => tabs.others.has(id);
  return tabs;
};

const made = async ({ store = new MemoryStore(), tabs = alone() } = {}) => {
  const told = { troubles: [], shown: 0, left: 0 };
  const conversations = new Conversations(store, tabs, {
    changed() {},
    left: () => (told.left += 1),
    shown: () => (told.shown += 1),
    trouble: (error) => told.troubles.push(error),
    kept() {},
  });
  await conversations.load();
  return { conversations, store, tabs, told };
};

const answered = async (conversations, question, answer = `Answer to ${question}`) => {
  const { id } = conversations.say(conversations.open, question);
  const message = newMessage(conversations.open.conversation.id, id, "assistant", [shownText("assistant", answer)]);
  conversations.open.tree.put(message);
  await conversations.save(conversations.open, [message], { head: message.id });
  return message;
};

const texts = (conversations) => conversations.path().map(textOf);

class FullStore extends MemoryStore {
  full = false;
  written = [];
  async write(conversation, messages) {
    if (this.full) throw new Error("full");
    this.written.push(messages.map(({ id }) => id));
    await super.write(conversation, messages);
  }
}

test("a conversation is kept from its first message on, under the message's first words", async () => {
  const { conversations, store } = await made();
  assert.deepEqual(await store.list(), []);
  await answered(conversations, "Why is the sky blue?");
  const [record] = await store.list();
  assert.equal(record.title, "Why is the sky blue?");
  await answered(conversations, "And at night?");
  assert.equal((await store.list())[0].title, "Why is the sky blue?");
});

test("a turn writes its own messages and no others", async () => {
  const store = new FullStore();
  const { conversations } = await made({ store });
  for (const question of ["One", "Two", "Three"]) await answered(conversations, question);
  assert.deepEqual(store.written.map((ids) => ids.length), [1, 1, 1, 1, 1, 1]);
});

test("what was said is there again after everything is started anew", async () => {
  const first = await made();
  await answered(first.conversations, "Hello");
  const { id } = first.conversations.open.conversation;
  const { conversations } = await made({ store: first.store });
  assert.equal(await conversations.choose(id), true);
  assert.deepEqual(texts(conversations), ["Hello", "Answer to Hello"]);
  assert.equal(await conversations.choose("nobody"), false);
});

test("an edited question is another version, and the earlier one is a turn away", async () => {
  const { conversations } = await made();
  await answered(conversations, "First");
  const question = conversations.path()[0];
  const other = conversations.say(conversations.open, "Second", { parent: question.parent });
  assert.deepEqual(conversations.open.tree.versions(other.id), [question.id, other.id]);
  await conversations.turnTo(question.id);
  assert.deepEqual(texts(conversations), ["First", "Answer to First"]);
});

test("what a full store refuses stays here and is written when there is room", async () => {
  const store = new FullStore();
  const { conversations, told } = await made({ store });
  await answered(conversations, "One");
  store.full = true;
  await answered(conversations, "Two");
  assert.equal(told.troubles.length, 2);
  assert.deepEqual(texts(conversations), ["One", "Answer to One", "Two", "Answer to Two"]);
  const { id } = conversations.open.conversation;
  conversations.begin();
  await conversations.choose(id);
  assert.equal(texts(conversations).length, 4);
  store.full = false;
  conversations.begin();
  await answered(conversations, "In another conversation");
  assert.equal((await store.read(id)).messages.length, 4);
});

test("a removed conversation comes back within its time, and not after it", async () => {
  const { conversations, store } = await made();
  await answered(conversations, "Hello");
  const { id } = conversations.open.conversation;
  const first = await conversations.remove(id);
  assert.deepEqual(conversations.records, []);
  await conversations.restore(id);
  assert.equal(conversations.records.length, 1);
  await new Promise((resolve) => setTimeout(resolve, 2));
  const second = await conversations.remove(id);
  await conversations.forget(first);
  assert.notEqual(await store.read(id), null);
  await conversations.forget(second);
  assert.equal(await store.read(id), null);
});

test("an answer whose page was left is ended with what was there", async () => {
  const { conversations, store, tabs } = await made();
  const question = conversations.say(conversations.open, "Hello");
  const { id } = conversations.open.conversation;
  const waiting = { ...shownText("assistant", ""), metadata: { title: "Waiting…", status: "pending" } };
  const half = newMessage(id, question.id, "assistant", [shownText("assistant", "Half"), waiting], { state: "arriving" });
  conversations.open.tree.put(half);
  await conversations.save(conversations.open, [half], { head: half.id });
  tabs.others.add(half.id);
  conversations.begin();
  await conversations.choose(id);
  assert.equal(conversations.path()[1].state, "arriving");
  assert.equal(await conversations.arrivesElsewhere(conversations.open), true);
  tabs.others.clear();
  conversations.begin();
  await conversations.choose(id);
  const ended = conversations.path()[1];
  assert.equal(ended.state, "interrupted");
  assert.deepEqual(ended.shown.map((shown) => shown.content[0].text), ["Half", "What had arrived is kept."]);
  assert.equal(ended.shown[1].options[0].value, "Try again");
  assert.equal((await store.read(id)).messages.find((each) => each.id === half.id).state, "interrupted");
});

test("what another tab says next is followed, and what it says beside is a version", async () => {
  const { conversations, tabs, told } = await made();
  const answer = await answered(conversations, "Hello");
  const { conversation } = conversations.open;
  const next = newMessage(conversation.id, answer.id, "user", [shownText("user", "Next")]);
  tabs.hear({ kind: "written", id: conversation.id, conversation: { ...conversation, head: next.id, title: "Renamed" }, messages: [next] });
  assert.deepEqual(texts(conversations).at(-1), "Next");
  assert.equal(conversations.open.conversation.title, "Renamed");
  assert.equal(told.shown, 1);
  const mine = conversations.say(conversations.open, "Mine", { parent: answer.id });
  const theirs = newMessage(conversation.id, answer.id, "user", [shownText("user", "Theirs")]);
  tabs.hear({ kind: "written", id: conversation.id, conversation: { ...conversation, head: theirs.id }, messages: [theirs] });
  assert.equal(texts(conversations).at(-1), "Mine");
  assert.equal(conversations.open.tree.versions(mine.id).length, 3);
});

test("what another tab begins or deletes is in the list at once", async () => {
  const { conversations, tabs } = await made();
  const other = { ...conversations.open.conversation, id: "other", title: "Theirs", head: null };
  tabs.hear({ kind: "written", id: "other", conversation: other });
  assert.deepEqual(conversations.records.map(({ title }) => title), ["Theirs"]);
  tabs.hear({ kind: "written", id: "other", conversation: { ...other, deleted: new Date().toISOString() } });
  assert.deepEqual(conversations.records, []);
  tabs.hear({ kind: "removed", id: "other" });
  assert.deepEqual(conversations.records, []);
});

test("whoever goes on with what another tab deleted keeps all of it", async () => {
  const { conversations, store, tabs } = await made();
  await answered(conversations, "Hello");
  const { id } = conversations.open.conversation;
  await store.remove(id);
  tabs.hear({ kind: "removed", id });
  await answered(conversations, "Still here");
  assert.equal((await store.read(id)).messages.length, 4);
});

test("importing twice adds nothing, and importing more adds just that", async () => {
  const { conversations, store } = await made();
  await answered(conversations, "Hello");
  const entry = await store.read(conversations.open.conversation.id);
  await store.remove(entry.conversation.id);
  const other = await made();
  assert.equal(await other.conversations.add(entry), true);
  assert.equal(await other.conversations.add(entry), false);
  const more = newMessage(entry.conversation.id, entry.messages[0].id, "assistant", [shownText("assistant", "Other")]);
  await other.conversations.add({ ...entry, messages: [{ ...entry.messages[0], rating: "Like" }, more] });
  const kept = await other.store.read(entry.conversation.id);
  assert.equal(kept.messages.length, 3);
  assert.deepEqual(new Set(kept.messages.map(({ rating }) => rating)), new Set([""]));
});

test("whoever waits for this conversation is told when another one comes onto the page", async () => {
  const { conversations, told } = await made();
  await answered(conversations, "One");
  const { id } = conversations.open.conversation;
  const before = told.left;
  await conversations.choose(id);
  assert.equal(told.left, before);
  conversations.begin();
  assert.equal(told.left, before + 1);
  await conversations.choose(id);
  assert.equal(told.left, before + 2);
  await conversations.choose("nothing");
  assert.equal(told.left, before + 2);
});
