import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { Conversations } from "../../../chat_app/ui/static/history/conversations.mjs";
import { MemoryStore } from "../../../chat_app/ui/static/history/memory_store.mjs";
import { shownText, textOf } from "../../../chat_app/ui/static/history/tree.mjs";
import { CONTINUE, hasArrived, Turns } from "../../../chat_app/ui/static/history/turns.mjs";

const made = (lanes = 3) => {
  const tabs = { arriving: new Set(), listen() {}, receives: async () => false };
  const store = new MemoryStore();
  const conversations = new Conversations(store, tabs, { changed() {}, shown() {}, trouble: assert.fail, kept() {} });
  const asked = [];
  const turns = new Turns(conversations, tabs, (lane) => asked.push(lane));
  turns.lanes = lanes;
  const ask = (text) => {
    const question = conversations.say(conversations.open, text);
    turns.begin(conversations.open, question);
    return asked.at(-1);
  };
  const value = (lane, text, more = {}) => ({
    turn: turns.question(lane, "", "").turn,
    messages: [{ ...shownText("assistant", text), metadata: { id: "1", log: "token" } }],
    conversation: "signed",
    ...more,
  });
  return { asked, ask, conversations, store, tabs, turns, value };
};

test("a turn asks with what was said up to its question, and without thoughts and notices", () => {
  const { ask, conversations, turns, value } = made();
  const lane = ask("Hello");
  const thought = { ...shownText("assistant", "hm"), metadata: { title: "Thought" } };
  const answer = value(lane, "Hi.");
  turns.done(lane, { ...answer, messages: [thought, ...answer.messages] });
  const { messages, wish, conversation } = turns.question(ask("Again"), "Tutor", "toy");
  assert.deepEqual(messages.map(({ role, content }) => [role, content[0].text]), [["user", "Hello"], ["assistant", "Hi."], ["user", "Again"]]);
  assert.deepEqual([wish, conversation], ["", "signed"]);
  assert.deepEqual([conversations.open.conversation.preset, conversations.open.conversation.model], ["Tutor", "toy"]);
});

test("an answer arrives in its own conversation while another is on the page", async () => {
  const { ask, conversations, store, turns, value } = made();
  const lane = ask("Slow");
  const slow = conversations.open;
  conversations.begin();
  const other = ask("Quick");
  assert.notEqual(lane, other);
  assert.equal(turns.arrived(lane, value(lane, "Half")), slow);
  turns.done(other, value(other, "Done."));
  turns.done(lane, value(lane, "Whole."));
  assert.equal(textOf(slow.tree.path(slow.conversation.head).at(-1)), "Whole.");
  assert.equal(textOf(conversations.path().at(-1)), "Done.");
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal((await store.read(slow.conversation.id)).messages.at(-1).conversation, slow.conversation.id);
});

test("there are as many answers at once as there are lanes", () => {
  const { ask, conversations, turns, value } = made(2);
  const lane = ask("One");
  conversations.begin();
  ask("Two");
  assert.equal(turns.full, true);
  turns.done(lane, value(lane, "."));
  assert.equal(turns.full, false);
  assert.equal(ask("Three"), lane);
});

test("what is left of an earlier turn in a lane is passed over", () => {
  const { ask, conversations, turns, value } = made();
  const lane = ask("One");
  const old = value(lane, "Old");
  turns.done(lane, old);
  conversations.begin();
  assert.equal(ask("Two"), lane);
  assert.equal(turns.arrived(lane, old), null);
  assert.equal(textOf(conversations.path().at(-1)), "");
});

test("an answer is kept as arriving until it is whole", async () => {
  const { ask, conversations, store, tabs, turns, value } = made();
  const lane = ask("Hello");
  const { id } = conversations.open.conversation;
  const kept = async () => (await store.read(id)).messages.find(({ role }) => role === "assistant");
  assert.equal((await kept()).state, "arriving");
  assert.equal(tabs.arriving.size, 1);
  turns.arrived(lane, value(lane, "Half"));
  turns.save();
  assert.equal(textOf(await kept()), "Half");
  turns.done(lane, value(lane, "Whole"));
  assert.deepEqual([(await kept()).state, textOf(await kept()), tabs.arriving.size], ["whole", "Whole", 0]);
});

test("an answer goes on in its place, with the thoughts that came before it", () => {
  const { ask, conversations, turns, value } = made();
  const lane = ask("Hello");
  const thought = { ...shownText("assistant", "hm"), metadata: { title: "Thought" } };
  const cut = { ...shownText("assistant", "Go on?"), metadata: { title: "⚠ cut" }, options: [{ label: CONTINUE, value: CONTINUE }] };
  const half = value(lane, "Half");
  turns.done(lane, { ...half, messages: [thought, ...half.messages, cut] });
  const [question, answer] = conversations.path();
  turns.begin(conversations.open, question, { answer, wish: CONTINUE });
  const posted = turns.question(lane, "", "");
  assert.deepEqual(posted.messages.map(({ metadata, content }) => [metadata?.log, content[0].text]), [[undefined, "Hello"], ["token", "Half"]]);
  assert.equal(posted.wish, CONTINUE);
  turns.done(lane, value(lane, "Half and half"));
  const whole = conversations.path()[1];
  assert.equal(whole.id, answer.id);
  assert.deepEqual(whole.shown.map(({ content }) => content[0].text), ["hm", "Half and half"]);
});

