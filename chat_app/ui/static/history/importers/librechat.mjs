// LibreChat's export of one conversation as JSON: {conversationId, endpoint, title, exportAt, branches, recursive,
// options} with `messages`, flat or with `children` in them, or, in newer versions when recursive, `messagesTree`.
//
// Read off danny-avila/LibreChat: `client/src/hooks/Conversations/useExportConversation.ts` and
// `api/server/utils/import/importers.js` (00b3bc3), `api/server/utils/import/__data__/librechat-tree.json` (0b4ce67).
// The file does not say which branch was looked at: it is the newest. A message's answerer is told by `model`, then
// `sender`. The parent 00000000-0000-0000-0000-000000000000 is none.

import { word } from "../words.mjs";
import { THOUGHT, failure } from "./draft.mjs";
import { absent, firstText, isRecord, key, list, record, shownValue, text } from "./values.mjs";

export const SOURCE = "librechat";
export const NAME = "LibreChat";
const NO_PARENT = "00000000-0000-0000-0000-000000000000";

export const recognizes = (item) =>
  typeof record(item).conversationId === "string"
    && (Array.isArray(item.messagesTree) || Array.isArray(item.messages) || isRecord(item.messages));

export const draftOf = (item) => {
  const options = record(item.options);
  return {
    source: SOURCE,
    id: item.conversationId === "new" ? "" : key(item.conversationId),
    title: firstText(item.title, options.title),
    created: firstText(item.createdAt, options.createdAt),
    updated: firstText(item.updatedAt, options.updatedAt),
    model: text(options.model),
    parameters: parametersOf(options),
    system: [firstText(options.promptPrefix, options.system, options.instructions)],
    pinned: item.isPinned === true || item.pinned === true,
    head: "",
    nodes: nodesOf(item),
  };
};

const parametersOf = (options) =>
  Object.fromEntries(
    ["temperature", "top_p", "presence_penalty", "frequency_penalty", "max_tokens", "stop"]
      .filter((name) => Object.hasOwn(options, name) && options[name] !== null)
      .map((name) => [name, options[name]]),
  );

/** All messages, parents first, by a stack of our own: the file may be nested as deep as it likes. */
const nodesOf = (item) => {
  const top = Array.isArray(item.messagesTree) ? item.messagesTree : Array.isArray(item.messages) ? item.messages
    : [item.messages];
  const nodes = [];
  const waiting = top.map((message) => ({ message, parent: null })).reverse();
  while (waiting.length) {
    const { message, parent } = waiting.pop();
    if (!isRecord(message)) continue;
    const node = nodeOf(message, parent);
    const children = list(message.children);
    if (children.length && !node.id) node.id = `at ${nodes.length}`;
    nodes.push(node);
    for (let at = children.length - 1; at >= 0; at--) waiting.push({ message: children[at], parent: node.id });
  }
  return nodes;
};

const nodeOf = (message, parent) => {
  const mine = message.isCreatedByUser === true
    || (message.isCreatedByUser !== false && /^user$/i.test(text(message.sender)));
  const parentId = parent ?? (message.parentMessageId === NO_PARENT ? "" : key(message.parentMessageId));
  const pieces = [...saidOf(message), ...filesOf(message)];
  return {
    id: key(message.messageId),
    parent: parentId,
    role: mine ? "user" : "assistant",
    created: message.createdAt,
    model: mine ? "" : text(message.model),
    interrupted: message.unfinished === true,
    system: "",
    pieces: mine ? pieces.map((piece) => ({ ...piece, title: "" })) : pieces,
  };
};

const saidOf = (message) => {
  const parts = list(message.content).flatMap((part) => partOf(record(part)));
  if (parts.length) return parts;
  const said = text(message.text);
  if (!said.trim()) return [];
  if (message.error === true) return [failure(said)];
  const thought = /^:::thinking\n([^]*?)\n:::\s*/.exec(said);
  const rest = thought ? said.slice(thought[0].length) : said;
  return [...(thought ? [{ title: THOUGHT, text: thought[1] }] : []), ...(rest ? [{ title: "", text: rest }] : [])];
};

const partOf = (part) => {
  const said = valueOf(part.text);
  switch (part.type) {
    case "text":
      return said ? [{ title: "", text: said }] : [];
    case "think":
      return valueOf(part.think) ? [{ title: THOUGHT, text: valueOf(part.think) }] : [];
    case "tool_call":
      return callOf(record(part.tool_call));
    case "error":
      return [failure(firstText(valueOf(part.error), said))];
    case "image_file":
    case "image_url":
      return [{ title: "", text: absent("picture", text(record(part.image_file).filename)) }];
    default:
      return said ? [{ title: text(part.type) || word("unknown_content"), text: said }] : [];
  }
};

/** A text, or what stands as `value` of a record. */
const valueOf = (value) => (typeof value === "string" ? value : text(record(value).value));

const callOf = (call) => {
  const asked = record(call.function);
  const name = firstText(call.name, asked.name, call.type) || word("tool");
  const args = shownValue(call.args ?? asked.arguments ?? record(call.code_interpreter).input);
  const result = shownValue(call.output ?? asked.output ?? record(call.code_interpreter).outputs);
  return [
    { title: word("call_of", { name }), text: args },
    ...(result ? [{ title: word("result_of", { name }), text: result }] : []),
  ];
};

const filesOf = (message) =>
  [...list(message.files), ...list(message.attachments)].map(record).map((file) => {
    const picture = /^image\//.test(text(file.type)) || Number.isFinite(file.width);
    return { title: "", text: absent(picture ? "picture" : "file", firstText(file.filename, file.name)) };
  });
