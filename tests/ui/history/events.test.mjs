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
  const page = { told: [], tell: (notice) => page.told.push(notice), draft: drafted(), files: filed(), parameters: ["temperature", "system_prompt"], parameterDefaults: { temperature: 0.5 }, sendButton: true, stopButton: true, opened() {}, turnsChanged() {}, cleared() {}, draw() {}, halted: () => [], pace: { mayDraw: async () => true, end: () => false } };
  const events = eventsOf(conversations, turns, page);
  page.lastLane = () => lane;
  page.lastTurn = () => turns.question(lane, "", "").turn;
  events.ready(2, "Assistant", "Tutor");
  const value = (text, id) => ({ turn: turns.question(lane, "", "").turn, messages: [{ ...shownText("assistant", text), metadata: { id, log: "token" } }] });
  const answer = (text, id = text) => events.done(value(text, id), lane);
  return { answer, conversations, events, page, tabs, turns };
};

const drafted = () => {
  let text = "";
  return { edited: "", get: () => text, set: (value) => (text = value) };
};

const filed = () => {
  const files = {
    parts: [],
    sent: (parts) => (files.parts = files.parts.filter((part) => !parts.includes(part))),
    restore: (parts) => (files.parts = [...files.parts, ...parts]),
    fillIn: (parts) => files.restore(parts),
  };
  return files;
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

test("behind an answer that failed, nothing of it waits to be drawn", async () => {
  const { events, page } = made();
  let ended = 0;
  page.pace.end = () => ((ended += 1), true);
  await events.send("Hello");
  events.failed(page.lastLane(), "gone", "look", "Try again");
  assert.equal(ended, 1);
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
  assert.deepEqual(events.shown().slice(2, 4), [{ __type__: "update" }, { __type__: "update" }]);
});

test("a click that the server could not be told of costs no typed text", () => {
  const { events, page } = made();
  page.draft.edited = "an edit";
  const [box] = events.unreached("typed", "No server.", "Look.", "edited");
  assert.deepEqual([box.value, page.told[0].sentence], ["an edit\n\ntyped", "No server."]);
  page.draft.edited = "left long ago";
  assert.equal(events.unreached("typed", "No server.", "Look.", "chosen")[0].value, "typed");
});

const PICTURE = { type: "image", mime_type: "image/png", data: "aGk=", name: "a.png", width: 1, height: 1 };
const kindsOf = ({ value }) => value.map(({ content }) => content.map(({ type }) => type));

test("files are sent with the question, also without a text, and are gone from the text box then", async () => {
  const { answer, conversations, events, page } = made();
  page.files.parts = [PICTURE];
  const [, shown] = await events.send("Look");
  assert.deepEqual(kindsOf(shown)[0], ["file", "text"]);
  assert.deepEqual(page.files.parts, []);
  answer("Seen.");
  page.files.parts = [PICTURE];
  await events.send("");
  assert.deepEqual(conversations.path().at(-2).parts, [PICTURE]);
});

test("a conversation that begins with a file is called by it", async () => {
  const { conversations, events, page } = made();
  page.files.parts = [PICTURE];
  await events.send("");
  assert.equal(conversations.open.conversation.title, "a.png");
});

test("files that could not be sent stay where they are", async () => {
  const { events, page } = made();
  await events.send("Look");
  page.files.parts = [PICTURE];
  await events.send("Meanwhile");
  assert.deepEqual(page.files.parts, [PICTURE]);
});

test("undo puts the files back, an edit keeps them, and so does asking again", async () => {
  const { answer, conversations, events, page } = made();
  page.files.parts = [PICTURE];
  await events.send("Look");
  answer("One");
  await events.retry();
  answer("Two");
  assert.deepEqual(conversations.path()[0].parts[0], PICTURE);
  await events.edited({ index: [0, 1], value: "Look again" });
  answer("Three");
  assert.deepEqual(conversations.path()[0].parts, [PICTURE, { type: "text", text: "Look again" }]);
  events.undo("");
  assert.deepEqual(page.files.parts, [PICTURE]);
});

test("an edit that Gradio does not know of asks, or comes back into the text box with its files", async () => {
  const { answer, conversations, events, page } = made();
  let drawn = 0;
  page.draw = () => (drawn += 1);
  page.files.parts = [PICTURE];
  await events.send("Look");
  await events.editHere({ message: conversations.path()[0], value: "Too early" });
  assert.equal(events.shown()[0].value, "Too early");
  assert.equal("value" in events.shown()[0], false);
  assert.deepEqual(page.files.parts, [PICTURE]);
  answer("One");
  await events.editHere({ message: conversations.path()[0], value: "Later" });
  assert.deepEqual([texts({ value: conversations.path()[0].shown }), drawn], [["Later"], 2]);
});

test("a verdict is sent with what is on the page as Gradio counts it, and each picture once", async () => {
  const { conversations, events, page } = made();
  page.files.parts = [PICTURE];
  await events.send("Look");
  const call = { type: "tool_call", id: "1", name: "look", arguments: "{}" };
  const plot = { type: "component", component: "plot" };
  events.done({
    turn: page.lastTurn(),
    messages: [
      { ...shownText("assistant", ""), metadata: { title: "Called a tool" } },
      { ...shownText("assistant", "Before."), content: [{ type: "text", text: "Before." }] },
      { ...shownText("assistant", "It is red."), content: [{ type: "text", text: "It is red." }, plot], metadata: { id: "1", log: "token" } },
    ],
    parts: [call, { type: "text", text: "It is red." }],
  }, page.lastLane());
  const [posted] = events.rating();
  assert.equal(posted.conversation, conversations.open.conversation.id);
  const said = posted.on_page.map(({ role, shown }) => [role, ...shown.map(({ content }) => content.map(({ text }) => text).join())]);
  assert.deepEqual(said, [["user", "Look"], ["assistant", "", "Before.", "It is red."]]);
  assert.deepEqual(posted.on_page.map(({ parts }) => parts),
    [[PICTURE, { type: "text", text: "Look" }], [call, { type: "text", text: "It is red." }]]);
  assert.equal(posted.on_page[1].shown[2].metadata.log, "token");
  assert.equal(JSON.stringify(posted).split(PICTURE.data).length, 2);
});

test("a reply that was offered is asked, and what the server decides changes nothing here", async () => {
  const { answer, conversations, events } = made();
  await events.send("Hello");
  answer("Tea or coffee?");
  assert.deepEqual(await events.chosen({ value: "allow:a:1" }), [{ __type__: "update" }, { __type__: "update" }]);
  assert.equal(conversations.path().length, 2);
  const [, shown] = await events.chosen({ value: "reply:Tea: green" });
  assert.deepEqual(texts(shown), ["Hello", "Tea or coffee?", "Tea: green"]);
});

test("what was set comes back with a conversation, or what it begins with", () => {
  const { conversations, events } = made();
  conversations.begin({ parameters: { system_prompt: "Be brief." } });
  assert.deepEqual(events.shown().slice(4).map(({ value }) => value), [0.5, "Be brief."]);
  assert.deepEqual(events.shown().slice(4), [{ __type__: "update" }, { __type__: "update" }]);
  conversations.begin();
  assert.deepEqual(events.shown().slice(4).map(({ value }) => value), [0.5, null]);
});

test("the values of the parameters are asked with in their order", async () => {
  const { conversations, events, page } = made();
  await events.send("Hello");
  const [posted, ...values] = events.question(null, "Tutor", "toy", 0.2, null, page.lastLane());
  assert.deepEqual(posted.parameters, { temperature: 0.2 });
  assert.deepEqual(values, ["Tutor", "toy", 0.2, null]);
  assert.deepEqual(conversations.open.conversation.parameters, { temperature: 0.2 });
});

test("what is set is remembered, and given up with another conversation", async () => {
  const { conversations, events, page } = made();
  events.set(0.1, "Be brief.");
  await events.send("Hello");
  const [posted, ...others] = events.question(null, "Tutor", "toy", page.lastLane());
  assert.deepEqual([posted.parameters, others], [{ temperature: 0.1, system_prompt: "Be brief." }, ["Tutor", "toy"]]);
  conversations.begin();
  events.shown();
  await events.send("Hello");
  assert.deepEqual(events.question(null, "Tutor", "toy", page.lastLane())[0].parameters, { temperature: 0.5 });
});

test("an example that is not there any more changes nothing", async () => {
  const { conversations, events } = made();
  assert.equal((await events.example({ value: null })).length, 6);
  assert.equal(conversations.path().length, 0);
});

test("the buttons of the text box are those of the settings", async () => {
  const { conversations, events, page } = made();
  assert.deepEqual([events.shown()[0].submit_btn, events.shown()[0].stop_btn], [true, false]);
  page.stopButton = "Halt";
  const [box] = await events.send("Hello");
  assert.deepEqual([box.submit_btn, box.stop_btn, conversations.path().length], [false, "Halt", 2]);
});

test("an example is asked with what it picks, and the page shows it", async () => {
  const { conversations, events, page } = made();
  const value = { text: "Look", parts: [PICTURE], preset: "Tutor", parameters: { temperature: 0 } };
  const [, , preset, model, temperature, prompt] = await events.example({ value });
  assert.deepEqual([preset.value, model.value, temperature.value, "value" in prompt], ["Tutor", null, 0, false]);
  assert.deepEqual(conversations.path()[0].parts[0], PICTURE);
  const [posted, ...asked] = events.question(null, "Assistant", "big", 0.9, "Be brief.", page.lastLane());
  assert.deepEqual(asked, ["Tutor", null, 0, "Be brief."]);
  assert.deepEqual(posted.parameters, { temperature: 0, system_prompt: "Be brief." });
});

test("an example that is not sent stands in the text box, and gives way to the next one only", async () => {
  const { conversations, events, page } = made();
  const fill = async (text) => (await events.example({ value: { text, send: false } }))[0].value;
  assert.equal(await fill("One"), "One");
  assert.equal(await fill("Two"), "Two");
  page.draft.set("Two and mine");
  assert.equal(await fill("Three"), "Three\n\nTwo and mine");
  assert.equal(conversations.path().length, 0);
});

test("a link that names a model alone means that of the first preset", () => {
  const { conversations, events } = made();
  conversations.begin({ model: "toy" });
  const [, , preset, model] = events.ready(2, "Assistant", "Tutor");
  assert.deepEqual([preset.value, model.value], ["Assistant", "toy"]);
});

test("what comes while a draw waits is drawn with it, and the last words without any waiting", async () => {
  const { events, page } = made();
  await events.send("Hello");
  const arrives = (text) => events.arrived({ turn: page.lastTurn(), messages: [shownText("assistant", text)] }, page.lastLane());
  let go;
  page.pace = { mayDraw: () => new Promise((resolve) => (go = resolve)), end: () => true };
  const first = arrives("One");
  page.pace.mayDraw = async () => false;
  assert.deepEqual(await arrives("One two"), [{ __type__: "update" }]);
  go(true);
  assert.deepEqual(texts((await first)[0]), ["Hello", "One two"]);
  const last = { turn: page.lastTurn(), messages: [shownText("assistant", "One two")] };
  assert.deepEqual(texts(events.done(last, page.lastLane())[1]), ["Hello", "One two"]);
});

test("an answer that was drawn whole is not drawn again when it ends", async () => {
  const { events, page } = made();
  await events.send("Hello");
  const value = { turn: page.lastTurn(), messages: [shownText("assistant", "All.")] };
  await events.arrived(value, page.lastLane());
  assert.deepEqual(events.done(value, page.lastLane())[1], { __type__: "update" });
});

test("a long answer is drawn in pieces where the page may, and kept whole", async () => {
  const { answer, conversations, events, page } = made();
  page.inPieces = true;
  const paragraph = `${"word ".repeat(400)}.`;
  const text = [paragraph, paragraph, paragraph].join("\n\n");
  await events.send("Hello");
  const [, shown] = answer(text);
  const { content } = shown.value.at(-1);
  assert.equal(content.length, 3);
  assert.equal(content.map((part) => part.text).join("\n"), text);
  assert.equal(conversations.path().at(-1).shown[0].content[0].text, text);
});
