// ChatGPT's data export (Settings, Data controls), `conversations.json`: a list of conversations whose `mapping` is a
// tree.
//
// OpenAI documents no form. Read off real exports of May 2024 to February 2026 in public repositories, and:
// danny-avila/LibreChat `api/server/utils/import/__data__/chatgpt-modern-export.json` (6acce5d) and `importers.js`
// (00b3bc3), mitkury/chatgpt-export-parser `docs/chatgpt-data-export-format.md` (08e6ae5). Times are seconds since
// 1970.
//
// What ChatGPT hides (weight 0, `is_visually_hidden_from_conversation`) is shown folded and never sent; its system
// texts and the visitor's own instructions (`user_editable_context`) become the system prompt. Citation signs stay as
// they are.

import { word } from "../words.mjs";
import { THOUGHT } from "./draft.mjs";
import { absent, fenced, firstText, isRecord, key, list, record, seconds, shownValue, text } from "./values.mjs";

export const SOURCE = "chatgpt";
export const NAME = "ChatGPT";

export const recognizes = (item) => isRecord(record(item).mapping);

export const draftOf = (item) => {
  const nodes = Object.entries(item.mapping).map(([id, node]) => nodeOf(id, record(node)));
  return {
    source: SOURCE,
    id: key(item.conversation_id) || key(item.id),
    title: item.title,
    created: item.create_time,
    updated: item.update_time,
    model: "",
    parameters: {},
    system: [],
    pinned: item.is_starred === true || Boolean(item.pinned_time),
    head: key(item.current_node),
    nodes: nodes.map((node) => ({ ...node, model: node.model || text(item.default_model_slug) })),
  };
};

const nodeOf = (id, node) => {
  const message = record(node.message);
  const role = text(record(message.author).role);
  const content = record(message.content);
  const system = systemOf(role, content, record(message.metadata));
  const pieces = system ? [] : piecesOf(role, content, message);
  const mine = role === "user" && !pieces.some((piece) => piece.title);
  return {
    id,
    parent: key(node.parent),
    role: pieces.length ? (mine ? "user" : "assistant") : "",
    created: message.create_time,
    model: role === "assistant" ? text(record(message.metadata).model_slug) : "",
    interrupted: message.status === "in_progress",
    system,
    pieces,
  };
};

const systemOf = (role, content, metadata) => {
  if (content.content_type === "user_editable_context") {
    const told = record(metadata.user_context_message_data);
    const [user, model] = [
      firstText(told.about_user_message, content.user_profile),
      firstText(told.about_model_message, content.user_instructions),
    ];
    return [user, model].filter(Boolean).join("\n\n");
  }
  if (content.content_type === "model_editable_context") return text(content.model_set_context);
  return role === "system" ? plainOf(content) : "";
};

const piecesOf = (role, content, message) => {
  const metadata = record(message.metadata);
  if (content.content_type === "thoughts") return thoughtsOf(content);
  if (content.content_type === "reasoning_recap") {
    const title = firstText(content.content, plainOf(content)) || THOUGHT;
    return [{ title, text: "", recap: true, duration: seconds(metadata.finished_duration_sec) }];
  }
  const pictures = picturesOf(content, metadata);
  const said = content.content_type === "code" ? text(content.text) : plainOf(content);
  const body = said.trim() ? [{ title: foldedAs(role, content, message), text: said }] : [];
  if (body.length && content.content_type === "code" && !body[0].title) body[0].text =
    fenced(said, languageOf(content));
  return [...body, ...pictures.map((note) => ({ title: "", text: note }))];
};

const languageOf = (content) => (content.language === "unknown" ? "" : text(content.language));

/** The title under which a text is folded; "" for one that was part of the conversation. */
const foldedAs = (role, content, message) => {
  const recipient = text(message.recipient);
  if (role === "tool") return word("result_of", { name: text(record(message.author).name) || word("tool") });
  if (role === "assistant" && recipient && recipient !== "all") return word("call_of", { name: recipient });
  if (record(message.metadata).is_visually_hidden_from_conversation === true || message.weight === 0)
    return word("hidden_in", { source: NAME });
  if (!["text", "multimodal_text", "code"].includes(content.content_type))
    return text(content.content_type) || word("unknown_content");
  return ["user", "assistant"].includes(role) ? "" : role || word("unknown_author");
};

const thoughtsOf = (content) => {
  const steps = list(content.thoughts).map(record).map(({ summary, content: body }) => {
    const head = firstText(summary);
    return [head && `**${head}**`, firstText(body)].filter(Boolean).join("\n\n");
  });
  const said = steps.filter(Boolean).join("\n\n") || plainOf(content);
  return said ? [{ title: THOUGHT, text: said }] : [];
};

/** All text in a content, whatever its type. */
const plainOf = (content) => {
  const parts = list(content.parts).map((part) => (typeof part === "string" ? part : text(record(part).text)));
  const said = parts.filter(Boolean).join("\n");
  return said || firstText(content.text, content.result, content.content, content.summary)
    || shownValue(isRecord(content.content) ? content.content : "");
};

const picturesOf = (content, metadata) => {
  const attached = list(metadata.attachments).map(record);
  const names = new Map(attached.map((file) => [key(file.id), text(file.name)]));
  const pointers = list(content.parts).map(record).filter((part) => /pointer/.test(text(part.content_type)));
  const ids =
    pointers.map((part) =>
    text(record(part.audio_asset_pointer).asset_pointer || part.asset_pointer).split("://").at(-1));
  const notes =
    pointers.map((part, at) =>
    absent(/image/.test(part.content_type) ? "picture" : "recording", names.get(ids[at]) || ids[at]));
  const others = attached.filter((file) => !ids.includes(key(file.id)));
  return [...notes,
    ...others.map((file) =>
    absent(/^image\//.test(text(file.mime_type || file.mimeType)) ? "picture" : "file", text(file.name)))];
};
