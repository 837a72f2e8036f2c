import assert from "node:assert/strict";
import test from "node:test";
import { Conversations } from "../../../chat_app/ui/static/history/conversations.mjs";
import { eventsOf } from "../../../chat_app/ui/static/history/events.mjs";
import { MemoryStore } from "../../../chat_app/ui/static/history/memory_store.mjs";
import { shownText } from "../../../chat_app/ui/static/history/tree.mjs";
import { Turns } from "../../../chat_app/ui/static/history/turns.mjs";

/** The events of a page, and `answer(text)`, which ends the turn that was begun last. */
const made = () => {
  const tabs = { arriving: new Set(), listen() {}, receives: async () => tabs.elsewhere ?? false };
  const conversations = new Conversations(new MemoryStore(), tabs, { changed() {}, shown() {}, trouble: assert.fail, kept() {} });
  let lane = null;
  const turns = new Turns(conversations, tabs, (asked) => (lane = asked));
  const page = { told: [], tell: (notice) => page.told.push(notice), draft: drafted(), opened() {}, turnsChanged() {}, cleared() {}, draw() {}, halted: () => [] };
  const events = eventsOf(conversations, turns, page);
  events.ready(2, "Assistant", "Tutor");
  const value = (text, id) => ({ turn: turns.question(lane, "", "").turn, messages: [{ ...shownText("assistant", text), metadata: { id, log: "token" } }] });
  const answer = (text, id = text) => events.done(value(text, id), lane);
  return { answer, conversations, events, page, tabs, turns };
};

const drafted = () => {
  let text = "";
  return { edited: "", get: () => text, set: (value) => (text = value) };
};

const texts = ({ value }) => value.filter(({ metadata }) => !metadata?.title).map(({ content }) => content[0].text);

test("a question is on the page at once, and the text box is empty", async () => {
  const { events, page } = made();
  page.draft.set("Hello");
  const [box, shown] = await events.send("Hello");
  assert.deepEqual([box.value, box.stop_btn, texts(shown)], ["", true, ["Hello"]]);
  assert.equal(page.draft.get(), "");
});

test("nothing, and a second question meanwhile, are not sent", async () => {
  const { conversations, events } = made();
  assert.equal("value" in (await events.send("  "))[0], false);
  await events.send("One");
  assert.equal("value" in (await events.send("Two"))[0], false);
  assert.equal(conversations.path().filter(({ role }) => role === "user").length, 1);
});

test("a question that no lane is free for stays in the text box", async () => {
  const { conversations, events, page } = made();
  for (const text of ["One", "Two"]) {
    await events.send(text);
    conversations.begin();
  }
  assert.equal("value" in (await events.send("Three"))[0], false);
  assert.match(page.told[0].sentence, /several other conversations/);
  assert.equal(conversations.path().length, 0);
});

test("retrying keeps the earlier answer as a version, and takes the place of a mere notice", async () => {
  const { answer, conversations, events } = made();
  await events.send("Hello");
  answer("One");
  await events.retry();
  answer("Two");
  const { tree } = conversations.open;
  assert.equal(tree.versions(conversations.path()[1].id).length, 2);
  await events.retry();
  events.failed(0, "gone", "look", "Try again");
  await events.chosen({ value: "Try again" });
  answer("Three");
  assert.equal(tree.versions(conversations.path()[1].id).length, 3);
});

test("an edited question stands beside the earlier one", async () => {
  const { answer, conversations, events } = made();
  await events.send("First");
  answer("One");
  await events.send("Second");
  answer("Two");
  const [, shown] = await events.edited({ index: [0, 0], value: "Other" });
  assert.deepEqual(texts(shown).slice(0, 1), ["Other"]);
  assert.equal(conversations.open.tree.versions(conversations.path()[0].id).length, 2);
  assert.equal(conversations.open.tree.size, 6);
});

test("what is edited while an answer arrives is put into the text box", async () => {
  const { events } = made();
  await events.send("First");
  const [box] = await events.edited({ index: 0, value: "Other" });
  assert.equal(box.value, "Other");
});

test("undo gives the question back in front of what is typed, and loses no version", async () => {
  const { answer, conversations, events } = made();
  await events.send("First");
  answer("One");
  const [box, shown] = events.undo("typed");
  assert.deepEqual([box.value, texts(shown)], ["First\n\ntyped", []]);
  await events.send("First again");
  assert.equal(conversations.open.tree.versions(conversations.path()[0].id).length, 2);
});

test("what arrives for another conversation changes nothing on the page", async () => {
  const { answer, conversations, events } = made();
  await events.send("Hello");
  conversations.begin();
  assert.deepEqual(answer("Hi."), [{ __type__: "update" }, { __type__: "update" }]);
});

test("a verdict stands at its answer's group, and one that was refused does not stay", async () => {
  const { answer, conversations, events } = made();
  for (const text of ["a", "b"]) {
    await events.send(text);
    answer(text.toUpperCase());
  }
  await events.rated({ id: "B", value: "Like", recorded: true });
  assert.deepEqual(events.shown()[1].feedback_value, [null, "Like"]);
  const [told] = await events.rated({ id: "A", value: "Dislike", recorded: false });
  assert.deepEqual(told.feedback_value, ["Dislike", "Like"]);
  assert.deepEqual(events.shown()[1].feedback_value, [null, "Like"]);
  assert.equal(conversations.path()[1].rating, "");
});

test("the preset and the model of a conversation come back with it, if they are still offered", () => {
  const { conversations, events } = made();
  conversations.begin({ preset: "Tutor", model: "toy" });
  const [, , preset, model] = events.shown();
  assert.deepEqual([preset.value, model.value], ["Tutor", "toy"]);
  conversations.begin({ preset: "Gone", model: "toy" });
  assert.deepEqual(events.shown().slice(2), [{ __type__: "update" }, { __type__: "update" }]);
});

test("a click that the server could not be told of costs no typed text", () => {
  const { events, page } = made();
  page.draft.edited = "an edit";
  const [box] = events.unreached("typed", "No server.", "Look.", "edited");
  assert.deepEqual([box.value, page.told[0].sentence], ["an edit\n\ntyped", "No server."]);
  page.draft.edited = "left long ago";
  assert.equal(events.unreached("typed", "No server.", "Look.", "chosen")[0].value, "typed");
});
