// Which conversations there are in this browser, and which one is on the page: reading, writing, and what other tabs do.
//
// Everything is in memory first and then written, so that a store that is full or refused costs nothing that is on the
// page: what could not be written is tried again with the next write. Only what changed is written. What another tab
// writes arrives with the message that tells of it, and is put beside what is here, never over it. Knows no Gradio.

import { partsOf } from "./parts.mjs";
import { newConversation, newMessage, SCHEMA, shownText, textOf, titleOf, Tree } from "./tree.mjs";
import { word } from "./words.mjs";

/** An entry: one conversation's record and its messages. @typedef {{conversation: object, tree: Tree, gone?: boolean}} Entry */

export class Conversations {
  #store;
  #tabs;
  #told;
  #records = new Map();
  #known = new Map(); // every entry that somebody still has, weakly, by id: two of one conversation would undo each other
  #loading = new Map(); // entries that are being read, as promises, by id
  #held = new Map(); // entries whose answers are arriving, by id
  #owed = new Map(); // entries that could not be written yet, with the ids of their messages, by id
  #missed = new Map(); // what other tabs told while an entry was being read, by id
  #savingAgain = false;
  #choices = 0; // so that the last one counts, whichever comes first

  /** The entry on the page. @type {Entry} */
  open;

  /**
   * `told` is {changed(id), left(), shown(), trouble(error), kept()}: to draw anew; another conversation comes onto the
   * page, which may be left out; to draw the page anew; something could not be kept; all of it is.
   */
  constructor(store, tabs, told) {
    this.#store = store;
    this.#tabs = tabs;
    this.#told = { left() {}, ...told };
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
    this.#choices++;
    this.#told.left();
    this.open = { conversation: newConversation(fields), tree: new Tree() };
    this.#known.set(this.open.conversation.id, new WeakRef(this.open));
  }

