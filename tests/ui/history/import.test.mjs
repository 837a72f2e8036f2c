// Where the forms of the samples were read stands in samples/README.md.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { asJson } from "../../../chat_app/ui/static/history/export.mjs";
import { LIMITS, circlesIn, problemsOf } from "../../../chat_app/ui/static/history/entry.mjs";
import { ImportRefused, readImport } from "../../../chat_app/ui/static/history/import.mjs";
import { Tree, textOf } from "../../../chat_app/ui/static/history/tree.mjs";
import { workedMs } from "../cpu.mjs";

const NOW = new Date("2026-11-21T12:00:00.000Z");
const SAMPLES = new URL("./samples/", import.meta.url);
const sample = (name) => JSON.parse(readFileSync(new URL(name, SAMPLES), "utf8"));
const lines = (name) => sample(name).map((line) => JSON.stringify(line)).join("\n");
const fileOf = (whole) => new Blob([whole]);
const read = (value) => readImport(fileOf(typeof value === "string" ? value : JSON.stringify(value)), NOW);
const only = async (name) => (await read(sample(name))).entries[0];
const pathOf = ({ conversation, messages }) => new Tree(messages).path(conversation.head);
const saidIn = (entry) => pathOf(entry).map((message) => [message.role, textOf(message)]);
const foldedIn = (message) =>
  message.shown.filter((shown) => shown.metadata?.title).map((shown) => [shown.metadata.title, shown.content[0].text]);
const refusal = async (promise) => {
  const error = await promise.then(() => assert.fail("was not refused"), (caught) => caught);
  assert.ok(error instanceof ImportRefused, String(error.stack));
  return error;
};

test("ChatGPT: the current branch, with what was hidden as the system prompt and markup as text", async () => {
  const { source, entries, skipped } = await read(sample("chatgpt.json"));
  assert.equal(source, "chatgpt");
  assert.deepEqual(skipped, [{ title: "Damaged", why: "It is not a conversation of ChatGPT." }]);
  const [entry] = entries;
  const { id, title, named, created, updated, model, system_prompt, pinned, token } = entry.conversation;
  assert.deepEqual(
    { id, title, named, created, updated, model, system_prompt, pinned, token },
    {
      id: "chatgpt-6b0f0d9c-0000-4000-8000-000000000001",
      title: "Counting bees",
      named: true,
      created: "2025-08-24T01:46:40.250Z",
      updated: "2025-08-24T01:47:41.750Z",
      model: "gpt-5-thinking",
      system_prompt: "I keep bees.\n\nBe brief.",
      pinned: true,
      token: "",
    },
  );
  assert.deepEqual(saidIn(entry), [
    ["user",
      "How many bees are in this picture?\n\n[Picture: hive.png – not imported]\n\n[File: notes.pdf – not imported]"],
    ["assistant", "Three bees. <script>alert(1)</script>"],
    ["user", "Thanks!"],
    ["assistant", "[You are welcome](javascript:alert(1))"],
  ]);
});

test("ChatGPT: thoughts, tool calls and results of an answer are folded parts of it, and a version keeps its model",
  async () => {
  const entry = await only("chatgpt.json");
  const [question, answer] = pathOf(entry);
  assert.deepEqual(foldedIn(answer), [
    ["Thought", "**Counting**\n\nOne, two, three."],
    ["Call: python", "print(1 + 2)"],
    ["Result: python", "3"],
  ]);
  assert.equal(answer.shown[0].metadata.duration, 6);
  assert.equal(question.created, "2025-08-24T01:46:41.500Z");
  const tree = new Tree(entry.messages);
  assert.deepEqual(tree.versions(answer.id), ["chatgpt-a1", "chatgpt-a1b"]);
  assert.deepEqual(foldedIn(tree.get("chatgpt-a1b")), [["Answered by gpt-4o", ""]]);
  assert.equal(textOf(tree.get("chatgpt-a1b")), "About **four**.");
});

