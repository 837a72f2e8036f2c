// Which conversations there are in this browser, and which one is on the page: reading, writing, and what other tabs do.
//
// Everything is in memory first and then written, so that a store that is full or refused costs nothing that is on the
// page: what could not be written is tried again with the next write. Only what changed is written. What another tab
// writes arrives with the message that tells of it, and is put beside what is here, never over it. Knows no Gradio.

import { newConversation, newMessage, SCHEMA, shownText, textOf, titleOf, Tree } from "./tree.mjs";

/** An entry: one conversation's record and its messages. @typedef {{conversation: object, tree: Tree, gone?: boolean}} Entry */

export class Conversations {
  #store;
  #tabs;
  #told;
  #records = new Map();
  #held = new Map(); // entries whose answers are arriving, by id
  #owed = new Map(); // entries that could not be written yet, with the ids of their messages, by id

  /** The entry on the page. @type {Entry} */
  open;

  /** `told` is {changed(entry or null), shown(), trouble(error)}: something is to be drawn anew, or could not be kept. */
  constructor(store, tabs, told) {
    this.#store = store;
    this.#tabs = tabs;
    this.#told = told;
    this.begin();
    tabs.listen((change) => this.#changedElsewhere(change));
  }

  async load() {
    for (const record of await this.#store.list()) this.#records.set(record.id, record);
  }

  get records() {
    return [...this.#records.values()].filter((record) => !record.deleted);
  }

  /** A new conversation on the page. It is kept from its first message on. */
  begin(fields = {}) {
    this.open = { conversation: newConversation(fields), tree: new Tree() };
  }

  /** Put a conversation on the page. False when it is not in this browser. */
  async choose(id) {
    const entry = await this.entry(id);
    if (!entry || entry.conversation.deleted) return false;
    await this.#endInterrupted(entry);
    const { conversation, tree } = entry;
    if (!tree.get(conversation.head)) conversation.head = tree.newestLeaf();
    this.open = entry;
    return true;
  }

  /** The entry of `id`, from memory or from the store; null when there is none. @returns {Promise<Entry | null>} */
  async entry(id) {
    if (this.open.conversation.id === id) return this.open;
    const inMemory = this.#held.get(id) ?? this.#owed.get(id)?.entry;
    if (inMemory) return inMemory;
    const read = await this.#store.read(id).catch((error) => this.#told.trouble(error));
    return read ? { conversation: read.conversation, tree: new Tree(read.messages) } : null;
  }

  /** Keep the entry in memory while an answer arrives in it, whatever is on the page. */
  hold(entry) {
    this.#held.set(entry.conversation.id, entry);
  }

  release(entry) {
    this.#held.delete(entry.conversation.id);
  }

  get arriving() {
    return new Set(this.#held.keys());
  }

  /** The messages on the page when `entry` is there. */
  path(entry = this.open) {
    return entry.tree.path(entry.conversation.head);
  }

  /** A question under `parent`, by itself under what was said last. */
  say(entry, text, parent = entry.conversation.head) {
    const { conversation, tree } = entry;
    const message = newMessage(conversation.id, parent, "user", [shownText("user", text)]);
    tree.put(message);
    const title = conversation.named || conversation.title ? {} : { title: titleOf(text) };
    this.save(entry, [message], { ...title, head: message.id, updated: message.created, deleted: null });
    return message;
  }

  /** Turn to another version of a message: to its newest end. */
  turnTo(id) {
    const { tree } = this.open;
    return this.save(this.open, [], { head: tree.newestLeaf(id) });
  }

  /** Keep these messages of the entry, and the conversation with `changes`. Never throws. */
  async save(entry, messages = [], changes = {}) {
    entry.conversation = { ...entry.conversation, ...changes };
    const { conversation, tree } = entry;
    const { id } = conversation;
    if (!tree.size) return;
    this.#records.set(id, conversation);
    this.#told.changed(entry);
    // What another tab has deleted is written as a whole by whoever goes on with it.
    const ids = new Set([...(this.#owed.get(id)?.ids ?? []), ...(entry.gone ? tree.messages : messages).map((each) => each.id)]);
    this.#owed.delete(id);
    entry.gone = false;
    try {
      await this.#store.write(conversation, [...ids].map((each) => tree.get(each)));
    } catch (error) {
      const since = this.#owed.get(id)?.ids ?? [];
      this.#owed.set(id, { entry, ids: new Set([...ids, ...since]) });
      this.#told.trouble(error);
    }
  }

  /** Write again what could not be written. */
  async saveAgain() {
    await Promise.all([...this.#owed.values()].map(({ entry }) => this.save(entry)));
  }

  /** Change a conversation's own fields, such as its title. */
  async change(id, changes) {
    const entry = await this.entry(id);
    if (entry) await this.save(entry, [], changes);
  }

  /** Take it out of the list. It can be restored until `forget`. */
  remove(id) {
    return this.change(id, { deleted: new Date().toISOString() });
  }

  restore(id) {
    return this.change(id, { deleted: null });
  }

  /** Delete it for good: what was removed and has not been restored, or `whatever` it is. */
  async forget(id, { whatever = false } = {}) {
    if (!whatever && !this.#records.get(id)?.deleted) return;
    this.#records.delete(id);
    this.#owed.delete(id);
    await this.#store.remove(id).catch((error) => this.#told.trouble(error));
  }

  /** Add an imported entry to what is there: messages that are here already stay as they are. True when it was new. */
  async add({ conversation, messages }) {
    const here = await this.entry(conversation.id);
    const fresh = here ? messages.filter((message) => !here.tree.get(message.id)) : messages;
    const entry = here ?? { conversation, tree: new Tree() };
    for (const message of fresh) entry.tree.put(message);
    if (fresh.length || entry.conversation.deleted) await this.save(entry, fresh, { deleted: null });
    return !here;
  }

  /** Whether the last answer on the page is arriving in another tab just now. */
  async arrivesElsewhere(entry) {
    await this.#endInterrupted(entry);
    return this.path(entry).at(-1)?.state === "arriving";
  }

  /** Answers that were arriving when their page was left end with what was there. */
  async #endInterrupted(entry) {
    if (this.#held.get(entry.conversation.id) === entry) return;
    const arriving = entry.tree.messages.filter((message) => message.state === "arriving");
    const ended = [];
    for (const message of arriving) {
      if (await this.#tabs.receives(message.id)) continue;
      const shown = [...message.shown.filter((each) => each.metadata?.status !== "pending" || textOf({ shown: [each] })), INTERRUPTED];
      ended.push({ ...message, shown, state: "interrupted" });
      entry.tree.put(ended.at(-1));
    }
    if (ended.length) await this.save(entry, ended);
  }

  #changedElsewhere({ kind, id, conversation, messages = [] }) {
    if (kind === "written" && conversation?.schema !== SCHEMA) return; // of another version of this page
    const entry = this.open.conversation.id === id ? this.open : this.#held.get(id);
    if (kind === "removed") {
      this.#records.delete(id);
      if (entry) entry.gone = true;
    } else if (!entry) {
      this.#records.set(id, conversation);
    } else {
      for (const message of messages) if (!this.#tabs.arriving.has(message.id)) entry.tree.put(message);
      const follows = !this.#held.has(id) && entry.tree.path(conversation.head).some(({ id: each }) => each === entry.conversation.head);
      const head = follows ? conversation.head : entry.conversation.head;
      entry.conversation = { ...conversation, head };
      this.#records.set(id, entry.conversation);
      if (entry === this.open) this.#told.shown();
    }
    this.#told.changed(null);
  }
}

/** What stands below an answer whose page was left while it arrived. */
const INTERRUPTED = {
  role: "assistant",
  metadata: { title: "⚠ This answer was interrupted: its page was closed or loaded anew." },
  options: [{ label: "Try again", value: "Try again" }],
  content: [{ type: "text", text: "What had arrived is kept." }],
};
