import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { asJson, asMarkdown, fileName } from "../../../chat_app/ui/static/history/export.mjs";
import { readImport } from "../../../chat_app/ui/static/history/import.mjs";
import { Conversations } from "../../../chat_app/ui/static/history/conversations.mjs";
import { saveAll } from "../../../chat_app/ui/static/history/files.mjs";
import { MemoryStore } from "../../../chat_app/ui/static/history/memory_store.mjs";
import { newConversation, newMessage, shownText } from "../../../chat_app/ui/static/history/tree.mjs";

const own = JSON.parse(readFileSync(new URL("./samples/own.json", import.meta.url), "utf8"));
const entry = () => {
  const { messages, ...conversation } = structuredClone(own.conversations[0]);
  return { conversation, messages };
};

test("Markdown is the path on the page: notices in italics, other versions counted", () => {
  assert.equal(
    asMarkdown(entry()),
    `# Tea or coffee

Model: qwen3

*Other versions are not in this file (one message).*

## You

Tea?

## Assistant

Te

*⚠ No answer*

*The server went away.*

*Interrupted.*
`,
  );
});

test("a thought is quoted and the text stands as it is", () => {
  const { conversation, messages } = entry();
  messages[1].shown[0].content[0].text = "One\n\n# two";
  messages[1].shown[1].content[0].text = "<b>*Coffee*</b>\n";
  const markdown = asMarkdown({ conversation: { ...conversation, head: "a1" }, messages });
  assert.ok(markdown.includes("## Assistant\n\n> **Thought** (1.5 s)\n>\n> One\n>\n> # two\n\n<b>*Coffee*</b>\n"));
});

test("the model of an answer stands in its heading where it is known, and a title is no markup", () => {
  const { conversation, messages } = entry();
  messages[2].shown.unshift({ role: "assistant", metadata: { title: "Answered by gpt-4o" }, options: null,
    content: [{ type: "text", text: "" }] });
  const markdown = asMarkdown({ conversation: { ...conversation, title: "a\n# [b](c)" }, messages });
  assert.ok(markdown.startsWith("# a \\# \\[b\\](c)\n"));
  assert.ok(markdown.includes("## Assistant (gpt-4o)\n\nTe\n"));
});

test("who answered is in the heading without why another did not, and a thought of that title is none", () => {
  const { conversation, messages } = entry();
  const content = [{ type: "text", text: "What came before it could not." }];
  messages[2].shown.unshift({ role: "assistant", metadata: { title: "Answered by qwen3:8b&#58; the first is gone&#46;" }, options: null, content });
  messages[2].shown.push({ role: "assistant", metadata: { title: "Answered by haste", status: "done" }, options: null, content });
  const markdown = asMarkdown({ conversation, messages });
  assert.ok(markdown.includes("## Assistant (qwen3:8b)\n\n*Answered by qwen3:8b: the first is gone.*"), markdown);
  assert.ok(markdown.includes("> **Answered by haste**"), markdown);
});

test("JSON has all versions, tokens and ratings, and is readable when small", () => {
  const now = new Date("2026-11-21T12:00:00.000Z");
  const small = asJson([entry()], now);
  assert.deepEqual(JSON.parse(small), own);
  assert.ok(small.includes("\n  "));
  const large = entry();
  large.messages[0].shown[0].content[0].text = "x".repeat(200_000);
  assert.ok(!asJson([large], now).includes("\n  "));
});

test("all of them are in files small enough to be read again, and one that is too large in its own", async () => {
  const conversations = new Conversations(new MemoryStore(), { arriving: new Set(), listen() {}, tell() {} }, { changed() {}, shown() {}, trouble() {}, kept() {} });
  for (const length of [3_000, 2_000, 9_000, 2_500]) {
    const conversation = newConversation({ title: `${length} signs` });
    const message = newMessage(conversation.id, null, "user", [shownText("user", "ä".repeat(length))]);
    await conversations.add({ conversation: { ...conversation, head: message.id }, messages: [message] });
  }
  const [, gone] = conversations.records;
  const saved = [];
  const { missing, large } = await saveAll(unreadable(conversations, gone.id), { limit: 13_000, save: (name, type, ...pieces) => saved.push({ name, blob: new Blob(pieces) }) });
  assert.deepEqual([missing, large.map(({ title }) => title)], [[gone], ["9000 signs"]]);
  assert.match(saved[0].name, /^Conversations \d{4}-\d\d-\d\d 1-3\.json$/);
  const read = await Promise.all(saved.map(async ({ blob }) => (await readImport(blob)).entries.map(({ conversation }) => conversation.title)));
  assert.deepEqual(read, [["3000 signs"], ["9000 signs"], ["2500 signs"]]);
  assert.ok(saved.filter((_, at) => at !== 1).every(({ blob }) => blob.size <= 13_000));
  const one = [];
  await saveAll(conversations, { save: (name, type, ...pieces) => one.push({ name, blob: new Blob(pieces) }) });
  assert.deepEqual([one.length, (await readImport(one[0].blob)).entries.length], [1, 4]);
  assert.match(one[0].name, /^Conversations \d{4}-\d\d-\d\d\.json$/);
});