test("ChatGPT: what it hides is folded, not said", async () => {
  const file = sample("chatgpt.json");
  file[0].mapping.a1.message.weight = 0;
  file[0].mapping.q2.message.metadata = { is_visually_hidden_from_conversation: true };
  const [, answer] = pathOf((await read(file)).entries[0]);
  assert.equal(textOf(answer), "[You are welcome](javascript:alert(1))");
  assert.deepEqual(foldedIn(answer).slice(3), [
    ["Hidden in ChatGPT", "Three bees. <script>alert(1)</script>"],
    ["Hidden in ChatGPT", "Thanks!"],
  ]);
});

test("Open WebUI: reasoning and tool calls come out of the text, models beside each other are versions", async () => {
  const { source, entries } = await read(sample("open_webui.json"));
  assert.equal(source, "open_webui");
  const [entry] = entries;
  const { title, created, updated, model, parameters, system_prompt, pinned } = entry.conversation;
  assert.deepEqual(
    { title, created, updated, model, parameters, system_prompt, pinned },
    {
      title: "Sums",
      created: "2023-11-14T22:13:20.000Z",
      updated: "2023-11-14T22:13:50.000Z",
      model: "deepseek-r1",
      parameters: { temperature: 0.2 },
      system_prompt: "You are a calculator.",
      pinned: true,
    },
  );
  assert.deepEqual(saidIn(entry), [
    ["user", "What is 15 * 17?\n\n[Picture: sum.png – not imported]\n\n[File: rules.txt – not imported]"],
    ["assistant", "It is 255."],
    ["user", "And 15 * 18?"],
    ["assistant", "27"],
  ]);
  const [, answer, , last] = pathOf(entry);
  assert.deepEqual(foldedIn(answer), [
    ["Thought", "15 * 17 < 300\n\nSo 255."],
    ["Call: calculate", '{"sum": "15*17"}'],
    ["Result: calculate", '"255"'],
  ]);
  assert.equal(answer.shown[0].metadata.duration, 3);
  assert.equal(last.state, "interrupted");
  assert.deepEqual(foldedIn(last), [["⚠ Error", "The server went away."]]);
  const tree = new Tree(entry.messages);
  assert.deepEqual(tree.versions(answer.id), ["open_webui-a1", "open_webui-a2"]);
  assert.equal(textOf(tree.get("open_webui-a2")), '255, see `<details type="reasoning">`.');
  assert.deepEqual(foldedIn(tree.get("open_webui-a2")), [["Answered by llama3.1:latest", ""]]);
});

test("Open WebUI: the steps of newer versions are read where the text has none", async () => {
  const [, entry] = (await read(sample("open_webui.json"))).entries;
  assert.deepEqual(foldedIn(pathOf(entry)[1]),
    [["Thought", "Ask the tool."], ["Call: get_weather", '{"city":"Paris"}'], ["Result", "18C"]]);
  assert.equal(textOf(pathOf(entry)[1]), "18 °C.");
});

test("Open WebUI: an unclosed block stays text, and a million of them take no time", async () => {
  const chat = (content) =>
    [{ id: "x", title: "t", chat: { models: ["m"], messages: [{ role: "assistant", content }] } }];
  const said = '<details type="reasoning" done="false">\n> hm';
  assert.equal(textOf((await read(chat(said))).entries[0].messages[0]), said);
  const began = workedMs();
  await read(chat('<details type="reasoning">\n'.repeat(1_000_000)));
  await read(chat("<details ".repeat(1_000_000)));
  assert.ok(workedMs() - began < 5_000);
});

