// A conversation as this browser keeps it: what stands about it in one record, and its messages as a tree.
//
// Asking again or editing adds a message beside the earlier one, under the same parent; nothing is ever replaced. What
// is on the page is one path through the tree, from a first message to the conversation's `head`. Two tabs that write
// the same conversation at once add two branches, and so cannot overwrite each other. No I/O here.
//
// Conversation: {
//   schema, id,              the record's form (`SCHEMA`); 24 random hexadecimal digits, or an importer's own
//   title, named,            the first words of its first message, or, with `named`, what the visitor called it
//   created, updated,        UTC, ISO 8601
//   preset, model,           names, as they stand in the pickers; empty for none
//   parameters,              what the visitor has set of `chat.parameters`, by name; an import may bring others
//   system_prompt,           an import's; the preset's own stays on the server
//   pinned,
//   head,                    the id of the last message on the page; null for none
//   token,                   the server's signature of the conversation's id; empty before the first answer
//   deleted,                 null, or since when it can be brought back for a few seconds
// }
// Message: {
//   conversation, id, parent,    `parent` is null for a first message
//   role,                        "user" or "assistant"
//   created,
//   shown,                       what Gradio's chatbot shows for it: one message for a question; for an answer its notes,
//                                thoughts, text and notice, in order. {role, content, metadata, options}, `content` being
//                                {type: "text", text}, and in answers {type: "file"} and {type: "component"} as Gradio
//                                takes them; an answer's token is `metadata.log`, a thought or notice has `metadata.title`
//   parts,                       null or not there, or: what is sent of it, when that is more than its text; a question's files, and then
//                                its text
//   usage,                       optional: what the answer took, as a line
//   rating,                      the verdict's name, empty for none
//   state,                       "whole", "arriving" or "interrupted"
// }
// Part, with all of these keys:
//   {type: "text", text}
//   {type: "image", mime_type, data, name, width, height}        `data` is Base64
//   {type: "audio", mime_type, data, name}
//   {type: "document", name, mime_type, text, cut}               as the text that was read; `cut` says what is missing
//   and in answers {type: "reasoning", text}, {type: "tool_call", id, name, arguments} and
//   {type: "tool_result", id, text, images}

export const SCHEMA = 1;
const TITLE_LENGTH = 60;

/** 24 hexadecimal digits. (`crypto.randomUUID` is not there on pages without TLS.) */
export const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// Two messages of one page are never of the same time: versions are told apart by it.
let last = 0;
const now = () => {
  last = Math.max(Date.now(), last + 1);
  return new Date(last);
};

/** A conversation in which nothing has been said; `fields` replace what it begins with. */
export const newConversation = (fields = {}, time = now()) => ({
  schema: SCHEMA,
  id: newId(),
  title: "",
  named: false,
  created: time.toISOString(),
  updated: time.toISOString(),
  preset: "",
  model: "",
  parameters: {},
  system_prompt: "",
  pinned: false,
  head: null,
  token: "",
  deleted: null,
  ...fields,
});

/** A message under `parent` (an id or null); `fields` replace what it begins with. */
export const newMessage = (conversation, parent, role, shown, fields = {}, time = now()) => ({
  conversation,
  id: newId(),
  parent,
  role,
  created: time.toISOString(),
  shown,
  rating: "",
  state: "whole",
  ...fields,
});

/** A text as Gradio's chatbot takes it. */
export const shownText = (role, text) => ({
  role,
  metadata: null,
  options: null,
  content: [{ type: "text", text }],
});

/** Each text that was said in a message, without thoughts and notices. */
export const textsOf = (message) =>
  message.shown
    .filter((shown) => !shown.metadata?.title)
    .flatMap((shown) => shown.content)
    .filter((part) => part.type === "text")
    .map((part) => part.text);

/** All that was said in it. */
export const textOf = (message) => textsOf(message).join("");

/** The first words of `text`, at most 60 characters of one line. */
export const titleOf = (text) => {
  const line = text.replace(/\s+/g, " ").trim();
  if (line.length <= TITLE_LENGTH) return line;
  const cut = line.slice(0, TITLE_LENGTH + 1);
  const words = cut.slice(0, Math.max(cut.lastIndexOf(" "), 0)) || [...line].slice(0, TITLE_LENGTH).join("");
  return `${words.replace(/[\s,.;:–-]+$/, "")}…`;
};

/** The messages of a path that stand in one group on the page: runs of one role, without what shows nothing. */
export const groupsOf = (path) => {
  const groups = [];
  for (const message of path.filter((each) => each.shown.length)) {
    if (groups.at(-1)?.[0].role === message.role) groups.at(-1).push(message);
    else groups.push([message]);
  }
  return groups;
};

/** The messages of one conversation, by id and by parent. A message whose parent is missing counts as a first one. */
export class Tree {
  #messages = new Map();
  #children = new Map(); // ids by the parent that they name, whether it is there or not

  constructor(messages = []) {
    for (const message of messages) this.put(message);
  }

  get size() {
    return this.#messages.size;
  }

  get messages() {
    return [...this.#messages.values()];
  }

  get(id) {
    return this.#messages.get(id);
  }

  /** Add a message, or put a newer form of it in the place of the one with its id. */
  put(message) {
    const { id, parent } = message;
    if (!this.#messages.has(id)) {
      if (!this.#children.has(parent)) this.#children.set(parent, []);
      this.#children.get(parent).push(id);
    }
    this.#messages.set(id, message);
  }

  /** The messages from a first one to `head`, in order. Ends at a loop instead of following it. */
  path(head) {
    const path = [];
    const seen = new Set();
    for (let at = this.get(head); at && !seen.has(at.id); at = this.get(at.parent)) {
      seen.add(at.id);
      path.push(at);
    }
    return path.reverse();
  }

  /** The ids of `id` and its siblings of the same role, the oldest first. */
  versions(id) {
    const { parent, role } = this.get(id);
    return this.#under(this.#messages.has(parent) ? parent : null).filter((other) => this.get(other).role === role);
  }

  /** The end of the path that goes on from `id` by the newest message each time; of all, when `id` is null. */
  newestLeaf(id = null) {
    const seen = new Set();
    let at = id;
    for (let ids = this.#under(at); ids.length && !seen.has(at); ids = this.#under(at)) {
      seen.add(at);
      at = ids.at(-1);
    }
    return at;
  }

  /** The ids of the messages under `parent`, the oldest first. Those whose parent is not here stand under null. */
  #under(parent) {
    const orphaned = ([named]) => !this.#messages.has(named);
    const ids = parent === null ? [...this.#children].filter(orphaned).flatMap(([, each]) => each) : (this.#children.get(parent) ?? []);
    return ids.length > 1 ? [...ids].sort((a, b) => this.#order(a, b)) : ids;
  }

  #order(a, b) {
    const [first, second] = [this.get(a), this.get(b)];
    return first.created < second.created ? -1 : first.created > second.created ? 1 : a < b ? -1 : 1;
  }
}
