// From what an importer has read to records of ours. An importer gives a draft, with ids as they stand in its file:
//
//   {source, id, title, created, updated, model, parameters, system: [text], pinned, head, nodes}
//   node: {id, parent, role, created, model, interrupted, system, pieces: [{title, text, duration, recap}]}
//
// `role` is "user", "assistant" (also for what its tools did) or "" for a node that shows nothing, such as a root.
// A piece without a title is text; one with a title is a thought, a tool's call or result: shown, never sent. A `recap`
// only says how long the thought before it took. `system` is a node's part of the system prompt.
//
// Other programs keep each step of an answer as a message of its own. Here an answer is one message: steps in a row are
// joined, unless the file has versions of a later step. Nothing recurses and every walk is linear in the nodes.

import { LIMITS, ROLES, circlesIn, parametersOf } from "../entry.mjs";
import { Tree, newConversation, newMessage, shownText, titleOf } from "../tree.mjs";
import { language, word } from "../words.mjs";
import { cut, hash, idFor, key, line, timeOf } from "./values.mjs";

export const THOUGHT = word("thought"); // as the server calls it
const TITLED = 200;
const MARK_ROOM = 100;

/** What went wrong, as a piece of a message. */
export const failure = (text) => ({ title: `⚠ ${word("error")}`, text });

/** Why one conversation of a file does not come in. */
export class Unreadable extends Error {}

/** {entry, cut}: the records of a draft, and how many messages went beyond the limit. Throws `Unreadable`. */
export const entryFrom = (draft, now) => {
  const nodes = named(draft);
  const { order, up } = visible(nodes);
  const groups = joined(nodes, order, up);
  if (!groups.list.length) throw new Unreadable(word("import_no_messages"));
  const created = timeOf(draft.created) || timeOf(draft.updated)
    || groups.list.map((group) => timeOf(group.nodes[0].created)).find(Boolean) || now.toISOString();
  const model = line(draft.model, LIMITS.name) || modelOf(groups, nodes, draft.head);
  const first = groups.list.find((group) => group.role === "user") ?? groups.list[0];
  const said = first.nodes.flatMap((node) => node.pieces).find((piece) => !piece.title)?.text ?? "";
  const title = line(draft.title, LIMITS.title);
  const theirs = key(draft.id) || hash(JSON.stringify([title, timeOf(draft.created), cut(said, 10_000)]));
  const id = idFor(draft.source, theirs);
  const messages = groups.list.slice(0, LIMITS.messages)
    .map((group) => messageOf(group, id, draft.source, { created, model }));
  const conversation = newConversation({
    id,
    title: title || titleOf(cut(said, 1_000)) || word("untitled"),
    named: title !== "",
    created,
    updated: timeOf(draft.updated)
      || messages.reduce((last, message) => (message.created > last ? message.created : last), created),
    model,
    parameters: parametersOf(draft.parameters),
    system_prompt: shortened(systemOf(draft, nodes), LIMITS.characters),
    pinned: draft.pinned === true,
    head: headOf(draft, nodes, up, groups, messages),
  });
  return { entry: { conversation, messages }, cut: groups.list.length - messages.length };
};

/** `value` with, instead of what goes beyond `length`, a mark that says so. */
export const shortened = (value, length) => {
  if (value.length <= length) return value;
  const kept = cut(value, length - MARK_ROOM);
  const count = (value.length - kept.length).toLocaleString(language());
  return `${kept}\n${cut(word("cut_characters", { count }), MARK_ROOM - 1)}`;
};

/** The nodes by their ids, each with one; a second node of the same id, or one without, is called by what it says. */
const named = (draft) => {
  const nodes = new Map();
  const times = new Map();
  for (const node of draft.nodes) {
    let id = key(node.id);
    if (!id || nodes.has(id)) {
      const said = cut(node.pieces.map((piece) => piece.text).join("\n"), 10_000);
      const base = hash(JSON.stringify([key(node.parent), node.role, said]));
      times.set(base, (times.get(base) ?? 0) + 1);
      id = `${base}-${times.get(base)}`;
    }
    nodes.set(id,
      { ...node, id, parent: key(node.parent), role: ROLES.includes(node.role) && node.pieces.length ? node.role
      : "" });
  }
  const parents = new Map([...nodes.values()].map((node) => [node.id, node.parent]));
  for (const id of circlesIn(parents)) nodes.get(id).parent = "";
  for (const node of nodes.values()) if (!nodes.has(node.parent)) node.parent = "";
  return nodes;
};