test("llama.cpp: the tree without its root, tools folded, texts of files in the message", async () => {
  const { source, entries } = await read(sample("llama_cpp.json"));
  assert.equal(source, "llama_cpp");
  const [entry] = entries;
  assert.equal(entry.conversation.title, "Rivers");
  assert.equal(entry.conversation.model, "qwen3-8b");
  assert.equal(entry.conversation.system_prompt, "Answer in one line.");
  assert.equal(entry.conversation.updated, "2025-10-09T08:54:20.000Z");
  assert.deepEqual(saidIn(entry), [
    ["user", "Longest river?\n\n[File: rivers.txt]\nNile, Amazon\n\n[Picture: map.png – not imported]"],
    ["assistant", "The Amazon."],
  ]);
  const [question, answer] = pathOf(entry);
  assert.equal(question.parent, null);
  assert.deepEqual(foldedIn(answer),
    [["Thought", "Look it up."], ["Call: search", '{"q":"rivers"}'], ["Result", "Amazon 6992 km"]]);
  const tree = new Tree(entry.messages);
  assert.deepEqual(tree.versions(answer.id), ["llama_cpp-m3", "llama_cpp-m5"]);
  assert.deepEqual(foldedIn(tree.get("llama_cpp-m3")), [["Thought", "Nile or Amazon?"]]);
});

test("llama.cpp: JSONL, with the lines that are not JSON named", async () => {
  const { source, entries, skipped } = await read(`${lines("llama_cpp.jsonl.json")}\n{"type":\n`);
  assert.equal(source, "llama_cpp");
  assert.deepEqual(saidIn(entries[0]), [["user", "Hello"], ["assistant", "Hi!"]]);
  assert.deepEqual(foldedIn(pathOf(entries[0])[1]), [["Thought", "A greeting."], ["Call: wave", "{}"]]);
  assert.equal(entries[0].conversation.pinned, true);
  assert.deepEqual(skipped, [{ title: "", why: "One line is not JSON, line 5." }]);
});

test("llama.cpp: the form of localStorage, in which ids are times", async () => {
  const entry = await only("llama_cpp_old.json");
  assert.equal(entry.conversation.id, "llama_cpp-conv-1736000000000");
  assert.equal(entry.conversation.title, "Tell me a joke");
  assert.equal(entry.conversation.named, false);
  assert.equal(entry.conversation.created, "2025-01-04T14:13:20.000Z");
  assert.deepEqual(saidIn(entry), [["user", "Tell me a joke"], ["assistant", "No."]]);
  assert.deepEqual(foldedIn(pathOf(entry)[1]), [["Thought", "A short one."]]);
});

test("llama.cpp: the dump of its database", async () => {
  const entry = await only("llama_cpp_dexie.json");
  assert.equal(entry.conversation.title, "Dump");
  assert.deepEqual(saidIn(entry), [["user", "One\n\nfrom the editor"], ["assistant", "Two"]]);
});

test("LibreChat: nested messages, the newest branch, options", async () => {
  const { source, entries } = await read(sample("librechat_tree.json"));
  assert.equal(source, "librechat");
  const [entry] = entries;
  const { title, created, model, parameters, system_prompt } = entry.conversation;
  assert.deepEqual(
    { title, created, model, parameters, system_prompt },
    {
      title: "Virtual environments",
      created: "2024-05-01T16:35:11.530Z",
      model: "gpt-4-turbo",
      parameters: { temperature: 0.8, top_p: 1 },
      system_prompt: "You are an expert.",
    },
  );
  assert.deepEqual(saidIn(entry), [
    ["user", "How do I activate it?\n\n[Picture: error.png – not imported]"],
    ["assistant", "Create it first."],
    ["user", "thanks"],
    ["assistant", "Happy coding!"],
  ]);
  const [, answer, , last] = pathOf(entry);
  assert.deepEqual(foldedIn(answer),
    [["Thought", "They lack the file."], ["Call: shell", '{"cmd":"ls"}'], ["Result: shell", "no venv"]]);
  assert.deepEqual(new Tree(entry.messages).versions(last.id), ["librechat-m4", "librechat-m5"]);
  assert.deepEqual(foldedIn(last), [["Answered by gpt-4o", ""]]);
  assert.equal(last.state, "interrupted");
});