test("a request that fails leaves what had arrived, with a notice below it", () => {
  const { ask, conversations, turns, value } = made();
  const lane = ask("Hello");
  turns.arrived(lane, value(lane, "Half"));
  turns.failed(lane, { ...shownText("assistant", "Look"), metadata: { title: "⚠ gone" }, options: [{}] });
  assert.deepEqual(conversations.path()[1].shown.map(({ content }) => content[0].text), ["Half", "Look"]);
  assert.equal(turns.of(conversations.open), undefined);
  assert.equal(turns.failed(lane, {}), null);
});

test("notices are no answer, and a thought is", () => {
  const notice = { ...shownText("assistant", "Look"), metadata: { title: "⚠" }, options: [{}] };
  const waiting = { ...shownText("assistant", "x"), metadata: { title: "Waiting", status: "pending" } };
  assert.equal(hasArrived({ shown: [notice, waiting] }), false);
  assert.equal(hasArrived({ shown: [{ ...shownText("assistant", "hm"), metadata: { title: "Thought" } }] }), true);
  assert.equal(hasArrived({ shown: [shownText("assistant", "Yes.")] }), true);
});

test("a turn sends the parts of a message where it has some", () => {
  const { conversations, turns, asked } = made();
  const picture = { type: "image", mime_type: "image/png", data: "aGk=", name: "a.png", width: 1, height: 1 };
  turns.begin(conversations.open, conversations.say(conversations.open, "Look", { files: [picture] }));
  const { messages } = turns.question(asked.at(-1), "", "");
  assert.deepEqual(messages, [{ role: "user", content: [picture, { type: "text", text: "Look" }] }]);
});

test("what later turns send of an answer and what it took are kept with it", () => {
  const { ask, conversations, turns, value } = made();
  const lane = ask("Hello");
  const parts = [{ type: "tool_call", id: "1", name: "look", arguments: "{}" }, { type: "text", text: "Hi." }];
  turns.done(lane, value(lane, "Hi.", { parts, usage: "12 tokens" }));
  const answer = conversations.path()[1];
  assert.deepEqual([answer.parts, answer.usage], [parts, "12 tokens"]);
  const { messages } = turns.question(ask("And?"), "", "");
  assert.deepEqual(messages[1], { role: "assistant", content: parts });
});

test("an answer that goes on keeps the steps that came before its text", () => {
  const { ask, conversations, turns, value } = made();
  const call = { type: "tool_call", id: "1", name: "look", arguments: "{}" };
  const lane = ask("Hello");
  turns.done(lane, value(lane, "Half", { parts: [call, { type: "text", text: "Half" }] }));
  const [question, answer] = conversations.path();
  turns.begin(conversations.open, question, { answer, wish: CONTINUE });
  turns.done(lane, value(lane, "Half and half", { parts: null }));
  assert.deepEqual(conversations.path()[1].parts, [call, { type: "text", text: "Half and half" }]);
});

test("what is set of the parameters is posted and kept, what is not set is neither, and an import's others stay", () => {
  const { conversations, turns, asked } = made();
  conversations.begin({ parameters: { temperature: 1, mirostat: 2 } });
  turns.begin(conversations.open, conversations.say(conversations.open, "Hello"));
  const posted = turns.question(asked.at(-1), "", "", { temperature: 0, seed: null, system_prompt: "" });
  assert.deepEqual(posted.parameters, { temperature: 0 });
  assert.deepEqual(conversations.open.conversation.parameters, { mirostat: 2, temperature: 0 });
});

test("replies to choose from are no notice, and stay when the request fails", () => {
  const { ask, conversations, turns, value } = made();
  const lane = ask("Hello");
  const answer = value(lane, "Tea or coffee?");
  answer.messages[0].options = [{ label: "Tea", value: "reply:Tea" }];
  turns.arrived(lane, answer);
  assert.equal(hasArrived(conversations.path()[1]), true);
  turns.failed(lane, { ...shownText("assistant", "Look"), metadata: { title: "⚠ gone" }, options: [{}] });
  assert.equal(textOf(conversations.path()[1]), "Tea or coffee?");
});

test("what the server leaves out of a message is kept as nothing, as an import has it", () => {
  const { ask, conversations, turns, value } = made();
  const lane = ask("Hello");
  turns.done(lane, { ...value(lane, ""), messages: [{ role: "assistant", content: [{ type: "text", text: "Hi." }] }] });
  assert.deepEqual(conversations.path()[1].shown, [shownText("assistant", "Hi.")]);
});

test("an answer is kept twice a second, and one with large pictures less often", (t) => {
  mock.timers.enable({ apis: ["Date"], now: Date.now() });
  t.after(() => mock.timers.reset());
  const writesOf = (content) => {
    const { ask, conversations, turns, value } = made();
    const lane = ask("Hello");
    let writes = 0;
    const { save } = conversations;
    conversations.save = (...given) => ((writes += 1), save.apply(conversations, given));
    for (let passed = 0; passed < 10_000; passed += 100) {
      mock.timers.tick(100);
      const answer = value(lane, `${passed}`);
      turns.arrived(lane, { ...answer, messages: [...answer.messages, { ...shownText("assistant", ""), content }] });
    }
    return writes;
  };
  const url = `data:image/png;base64,${"A".repeat(1_999_000)}`;
  const file = { type: "file", file: { path: "", url, orig_name: "a.png", mime_type: "image/png" }, alt_text: null };
  const figure = { type: "component", component: "plot", value: { type: "plotly", plot: url }, constructor_args: {}, props: {} };
  const gallery = { type: "component", component: "gallery", value: [{ image: { url }, caption: null }], constructor_args: {}, props: {} };
  assert.equal(writesOf([]), 20);
  for (const content of [[file], [figure], [gallery]]) assert.equal(writesOf(content), 5);
});
