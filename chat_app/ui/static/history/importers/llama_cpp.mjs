// llama.cpp's web UI, all four forms in which it has written conversations:
//
// - JSONL, one line {type: "session", harness, …conv}, then lines {type: "message", message}
//   (`tools/ui/src/lib/services/conversation-transfer.service.ts`, 880f7d8; records in
//   `tools/ui/src/lib/types/database.d.ts`, 078c2e0)
// - {conv: {id, name, lastModified, currNode}, messages: […]}, one or a list
//   (`tools/server/webui/src/lib/types/database.d.ts` and `stores/conversations.svelte.ts`, cfe4ba8)
// - the whole database as dexie-export-import writes it: {formatName: "dexie", data: {data: [{tableName, rows}]}}
//   (`tools/server/webui/src/utils/storage.ts`, 07577c6, and `types.ts`, 00d911d)
// - {id, lastModified, messages: [{id, role, content}]}, one or a list, from the time of localStorage (same file)
//
// Repository ggml-org/llama.cpp. Times are milliseconds; in the oldest form they are the messages' ids. A message of
// type "root" shows nothing. Texts of files stand in the file, and so in the message.

import { word } from "../words.mjs";
import { THOUGHT } from "./draft.mjs";
import { absent, firstText, isRecord, key, list, record, shownValue, text } from "./values.mjs";

export const SOURCE = "llama_cpp";
export const NAME = "llama.cpp";

export const recognizes = (item) =>
  Array.isArray(record(item).messages) && (isRecord(item.conv) || Number.isFinite(item.lastModified));

/** The conversations of a database dump; null when `data` is none. */
export const tablesOf = (data) => {
  if (record(data).formatName !== "dexie") return null;
  const rows = (name) =>
    list(list(record(data.data).data).map(record).find((table) => table.tableName === name)?.rows).map(record);
  const items = new Map(rows("conversations").map((conv) => [key(conv.id), { conv, messages: [] }]));
  for (const message of rows("messages")) items.get(key(message.convId))?.messages.push(message);
  return [...items.values()];
};

/** Whether a text begins as the JSONL form does. */
export const isLines = (whole) => {
  const first = whole.slice(0, 100_000).trimStart().split("\n", 1)[0];
  return /"type"\s*:\s*"session"/.test(first) && parsed(first)?.type === "session";
};

/** {items, broken}: the conversations of a JSONL file, and the numbers of the lines that are not JSON. */
export const itemsOfLines = (whole) => {
  const items = [];
  const broken = [];
  let number = 0;
  for (let from = 0; from < whole.length; ) {
    const end = whole.indexOf("\n", from);
    const line = whole.slice(from, end === -1 ? undefined : end);
    from = end === -1 ? whole.length : end + 1;
    number++;
    if (!line.trim()) continue;
    const read = parsed(line);
    if (!isRecord(read)) broken.push(number);
    else if (read.type === "session") items.push({ conv: read, messages: [] });
    else if (read.type === "message") items.at(-1)?.messages.push(read.message);
  }
  return { items, broken };
};

const parsed = (line) => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

export const draftOf = (item) => {
  const conv = isRecord(item.conv) ? item.conv : item;
  const messages = item.messages.filter(isRecord);
  const inTree = messages.some((message) => key(message.parent));
  const nodes =
    messages.map((message, at) =>
    nodeOf(message, inTree ? key(message.parent) : at ? key(messages[at - 1].id) || `at ${at - 1}` : "", at));
  const last =
    messages.reduce((found, message) => (found && found.timestamp >= message.timestamp ? found : message), null);
  return {
    source: SOURCE,
    id: key(conv.id),
    title: text(conv.name),
    created: messages.length ? timeOf(messages[0]) : conv.lastModified,
    updated: conv.lastModified,
    model: "",
    parameters: {},
    system: [],
    pinned: conv.pinned === true,
    head: key(conv.currNode) || (inTree ? key(last?.id) : nodes.at(-1)?.id ?? ""),
    nodes,
  };
};

const timeOf = (message) => message.timestamp ?? (Number.isFinite(message.id) ? message.id : null);

const nodeOf = (message, parent, at) => {
  const said = text(message.content);
  const system = message.role === "system" ? said : "";
  const shows = message.type !== "root" && message.role !== "system";
  const mine = message.role === "user";
  return {
    id: key(message.id) || `at ${at}`,
    parent,
    role: !shows ? "" : mine ? "user" : "assistant",
    created: timeOf(message),
    model: message.role === "assistant" ? text(message.model) : "",
    interrupted: false,
    system,
    pieces: !shows ? []
      : [...(mine ? plain(said) : answerOf(message, said)), ...list(message.extra).map(record).map(extraOf)],
  };
};

const plain = (said) => (said.trim() ? [{ title: "", text: said }] : []);

const answerOf = (message, said) => {
  if (message.role !== "assistant")
    return said.trim()
    ? [{ title: message.role === "tool" ? word("result") : text(message.role) || word("unknown_author"), text: said }] : [];
  const inText = /^\s*<think>([^]*?)(?:<\/think>\s*|$)/.exec(said);
  const thought = firstText(message.reasoningContent, message.reasoning, message.thinking, inText?.[1]);
  const rest = inText ? said.slice(inText[0].length) : said;
  const thoughts = thought ? [{ title: THOUGHT, text: thought.trim() }] : [];
  return [...thoughts, ...plain(rest), ...callsOf(message.toolCalls ?? message.tool_calls)];
};

const callsOf = (calls) => {
  const read = typeof calls === "string" ? parsed(calls) : calls;
  if (typeof calls === "string" && calls && !Array.isArray(read)) return [{ title: word("call"), text: calls }];
  return list(read).map(record).map((call) => {
    const asked = record(call.function);
    return { title: word("call_of", { name: firstText(asked.name, call.name) || word("tool") }), text: shownValue(asked.arguments) };
  });
};

const extraOf = (extra) => {
  const name = text(extra.name);
  const said = text(extra.content);
  if (said) return { title: "", text: name ? `[${word("kind_file")}: ${name}]\n${said}` : said };
  const kind = /image/i.test(text(extra.type)) ? "picture" : /audio|video/i.test(text(extra.type)) ? "recording"
    : "file";
  return { title: "", text: absent(kind, name) };
};