test("LibreChat: flat messages, and `messagesTree` of newer versions", async () => {
  const entry = await only("librechat_flat.json");
  assert.deepEqual(pathOf(entry).map((message) => message.id), ["librechat-m1", "librechat-m3"]);
  assert.deepEqual(foldedIn(new Tree(entry.messages).get("librechat-m2")), [["Thought", "Hm."]]);
  assert.deepEqual(foldedIn(new Tree(entry.messages).get("librechat-m3")), [["⚠ Error", "Overloaded"]]);
  const { messages, ...rest } = sample("librechat_tree.json");
  const [newer] = (await read({ ...rest, messagesTree: messages })).entries;
  assert.deepEqual(newer, await only("librechat_tree.json"));
});

test("LibreChat: nesting alone says what answers what", async () => {
  const bare = JSON.parse(JSON.stringify(sample("librechat_tree.json")).replace(/"parentMessageId":"[^"]*",/g, ""));
  assert.deepEqual((await read(bare)).entries, [await only("librechat_tree.json")]);
});

test("our own export comes back as it was: versions, tokens, ratings, buttons", async () => {
  const first = await read(sample("own.json"));
  assert.equal(first.source, "chat_app");
  assert.deepEqual(first.skipped, []);
  const { messages, ...conversation } = sample("own.json").conversations[0];
  assert.deepEqual(first.entries, [{ conversation, messages }]);
  assert.deepEqual((await read(asJson(first.entries))).entries, first.entries);
});

test("an answer that was arriving when it was exported is interrupted", async () => {
  const file = sample("own.json");
  const answer = file.conversations[0].messages[2];
  answer.state = "arriving";
  answer.shown.push({ role: "assistant", metadata: { title: "Waiting…", status: "pending" }, options: null,
    content: [{ type: "text", text: "" }] });
  const message = (await read(file)).entries[0].messages[2];
  assert.equal(message.state, "interrupted");
  assert.equal(message.shown.length, 2);
});

test("what other programs wrote survives our own export and import", async () => {
  for (const name of ["chatgpt.json", "open_webui.json", "llama_cpp.json", "llama_cpp_old.json",
    "librechat_tree.json"]) {
    const { entries } = await read(sample(name));
    assert.deepEqual((await read(asJson(entries))).entries, entries, name);
  }
});

test("a file read twice gives the same ids, also where it has none itself", async () => {
  const ids = ({ entries }) =>
    entries.map(({ conversation, messages }) =>
    [conversation.id, conversation.head, messages.map(({ id, parent }) => [id, parent])]);
  for (const name of readdirSync(SAMPLES).filter((name) => name.endsWith(".json") && !name.includes("jsonl"))) {
    const bare = JSON.parse(readFileSync(new URL(name, SAMPLES), "utf8"), (key, value) =>
      ["id", "conversationId", "conversation_id", "messageId"].includes(key) && !name.includes("dexie")
        ? (key === "conversationId" ? "new" : undefined) : value);
    for (const file of [sample(name), bare]) {
      const first = ids(await read(file));
      assert.deepEqual(ids(await readImport(fileOf(JSON.stringify(file)), new Date("2027-01-01"))), first, name);
    }
  }
});

test("only our own export brings tokens, ratings and buttons", async () => {
  const file = sample("llama_cpp.json");
  Object.assign(file[0].conv, { token: "t", rating: "Like" });
  for (const message of file[0].messages) Object.assign(message,
    { rating: "Like", token: "t", metadata: { log: "t" }, options: [{ label: "a", value: "a" }] });
  const [{ conversation, messages }] = (await read(file)).entries;
  assert.equal(conversation.token, "");
  assert.ok(messages.every((message) =>
    message.rating === "" && message.shown.every((shown) => !shown.metadata?.log && shown.options === null)));
});

test("our own file with an id that is none loses the token, which signs it", async () => {
  const file = sample("own.json");
  file.conversations[0].id = "../../etc";
  const [{ conversation }] = (await read(file)).entries;
  assert.match(conversation.id, /^own-[0-9a-f]{26}$/);
  assert.equal(conversation.token, "");
});

test("parts of our own file that are not text are named, never taken", async () => {
  const file = sample("own.json");
  file.conversations[0].messages[0].shown[0].content =
    [{ type: "file", file: { path: "/etc/passwd", url: "javascript:alert(1)", orig_name: "x.png" } },
    { type: "component", component: "html", value: "<b>" }];
  const [{ messages }] = (await read(file)).entries;
  assert.deepEqual(messages[0].shown[0].content,
    [{ type: "text", text: "[File: x.png – not imported]" }, { type: "text", text: "[File – not imported]" }]);
});

const HOSTILE =
  [null, [], {}, "x", "", true, -1, 1e308, "2020", { __proto__: null },
  JSON.parse('{"__proto__": {"role": "user"}, "constructor": 1}'), nested(300)];

function nested(depth) {
  let value = "deep";
  for (let at = 0; at < depth; at++) value = at % 2 ? [value] : { [["children", "content", "text"][at % 3]]: value };
  return value;
}

/** Every place in a value, as the path to it. */
const placesOf = (value, path = []) =>
  typeof value === "object" && value !== null
    ? [path, ...Object.keys(value).flatMap((key) => placesOf(value[key], [...path, key]))] : [path];

const replaced = (whole, path, value) => {
  if (!path.length) return value;
  const copy = structuredClone(whole);
  path.slice(0, -1).reduce((at, key) => at[key], copy)[path.at(-1)] = value;
  return copy;
};

for (const name of readdirSync(SAMPLES).filter((name) => name.endsWith(".json"))) {
  test(`whatever stands at any place of ${name}, it is refused in words or what comes in is sound`, async () => {
    const whole = sample(name);
    for (const path of placesOf(whole)) {
      for (const value of HOSTILE) {
        const file = replaced(whole, path, value);
        const text = name.includes("jsonl") && Array.isArray(file) ? file.map((line) => JSON.stringify(line)).join("\n")
          : JSON.stringify(file);
        try {
          const { entries, skipped } = await read(text);
          for (const entry of entries) assert.deepEqual(problemsOf(entry), []);
          for (const { title, why } of skipped) {
            assert.ok(typeof title === "string" && why);
            assert.ok(why !== "It cannot be read." && !why.startsWith("It is not what it should be"),
              `${why} ${path} ${text.slice(0, 50)}`);
          }
        } catch (error) {
          assert.ok(error instanceof ImportRefused && error.sentence, `${path}: ${error.stack}`);
        }
      }
    }
    assert.equal({}.role, undefined);
  });
}

test("a file of 200 MB is refused unread, with both sizes", async () => {
  let asked = false;
  const file = { size: 200_000_000, name: "all.json", text: async () => (asked = true) };
  const { sentence, hint } = await refusal(readImport(file));
  assert.equal(sentence, "The file has 200 MB; at most 100 MB can be read at once.");
  assert.equal(hint, "Export fewer conversations, or split the file.");
  assert.equal(asked, false);
});

test("a ZIP is told by its first bytes, whatever its name and size", async () => {
  const { sentence } = await refusal(read("PK\u0003\u0004 and more"));
  assert.equal(sentence, "This is a ZIP: unpack it and choose conversations.json.");
  const large = { size: 300_000_000, slice: () => new Blob(["PK"]), text: () => assert.fail("was read") };
  assert.match((await refusal(readImport(large))).sentence, /^This is a ZIP/);
});

test("what is not JSON is refused with the place", async () => {
  assert.match((await refusal(read('{\n"a": 1,\n"b" 2}'))).sentence, /^This is not JSON: .*line 3/);
  assert.match((await refusal(read('[\n{"a": [1'))).sentence, /line 2/);
  assert.equal((await refusal(read(""))).sentence, "This is not JSON: it is empty.");
  assert.match((await refusal(read("<html>"))).hint, /ChatGPT.*Open WebUI.*llama\.cpp.*LibreChat/);
});

test("a file that cannot be read any more is refused", async () => {
  const gone = { size: 10, text: async () => { throw new DOMException("gone", "NotReadableError"); } };
  assert.equal((await refusal(readImport(gone))).sentence, "The browser could not read the file.");
});

test("JSON of another kind is refused and told what can be read", async () => {
  for (const value of [1, null, '"x"', {}, [1, 2], { messages: [] }, [{ mapping: [] }]]) {
    const { sentence, hint } = await refusal(read(value));
    assert.equal(sentence, "This is not an export that is known here.");
    assert.match(hint, /ChatGPT/);
  }
  assert.equal((await refusal(read([]))).sentence, "There are no conversations in this file.");
  assert.match((await refusal(read({ format: "chat_app", version: 2, conversations: [] }))).sentence, /newer version/);
});

test("100,000 levels are read or refused within two seconds of work", async () => {
  const depth = 100_000;
  const mapping =
    `{"mapping": {"a": {"message": {"author": {"role": "user"}, "content": ${'{"a":['.repeat(depth)}${"]}".repeat(depth)}}}}}`;
  const child = '{"messageId": "m", "text": "t", "isCreatedByUser": true, "children": [';
  const librechat =
    `{"conversationId": "c", "recursive": true, "messages": [${child.repeat(depth)}${"]}".repeat(depth)}]}`;
  const call =
    `[{"conv": {"id": "c"}, "messages": [{"role": "assistant", "content": "x", "toolCalls": [{"function": {"arguments": ${"[".repeat(depth)}${"]".repeat(depth)}}}]}]}]`;
  for (const whole of ["[".repeat(depth), "[".repeat(depth) + "]".repeat(depth), mapping, librechat, call]) {
    const began = workedMs();
    await read(whole)
      .then(({ entries }) =>
      entries.forEach((entry) => assert.deepEqual(problemsOf(entry), [])), (error) =>
      assert.ok(error instanceof ImportRefused, error.stack));
    assert.ok(workedMs() - began < 2_000, `${workedMs() - began} ms`);
  }
});

test("millions of levels are refused before they are parsed", async () => {
  const began = workedMs();
  assert.match((await refusal(read(`{"a\\"[": ${"[".repeat(20_000_000)}`))).sentence, /nested too deeply/);
  assert.ok(workedMs() - began < 2_000);
  assert.equal((await read(JSON.stringify(sample("own.json")).replace("Tea?",
    `${"[".repeat(300_000)}`))).entries.length, 1);
});

test("a conversation of 100,000 messages one below the other loses the ones beyond the limit, and says so", async () =>
  {
  const messages =
    Array.from({ length: 100_000 }, (_, at) =>
    ({ id: `m${at}`, parent: at ? `m${at - 1}` : null, role: at % 2 ? "assistant" : "user", content: `${at}`,
    timestamp: 1.7e12 + at }));
  const { entries, skipped } = await read([{ conv: { id: "c", name: "Long" }, messages }]);
  assert.equal(entries[0].messages.length, LIMITS.messages);
  assert.equal(pathOf(entries[0]).length, LIMITS.messages);
  assert.deepEqual(skipped,
    [{ title: "Long", why: "Of its messages, 95,000 did not come in: unreadable, or more than 5,000." }]);
});

test("parents in a circle become first messages", async () => {
  const messages =
    ["a", "b", "c"].map((id, at) =>
    ({ id, parent: ["c", "a", "b"][at], role: "user", content: id, timestamp: 1.7e12 }));
  const [entry] = (await read([{ conv: { id: "c", currNode: "b" }, messages }])).entries;
  assert.deepEqual(problemsOf(entry), []);
  assert.equal(entry.messages.length, 3);
  const own = sample("own.json");
  own.conversations[0].messages[0].parent = "a1";
  assert.equal((await read(own)).entries[0].messages.length, 3);
  assert.deepEqual([...circlesIn(new Map([["a", "b"], ["b", "a"], ["c", "a"], ["d", "d"], ["e", null]]))], ["a", "d"]);
});

test("more than a million characters are cut, and the text says so", async () => {
  const long = "é".repeat(3_000_000);
  const [entry] =
    (await read([{ conv: { id: "c", name: "t".repeat(10_000_000) },
    messages: [{ id: "m", role: "user", content: long }] }])).entries;
  const text = textOf(entry.messages[0]);
  assert.ok(text.length <= LIMITS.characters);
  assert.match(text, /\n\[cut here: 2,000,\d\d\d more characters in the file\]$/);
  assert.ok(entry.conversation.title.length <= LIMITS.title);
  const own = sample("own.json");
  own.conversations[0].messages[0].shown[0].content[0].text = long;
  assert.match(textOf((await read(own)).entries[0].messages[0]), /cut here/);
});

test("conversations beyond 20,000, and second ones of an id, are named", async () => {
  const many =
    Array.from({ length: 20_002 }, (_, at) =>
    ({ conv: { id: `c${at % 20_001}`, name: `n${at}` }, messages: [{ id: "m", role: "user", content: "x" }] }));
  const { entries, skipped } = await read(many);
  assert.equal(entries.length, 20_000);
  assert.deepEqual(skipped, [{ title: "", why: "Only 20,000 come in at once; 2 did not." }]);
  const twice = await read([many[0], many[0]]);
  assert.deepEqual(twice.skipped, [{ title: "n0", why: "It is in the file twice." }]);
});

test("an id that is none of ours is replaced by a safe one, the same each time", async () => {
  const file =
    [{ conv: { id: "../<b>", name: "n" },
    messages: [{ id: "__proto__", role: "user", content: "x" },
    { id: "é", parent: "__proto__", role: "assistant", content: "y" }] }];
  const [entry] = (await read(file)).entries;
  assert.match(entry.conversation.id, /^llama_cpp-[0-9a-f]{26}$/);
  assert.deepEqual(entry.messages.map(({ id, parent }) => [id.slice(0, 10), parent]),
    [["llama_cpp-", null], ["llama_cpp-", "llama_cpp-__proto__"]]);
  assert.deepEqual((await read(file)).entries, [entry]);
});

test("absurd times are none", async () => {
  for (const time of [-1, 0, 1e308, "yesterday", "9999-12-31", {}, "99999999999999999999"]) {
    const [entry] =
      (await read([{ conv: { id: "c", lastModified: time },
      messages: [{ id: "m", role: "user", content: "x", timestamp: time }] }])).entries;
    assert.equal(entry.messages[0].created.slice(0, 10), "2026-11-21", String(time));
  }
});

test("our own files, steps and numbers come back as they were, and are left out where anyone made them up", async () => {
  const picture = { type: "image", mime_type: "image/png", data: "aGk=", name: "a.png", width: 1, height: 1 };
  const file = sample("own.json");
  const [question, answer] = file.conversations[0].messages;
  question.parts = [picture, { type: "document", name: "b.pdf", mime_type: "application/pdf", text: "B", cut: "" }];
  answer.parts = [{ type: "tool_call", id: "1", name: "look", arguments: "{}" }];
  answer.usage = "12 tokens";
  const plot = { type: "component", component: "plot", value: { type: "plotly", plot: "{}" }, constructor_args: {}, props: {} };
  answer.shown.at(-1).content.push(plot);
  const { entries } = await read(file);
  const [first, second] = entries[0].messages;
  assert.deepEqual([first.parts, second.parts, second.usage], [question.parts, answer.parts, "12 tokens"]);
  assert.deepEqual(second.shown.at(-1).content.at(-1), plot);
  assert.deepEqual((await read(asJson(entries))).entries, entries);

  question.parts[0].mime_type = "image/svg+xml";
  answer.shown.at(-1).content = [{ type: "file", file: { path: "/etc/passwd", url: "https://a.invalid/", orig_name: "p" } }];
  const [bad, named] = (await read(file)).entries[0].messages;
  assert.equal("parts" in bad, false);
  assert.deepEqual(named.shown.at(-1).content, [{ type: "text", text: "[File: p – not imported]" }]);
});

test("a question cannot bring steps of an answer", async () => {
  const file = sample("own.json");
  file.conversations[0].messages[0].parts = [{ type: "tool_result", id: "1", text: "yes", images: [] }];
  assert.equal("parts" in (await read(file)).entries[0].messages[0], false);
});
