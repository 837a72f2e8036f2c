// Open WebUI's export: a list of {id, title, chat, created_at, updated_at, pinned, …} ("Export All Chats", or one
// chat), `chat` being {models, params, history: {messages: {id: message}, currentId}, messages}; in old files the chat
// alone.
//
// Read off open-webui/open-webui `src/lib/components/chat/Settings/DataControls.svelte` (002cd27), the example in
// danny-avila/LibreChat `api/server/utils/import/__data__/openwebui-export.json` (89e0c58), and texts saved from the
// program. Times are seconds, those inside of `chat` sometimes milliseconds.
//
// Reasoning and tool calls stand in the answer as `<details type="reasoning" done="true" duration="3">` with a
// `<summary>`, each line of the thought behind "> ", escaped in newer versions. Only a block at the beginning of a line
// is taken for one. Newer versions also keep the steps in `output`; it is read where the answer has no such block.

import { word } from "../words.mjs";
import { THOUGHT, failure } from "./draft.mjs";
import { absent, firstText, isRecord, key, list, record, seconds, shownValue, text } from "./values.mjs";

export const SOURCE = "open_webui";
export const NAME = "Open WebUI";
const KINDS = new Set(["reasoning", "tool_calls", "code_interpreter"]);
const OPEN = "<details";
const CLOSE = "</details>";

const isChat = (chat) =>
  isRecord(record(chat.history).messages) || (Array.isArray(chat.messages) && Array.isArray(chat.models));

export const recognizes = (item) => isChat(record(record(item).chat)) || isChat(record(item));

export const draftOf = (item) => {
  const chat = isChat(record(item.chat)) ? item.chat : item;
  const history = record(chat.history);
  const params = record(chat.params);
  const models = list(chat.models).filter((model) => typeof model === "string" && model);
  const { system, ...parameters } = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== null));
  return {
    source: SOURCE,
    id: key(item.id) || key(chat.id),
    title: firstText(item.title, chat.title),
    created: item.created_at ?? chat.timestamp,
    updated: item.updated_at,
    model: models.length === 1 ? models[0] : "",
    parameters,
    system: [...new Set([text(chat.system), text(system)])],
    pinned: item.pinned === true,
    head: key(history.currentId),
    nodes: isRecord(history.messages) && Object.keys(history.messages).length ? treeOf(history.messages)
      : rowOf(list(chat.messages)),
  };
};

const treeOf = (messages) =>
  Object.entries(messages).map(([id, message]) => nodeOf(id, record(message), key(record(message).parentId)));

/** Messages of old files, one after the other. */
const rowOf = (messages) => {
  let above = "";
  return messages.map((message, at) => {
    const id = key(record(message).id) || `at ${at}`;
    const parent = key(record(message).parentId) || above;
    above = id;
    return nodeOf(id, record(message), parent);
  });
};

const nodeOf = (id, message, parent) => {
  const mine = message.role === "user";
  const said = text(message.content) || partsOf(message.content);
  const pieces = mine ? plain(said) : answerOf(said, message);
  return {
    id,
    parent,
    role: message.role === "system" ? "" : mine ? "user" : "assistant",
    created: message.timestamp,
    model: mine ? "" : firstText(message.model, message.modelName),
    interrupted: !mine && message.done === false,
    system: message.role === "system" ? said : "",
    pieces: [...pieces, ...filesOf(message)],
  };
};

const plain = (said) => (said.trim() ? [{ title: "", text: said }] : []);

const partsOf = (content) => list(content).map((part) => text(record(part).text)).filter(Boolean).join("\n\n");

const answerOf = (said, message) => {
  const pieces = blocksOf(said);
  const steps = pieces.some((piece) => piece.title) ? [] : list(message.output).flatMap((step) => stepOf(record(step)));
  return [...steps, ...pieces, ...errorOf(message.error)];
};

const errorOf = (error) => {
  if (error === null || error === undefined || error === false) return [];
  const said = firstText(error, record(error).content, record(error).detail);
  return said ? [failure(said)] : [];
};

/** The texts and folded blocks of an answer, in order. */
const blocksOf = (said) => {
  const pieces = [];
  let from = 0;
  let at = said.indexOf(OPEN);
  while (at !== -1) {
    const begins = at === from || said[at - 1] === "\n";
    const head = begins ? /^<details((?:\s+[\w-]+(?:="[^"]*")?)*)\s*>/.exec(said.slice(at, at + 100_000)) : null;
    const attributes = head ? attributesOf(head[1]) : {};
    if (!KINDS.has(attributes.type)) {
      at = said.indexOf(OPEN, at + OPEN.length);
      continue;
    }
    const end = said.indexOf(CLOSE, at + head[0].length);
    if (end === -1) break;
    pieces.push(...plain(said.slice(from, at)), ...folded(attributes, said.slice(at + head[0].length, end)));
    from = end + CLOSE.length;
    while (said[from] === "\n") from++;
    at = said.indexOf(OPEN, from);
  }
  return [...pieces, ...plain(said.slice(from))];
};

const attributesOf = (head) =>
  Object.fromEntries([...head.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value)]));

const folded = (attributes, inner) => {
  const summary = /^\s*<summary>([^<]*)<\/summary>\s*/.exec(inner);
  const body = (summary ? inner.slice(summary[0].length) : inner).trim();
  const isCode = attributes.type === "code_interpreter";
  const name = isCode ? word("code") : attributes.name || word("tool");
  if (attributes.type === "reasoning")
    return [{ title: THOUGHT, text: unquoted(body), duration: seconds(attributes.duration) }];
  const result = attributes.result ?? attributes.output ?? (attributes.type === "tool_calls" ? unescaped(body) : "");
  const asked = isCode ? unescaped(body) : attributes.arguments ?? "";
  return [
    { title: word("call_of", { name }), text: asked },
    ...(result ? [{ title: word("result_of", { name }), text: result }] : []),
  ];
};

const unquoted = (body) => (body.startsWith("&gt;") ? unescaped(body) : body).replace(/^> ?/gm, "");

const SIGNS = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'", "&amp;": "&" };
const unescaped = (value) => value.replace(/&(?:lt|gt|quot|amp|#39|#x27);/g, (sign) => SIGNS[sign]);

const stepOf = (step) => {
  const said = shownValue(partsOf(step.content) || partsOf(step.summary));
  if (step.type === "reasoning") return said ? [{ title: THOUGHT, text: said, duration: seconds(step.duration) }] : [];
  if (step.type === "function_call")
    return [{ title: word("call_of", { name: text(step.name) || word("tool") }), text: shownValue(step.arguments) }];
  if (step.type === "function_call_output")
    return [{ title: word("result"), text: partsOf(step.output) || shownValue(step.output) }];
  return [];
};

const filesOf = (message) =>
  list(message.files).map(record).map((file) => {
    const picture = file.type === "image" || /^image\//.test(text(file.content_type));
    return { title: "", text: absent(picture ? "picture" : "file", firstText(file.name, record(file.file).filename)) };
  });