/** `order`: all ids, parents first; `up`: id -> the id of the nearest node above it that shows something, or "". */
const visible = (nodes) => {
  const children = new Map();
  for (const node of nodes.values()) {
    if (!children.has(node.parent)) children.set(node.parent, []);
    children.get(node.parent).push(node.id);
  }
  const order = [...(children.get("") ?? [])];
  const up = new Map(order.map((id) => [id, ""]));
  for (let at = 0; at < order.length; at++) {
    const node = nodes.get(order[at]);
    for (const child of children.get(node.id) ?? []) {
      up.set(child, node.role ? node.id : up.get(node.id));
      order.push(child);
    }
  }
  return { order, up };
};

/** The messages that are to be: `list` of {role, nodes, parent}, in the file's order; `of`: node id -> its group. */
const joined = (nodes, order, up) => {
  const shows = order.filter((id) => nodes.get(id).role);
  const below = new Map();
  for (const id of shows) below.set(up.get(id), (below.get(up.get(id)) ?? 0) + 1);
  const of = new Map();
  for (const id of shows) {
    const [node, above] = [nodes.get(id), of.get(up.get(id))];
    const joins = node.role === "assistant" && above?.role === "assistant" && below.get(up.get(id)) === 1;
    const group = joins ? above : { role: node.role, nodes: [], parent: above ?? null };
    group.nodes.push(node);
    of.set(id, group);
  }
  const places = new Map([...nodes.keys()].map((id, place) => [id, place]));
  const list = [...new Set(of.values())];
  for (const group of list) group.place = places.get(group.nodes[0].id);
  return { list, of };
};

const modelOf = (groups, nodes, head) => {
  const answers = groups.list.filter((group) => group.role === "assistant");
  const at = [groups.of.get(key(head)), ...answers.reverse()].find((group) => group && answered(group));
  return at ? answered(at) : "";
};

const answered = (group) => group.nodes.map((node) => line(node.model, LIMITS.name)).findLast(Boolean) ?? "";

const messageOf = (group, conversation, source, { created, model }) => {
  group.id = idFor(source, group.nodes.at(-1).id);
  const below = group.parent?.created ?? created;
  group.created = group.nodes.map((node) => timeOf(node.created)).find(Boolean) || later(below, group.place + 1);
  const by = answered(group);
  const note = group.role === "assistant" && by && by !== model
    ? [{ title: word("answered_by", { endpoint: by }), text: "", plain: true }] : [];
  const pieces = [...note, ...group.nodes.flatMap((node) => node.pieces)];
  const state = group.nodes.at(-1).interrupted ? "interrupted" : "whole";
  return newMessage(conversation, group.parent?.id ?? null, group.role, shownOf(pieces, group.role),
    { id: group.id, created: group.created, state });
};

/** Messages without a time keep the file's order: a millisecond later for each. */
const later = (time, places) => new Date(Date.parse(time) + places).toISOString();

const shownOf = (pieces, role) => {
  const shown = [];
  let room = LIMITS.characters;
  for (const piece of pieces) {
    const last = shown.at(-1);
    if (piece.recap && last?.metadata?.title === THOUGHT) {
      if (piece.duration) last.metadata.duration = piece.duration;
      continue;
    }
    if (room <= MARK_ROOM || shown.length >= LIMITS.shown - 1) {
      shown.push(shownText(role, word("cut_parts")));
      break;
    }
    const said = shortened(piece.text, room);
    room -= said.length;
    if (piece.title) shown.push(titled(piece, said));
    else if (last && !last.metadata) last.content[0].text += `\n\n${said}`;
    else shown.push(shownText(role, said));
  }
  return shown;
};

const titled = ({ title, duration, plain }, said) => ({
  role: "assistant",
  metadata: { title: line(title, TITLED), ...(plain ? {} : { status: "done" }), ...(duration ? { duration } : {}) },
  options: null,
  content: [{ type: "text", text: said }],
});

/** The system prompt of the path to the head; of all, when there is none on it. */
const systemOf = (draft, nodes) => {
  const onPath = [];
  for (let at = nodes.get(key(draft.head)); at; at = nodes.get(at.parent)) onPath.push(at);
  const own = onPath.reverse().filter((node) => node.system);
  const parts = (own.length ? own : [...nodes.values()]).map((node) => node.system);
  return [...new Set([...draft.system, ...parts].filter((part) =>
    typeof part === "string" && part.trim()))].join("\n\n");
};

const headOf = (draft, nodes, up, groups, messages) => {
  const theirs = key(draft.head);
  const group = groups.of.get(theirs) ?? groups.of.get(up.get(theirs));
  if (group?.id) return group.id;
  return new Tree(messages).newestLeaf();
};