/** The same, but one of them cannot be read. */
const unreadable = (conversations, bad) => ({
  records: conversations.records,
  entry: (id) => (id === bad ? Promise.reject(new Error("unreadable")) : conversations.entry(id)),
});

test("a file's name is safe on every system", () => {
  const names = {
    "Tea or coffee?": "Tea or coffee.md",
    "": "conversation.md",
    "...": "conversation.md",
    "../../etc/passwd": "etc passwd.md",
    "C:\\x": "C x.md",
    "con": "_con.md",
    "LPT1.txt": "_LPT1.txt.md",
    "-rf ~": "rf ~.md",
    "a\u0000b\nc\u202egnp.exe\u2066": "a b c gnp.exe.md",
    "dots...": "dots.md",
    "日本語": "日本語.md",
    "\ud800": "conversation.md",
  };
  for (const [title, name] of Object.entries(names)) assert.equal(fileName(title, "md"), name);
  for (const title of ["x".repeat(1_000), "日".repeat(1_000), "👩‍💻".repeat(200), `con.${"x".repeat(90)}`,
    `${"x ".repeat(60)}`]) {
    const name = fileName(title, "json");
    assert.ok(name.length <= 80 && Buffer.byteLength(name) <= 220 && name.endsWith(".json") && name.isWellFormed(),
      name);
    assert.doesNotMatch(name, /[\s.]\.json$/);
  }
  assert.equal(fileName("x", "../m d"), "x.md");
});

test("a notice stands there in its own signs, and not as the page's character references", () => {
  const notice = { ...shownText("assistant", "Look at `max&#95;tokens`&#46;"), metadata: { title: "⚠ It was cut&#46;" }, options: [] };
  const conversation = newConversation({ title: "t" });
  const message = newMessage(conversation.id, null, "assistant", [notice]);
  const text = asMarkdown({ conversation: { ...conversation, head: message.id }, messages: [message] });
  assert.match(text, /⚠ It was cut\./);
  assert.doesNotMatch(text, /&#\d/);
});

test("files of a question are named, and what an answer shows besides text", () => {
  const { conversation, messages } = entry();
  messages[0].parts = [
    { type: "image", mime_type: "image/png", data: "aGk=", name: "a_b.png", width: 1, height: 1 },
    { type: "document", name: "b.pdf", mime_type: "application/pdf", text: "All of it", cut: "" },
    { type: "text", text: "Tea?" },
  ];
  messages[1].shown.at(-1).content.push({ type: "file", file: { orig_name: "c.png" } }, { type: "component", component: "plot" });
  const markdown = asMarkdown({ conversation: { ...conversation, head: "a1" }, messages });
  assert.ok(markdown.includes("## You\n\n*Picture: a\\_b.png (image/png)*\n\n*Document: b.pdf (application/pdf)*\n\nTea?"), markdown);
  assert.ok(markdown.includes("*File: c.png*\n\n*Figure*"), markdown);
  assert.ok(!markdown.includes("All of it"));
});

test("a call of a tool is a quote with its name", () => {
  const { conversation, messages } = entry();
  messages[1].shown.unshift({ role: "assistant", metadata: { title: "search", id: "a-0-0", parent_id: "a-0", status: "done" },
    options: null, content: [{ type: "text", text: "{\"q\": 1}" }] });
  assert.ok(asMarkdown({ conversation: { ...conversation, head: "a1" }, messages }).includes("> **search**\n>\n> {\"q\": 1}"));
});