  /**
   * Put a conversation on the page; `asLeft`: also when all of it was undone, which else shows its newest version. False
   * when it is not in this browser, null when another was chosen since. Throws as `entry`.
   */
  async choose(id, { asLeft = false } = {}) {
    const choice = ++this.#choices;
    const entry = await this.entry(id);
    const here = entry && !entry.conversation.deleted;
    if (here) await this.#endInterrupted(entry);
    if (choice !== this.#choices) return null;
    if (!here) return false;
    const { conversation, tree } = entry;
    if (!tree.get(conversation.head) && !asLeft) conversation.head = tree.newestLeaf();
    if (entry !== this.open) this.#told.left();
    this.open = entry;
    return true;
  }

  /**
   * The entry of `id`, from memory or from the store; null when there is none. Throws when the store refuses.
   * @returns {Promise<Entry | null>}
   */
  async entry(id) {
    const known = this.#inMemory(id);
    if (known) return known;
    if (!this.#loading.has(id)) this.#loading.set(id, this.#load(id));
    return this.#loading.get(id);
  }

  #inMemory(id) {
    return this.open.conversation.id === id ? this.open : this.#known.get(id)?.deref();
  }

  async #load(id) {
    const missed = [];
    this.#missed.set(id, missed);
    try {
      const read = await this.#store.read(id);
      if (!read) return null;
      const entry = { conversation: read.conversation, tree: new Tree(read.messages) };
      this.#known.set(id, new WeakRef(entry));
      for (const change of missed) this.#takeIn(entry, change);
      return entry;
    } finally {
      this.#missed.delete(id);
      this.#loading.delete(id);
    }
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

  /** A question with its `files` under `parent`, by itself under what was said last. */
  say(entry, text, { parent = entry.conversation.head, files = [] } = {}) {
    const { conversation, tree } = entry;
    const parts = partsOf(text, files);
    const message = newMessage(conversation.id, parent, "user", [shownText("user", text)], parts ? { parts } : {});
    tree.put(message);
    const first = text.trim() ? text : files.map(({ name }) => name).join(", ");
    const title = conversation.named || conversation.title ? {} : { title: titleOf(first) };
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
    // What was deleted may be purged at any time, by any tab: whoever goes on with it writes all of it.
    const whole = entry.gone || entry.conversation.deleted;
    entry.conversation = { ...entry.conversation, ...changes };
    const { conversation, tree } = entry;
    const { id } = conversation;
    if (!tree.size) return;
    this.#records.set(id, conversation);
    this.#told.changed(id);
    const ids = new Set([...(this.#owed.get(id)?.ids ?? []), ...(whole ? tree.messages : messages).map((each) => each.id)]);
    this.#owed.delete(id);
    entry.gone = false;
    try {
      await this.#store.write(conversation, [...ids].map((each) => tree.get(each)));
    } catch (error) {
      const since = this.#owed.get(id)?.ids ?? [];
      this.#owed.set(id, { entry, ids: new Set([...ids, ...since]) });
      this.#told.trouble(error);
      return;
    }
    await this.saveAgain();
    if (!this.#owed.size) this.#told.kept();
  }

  /** Write again what could not be written, as now there may be room. */
  async saveAgain() {
    if (this.#savingAgain) return;
    this.#savingAgain = true;
    for (const { entry } of [...this.#owed.values()]) await this.save(entry);
    this.#savingAgain = false;
  }

  /** Change a conversation's own fields, such as its title. */
  async change(id, changes) {
    const entry = await this.entry(id).catch((error) => this.#told.trouble(error));
    if (entry) await this.save(entry, [], changes);
  }

  /** Take it out of the list. It can be restored until `forget`, for which this gives what it needs to know. */
  async remove(id) {
    const deleted = new Date().toISOString();
    await this.change(id, { deleted });
    return { id, deleted };
  }

  restore(id) {
    return this.change(id, { deleted: null });
  }

  /** Delete it for good; with `deleted`, only if that removal still stands. */
  async forget({ id, deleted = null }) {
    if (deleted && this.#records.get(id)?.deleted !== deleted) return;
    this.#records.delete(id);
    this.#owed.delete(id);
    const known = this.#inMemory(id);
    if (known) known.gone = true;
    await this.#store.remove(id).catch((error) => this.#told.trouble(error));
    await this.saveAgain();
  }

  /** Add an imported entry to what is there: messages that are here already stay as they are. True when it was new. */
  async add({ conversation, messages }) {
    const here = await this.entry(conversation.id);
    const fresh = here ? messages.filter((message) => !here.tree.get(message.id)) : messages;
    const entry = here ?? { conversation, tree: new Tree() };
    this.#known.set(conversation.id, new WeakRef(entry));
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
    for (const { id } of arriving) {
      if (await this.#tabs.receives(id)) continue;
      const message = entry.tree.get(id);
      if (message.state !== "arriving") continue; // it has become whole meanwhile
      const shown = [...message.shown.filter((each) => each.metadata?.status !== "pending" || textOf({ shown: [each] })), INTERRUPTED];
      ended.push({ ...message, shown, state: "interrupted" });
      entry.tree.put(ended.at(-1));
    }
    if (ended.length) await this.save(entry, ended);
  }

  #changedElsewhere(change) {
    const { kind, id, conversation } = change;
    if (kind === "written" && conversation?.schema !== SCHEMA) return; // of another version of this page
    const entry = this.#inMemory(id);
    if (kind === "removed") this.#records.delete(id);
    else this.#records.set(id, conversation);
    if (entry) this.#takeIn(entry, change);
    else this.#missed.get(id)?.push(change);
    this.#told.changed(id);
  }

  /** Put what another tab wrote beside what is here; the page follows where it only went on. */
  #takeIn(entry, { kind, conversation, messages = [] }) {
    if (kind === "removed") {
      entry.gone = true;
      return;
    }
    for (const message of messages) if (!this.#tabs.arriving.has(message.id)) entry.tree.put(message);
    const here = entry.conversation.head;
    const follows = !this.#held.has(conversation.id) && entry.tree.path(conversation.head).some(({ id }) => id === here);
    entry.conversation = { ...conversation, head: follows ? conversation.head : here };
    this.#records.set(conversation.id, entry.conversation);
    if (entry === this.open) this.#told.shown();
  }
}

/** What stands below an answer whose page was left while it arrived. */
const INTERRUPTED = {
  role: "assistant",
  metadata: { title: `⚠ ${word("interrupted")}` },
  options: [{ label: word("try_again"), value: "Try again" }],
  content: [{ type: "text", text: word("arrived_kept") }],
};
