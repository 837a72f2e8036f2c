// Our own export (export.mjs): {format: "chat_app", version: 1, exported, conversations: [{…conversation, messages}]}.
//
// The only source whose tokens and ratings are kept, and whose notices keep their buttons. Everything is checked and
// copied field by field all the same: anyone can write such a file. Files and figures that an answer shows come in as far
// as entry_parts.mjs knows them; others are named and left out. A message whose parts are not as they should be keeps
// its text alone. An answer that was arriving when it was exported is interrupted.

import { ID, LIMITS, ROLES, circlesIn, metadataOf, optionsOf, parametersOf } from "../entry.mjs";
import { contentOf, partsOf } from "../entry_parts.mjs";
import { SCHEMA, Tree, newConversation, newMessage, titleOf, textOf } from "../tree.mjs";
import { word } from "../words.mjs";
import { THOUGHT, Unreadable, shortened } from "./draft.mjs";
import { absent, cut, hash, list, record, text, timeOf } from "./values.mjs";

export const SOURCE = "chat_app";
export const VERSION = 1;

export const recognizes = (data) => record(data).format === SOURCE && Array.isArray(data.conversations);

/** {entry, cut}: one of the file's conversations as records, and how many of its messages do not come in. */
export const entryOf = (item, now) => {
  const from = record(item);
  if (from.schema > SCHEMA) throw new Unreadable(word("import_written_newer"));
  const created = timeOf(from.created) || timeOf(from.updated) || now.toISOString();
  const kept = isId(from.id);
  const id = kept ? from.id
    : `own-${hash(JSON.stringify([text(from.title), timeOf(from.created), cut(firstSaid(from), 10_000)]))}`;
  const messages =
    repaired(list(from.messages).map((message) => messageOf(record(message), id, created)).filter(Boolean));
  if (!messages.length && list(from.messages).length) throw new Unreadable(word("import_none_readable"));
  const within = messages.slice(0, LIMITS.messages);
  const there = new Set(within.map((message) => message.id));
  for (const message of within) if (!there.has(message.parent)) message.parent = null;
  const head = there.has(from.head) ? from.head : from.head === null ? null : new Tree(within).newestLeaf();
  const title = shortTitle(text(from.title));
  const conversation = newConversation({
    id,
    title: title || (within.length ? titleOf(cut(textOf(within[0]), 1_000)) : ""),
    named: from.named === true && title !== "",
    created,
    updated: timeOf(from.updated) || created,
    preset: cut(text(from.preset), LIMITS.name),
    model: cut(text(from.model), LIMITS.name),
    parameters: parametersOf(from.parameters),
    system_prompt: shortened(text(from.system_prompt), LIMITS.characters),
    pinned: from.pinned === true,
    head,
    token: kept ? tokenOf(from.token) : "",
  });
  return { entry: { conversation, messages: within }, cut: list(from.messages).length - within.length };
};

const isId = (value) => typeof value === "string" && ID.test(value);
const tokenOf = (value) => (text(value).length <= LIMITS.token ? text(value) : "");
const shortTitle = (title) => (title.length <= LIMITS.title ? title : `${cut(title, LIMITS.title - 1)}…`);

const firstSaid = (from) =>
  text(record(list(record(list(record(list(record(list(from.messages)[0]).shown)[0])).content)[0])[0]).text);

const messageOf = (from, conversation, created) => {
  if (!ROLES.includes(from.role)) return null;
  const arriving = from.state === "arriving";
  const parts = list(from.shown).map(record)
    .filter((shown) => !arriving || record(shown.metadata).status !== "pending");
  const shown = shownOf(parts, from.role);
  const parent = isId(from.parent) ? from.parent : null;
  const id = isId(from.id) ? from.id
    : `own-${hash(JSON.stringify([parent, from.role, cut(textOf({ shown }), 10_000)]))}`;
  const state = arriving || from.state === "interrupted" ? "interrupted" : "whole";
  const rating = text(from.rating).length <= LIMITS.name ? text(from.rating) : "";
  const sent = partsOf(from.parts, from.role);
  const usage = cut(text(from.usage), LIMITS.usage);
  return newMessage(conversation, parent, from.role, shown,
    { id, created: timeOf(from.created) || created, rating, state, ...(sent || from.parts === null ? { parts: sent } : {}),
      ...(typeof from.usage === "string" ? { usage } : {}) });
};

const shownOf = (parts, role) => {
  let room = LIMITS.characters;
  const shown = parts.slice(0, LIMITS.shown - 1).map((part) => {
    const metadata = metadataOf(withShortTitle(part.metadata));
    if (metadata?.status === "pending") metadata.status = "done";
    return {
      role: ROLES.includes(part.role) ? part.role : role,
      metadata,
      options: optionsOf(part.options),
      content: contentsOf(part.content).map((said) => {
        if (typeof said !== "string") return said;
        const kept = room > 200 ? shortened(said, room) : said && word("cut_here");
        room -= kept.length;
        return { type: "text", text: kept };
      }),
    };
  });
  return parts.length < LIMITS.shown ? shown
    : [...shown,
    { role, metadata: { title: THOUGHT }, options: null, content: [{ type: "text", text: word("cut_parts") }] }];
};

const withShortTitle = (metadata) =>
  text(record(metadata).title).length > LIMITS.notice ? { ...metadata, title: cut(metadata.title, LIMITS.notice) }
    : metadata;

const contentsOf = (content) =>
  typeof content === "string"
    ? [content]
    : list(content).slice(0, LIMITS.shown).map(record)
      .map((part) => (part.type === "text" ? text(part.text) : contentOf(part) ?? absent("file", record(part.file).orig_name)));

/** Without second messages of an id; a parent that is missing, or leads in a circle, is none. */
const repaired = (messages) => {
  const byId = new Map();
  for (const message of messages) if (!byId.has(message.id)) byId.set(message.id, message);
  for (const message of byId.values()) if (!byId.has(message.parent)) message.parent = null;
  for (const id of circlesIn(new Map([...byId.values()].map((message) =>
    [message.id, message.parent])))) byId.get(id).parent = null;
  return [...byId.values()];
};
