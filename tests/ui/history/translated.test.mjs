// What is imported and saved in another language. Each word is its key in angle brackets with its values behind it, so
// that whatever a module says in words of its own is not in brackets.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ENGLISH } from "../../../chat_app/ui/static/history/english.mjs";

const values = (text) => [...(text.other ?? text).matchAll(/\{\w+\}/g)].map(([place]) => ` ${place}`).join("");
const words = Object.fromEntries(Object.entries(ENGLISH).map(([key, text]) => [key, `‹${key}${values(text)}›`]));
words.language = "de";
globalThis.document = { getElementById: () => ({ textContent: JSON.stringify({ words }) }) };
const { readImport } = await import("../../../chat_app/ui/static/history/import.mjs");
const { asMarkdown } = await import("../../../chat_app/ui/static/history/export.mjs");

const textOf = (name) => readFileSync(new URL(`./samples/${name}`, import.meta.url), "utf8");
const read = (whole) => readImport(new Blob([whole]));
const samples = ["chatgpt.json", "open_webui.json", "llama_cpp.json", "librechat_flat.json", "librechat_tree.json"];

test("titles of what was thought and called, and marks of what is not there, are in the page's language", async () => {
  const entries = (await Promise.all(samples.map(async (name) => (await read(textOf(name))).entries))).flat();
  const shown = entries.flatMap(({ messages }) => messages).flatMap((message) => message.shown);
  const titles = shown.map(({ metadata }) => metadata?.title).filter(Boolean);
  assert.ok(titles.length > 10);
  // "Thought for 7 seconds" is ChatGPT's own.
  assert.deepEqual(titles.filter((title) => !/^(⚠ )?‹.*›$/.test(title) && !/^Thought for/.test(title)), []);
  const said = shown.flatMap(({ content }) => content.map(({ text }) => text)).join("\n");
  assert.match(said, /‹not_imported ‹kind_picture›: hive\.png›/);
  assert.doesNotMatch(said, /not imported|\[(picture|file)/i);
});

test("what is wrong with a file is said in the page's language", async () => {
  const lines = JSON.parse(textOf("llama_cpp.jsonl.json")).map((line) => JSON.stringify(line));
  const { skipped } = await read([...lines, "no", "no"].join("\n"));
  assert.match(skipped.at(-1).why, /^‹import_bad_lines 2 \d+›$/);
  for (const [whole, said] of [["", /^‹import_not_json ‹import_no_text››$/], ["{", /^‹import_not_json .*›$/], ["[]", /^‹import_empty›$/]]) {
    await assert.rejects(read(whole), ({ sentence }) => said.test(sentence));
  }
  const own = JSON.parse(textOf("own.json"));
  own.conversations[0].schema = 99;
  assert.deepEqual((await read(JSON.stringify(own))).skipped.map(({ why }) => why), ["‹import_written_newer›"]);
});

test("a conversation as Markdown has the page's words in its headings", async () => {
  const { entries } = await read(textOf("own.json"));
  const [entry] = entries;
  const answer = entry.messages.find(({ id }) => id === entry.conversation.head);
  answer.shown.unshift({ role: "assistant", metadata: { title: "‹answered_by spare›: it is gone" }, options: null, content: [] });
  answer.shown.push({ role: "assistant", metadata: null, options: null,
    content: [{ type: "component", component: "gallery" }, { type: "file", file: { orig_name: "a.csv" } }] });
  const markdown = asMarkdown(entry);
  for (const said of ["‹model_of qwen3›", "‹other_versions 1›", "## ‹you›", "## ‹assistant_named spare›", "‹kind_pictures›", "‹kind_file›: a.csv", "‹was_interrupted›"]) {
    assert.ok(markdown.includes(said), `${said}\n${markdown}`);
  }
  assert.doesNotMatch(markdown, /You|Assistant|Model|Interrupted|it is gone/);
});
