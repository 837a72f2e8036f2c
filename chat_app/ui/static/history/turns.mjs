// The answers that are arriving on this page: each takes one of the lanes that the page has, and ends in its own
// conversation, whichever is looked at. What has arrived is kept twice a second, one with pictures less often, so that a
// page that breaks down loses at most that. Knows the values of Gradio's events, and not Gradio.

import { saidOf, textsIn } from "./parts.mjs";
import { newId, newMessage, textOf } from "./tree.mjs";
import { word } from "./words.mjs";

const SAVE_EVERY_MS = 500;
const SAVED_AT_ONCE = 500_000; // characters

/** The button of an answer that the token limit cut; the server knows it by this name. */
export const CONTINUE = "Continue";

export class Turns {
  #conversations;
  #tabs;
  #ask;
  #lanes = [];
  #ran = new Set(); // the ids of the messages that turns of this page wrote

  /** `ask(lane)` has Gradio begin the event of that lane, which calls `question`. */
  constructor(conversations, tabs, ask) {
    this.#conversations = conversations;
    this.#tabs = tabs;
    this.#ask = ask;
  }

  /** How many lanes the page has. */
  set lanes(number) {
    this.#lanes = new Array(number).fill(null);
  }

  get full() {
    return this.#lanes.every(Boolean);
  }

  /** Whether a turn of this page wrote the message: another page may still be at work on any other. */
  ran(message) {
    return this.#ran.has(message.id);
  }

  /** The turn that runs in this entry. */
  of(entry) {
    return this.#lanes.find((turn) => turn?.entry.conversation.id === entry.conversation.id);
  }

  /**
   * Have `question`, a message of the entry, answered: in a new version, or in the place of `answer`. A `wish` is what
   * the button of a notice says: to go on with the answer, or to get the model first. `picked`, {preset, model,
   * parameters}, is asked with instead of what is on the page.
   */
  begin(entry, question, { answer = null, wish = "", picked = {} } = {}) {
    const { conversation, tree } = entry;
    const goesOn = wish === CONTINUE;
    const begun = goesOn ? answer.shown.filter((shown) => isText(shown) && textsIn(shown.content).length) : [];
    const kept = goesOn ? answer.shown.filter((shown) => !begun.includes(shown) && !isNotice(shown) && saysSomething(shown)) : [];
    const steps = goesOn ? (answer.parts ?? []).filter(({ type }) => type !== "text") : [];
    const fields = { shown: [...kept, ...begun, WAITING], state: "arriving", rating: "", parts: goesOn ? answer.parts ?? null : null, usage: "" };
    const message = answer ? { ...answer, ...fields } : newMessage(conversation.id, question.id, "assistant", [], fields);
    const lane = this.#lanes.indexOf(null);
    const turn = { id: newId(), lane, entry, question, message, wish, picked, begun, kept, steps, saved: Date.now() };
    tree.put(message);
    this.#lanes[lane] = turn;
    this.#tabs.arriving.add(message.id);
    this.#ran.add(message.id);
    this.#conversations.hold(entry);
    this.#conversations.save(entry, [message], { head: message.id, deleted: null });
    this.#ask(lane);
  }

  /** What the turn in `lane` was begun with instead of what is picked on the page: {preset, model, parameters}. */
  picked(lane) {
    return this.#lanes[lane].picked;
  }

  /** What the turn in `lane` asks the server. `parameters` are what is set on the page; null is not set. */
  question(lane, preset, model, parameters = {}) {
    const { id, entry, question, wish, begun } = this.#lanes[lane];
    const set = Object.fromEntries(Object.entries(parameters).filter(([, value]) => isSet(value)));
    const others = Object.entries(entry.conversation.parameters).filter(([name]) => !Object.hasOwn(parameters, name));
    entry.conversation = {
      ...entry.conversation,
      preset: preset ?? "",
      model: model ?? "",
      parameters: { ...Object.fromEntries(others), ...set },
    };
    const said = entry.tree.path(question.id).flatMap(saidOf);
    const messages = [...said, ...begun.map((shown) => ({ ...shown, content: textsIn(shown.content) }))];
    return { turn: id, messages, wish, conversation: entry.conversation.token, parameters: set };
  }

  /** Take in what has arrived in `lane`. Returns the entry that it belongs to, or null when it is of an earlier turn. */
  arrived(lane, value) {
    const turn = this.#lanes[lane];
    if (!turn || value?.turn !== turn.id || !value.messages.length) return null;
    const { entry } = turn;
    this.#put(turn, { shown: [...turn.kept, ...value.messages.map(whole)], ...more(turn, value) });
    if (value.conversation) entry.conversation = { ...entry.conversation, token: value.conversation };
    if (Date.now() - turn.saved >= pauseOf(turn.message)) this.#save(turn);
    return entry;
  }

  /** The turn in `lane` is over, with `value` as its last. Returns its entry, and whether `value` was new. */
  done(lane, value) {
    const shown = () => JSON.stringify(this.#lanes[lane]?.message.shown);
    const before = shown();
    this.arrived(lane, value);
    const changed = shown() !== before;
    return { entry: this.#end(lane, { state: "whole" }), changed };
  }

  /** The turn's request failed: `notice` stands below what had arrived. Returns its entry, or null. */
  failed(lane, notice) {
    const turn = this.#lanes[lane];
    if (!turn) return null;
    const arrived = turn.message.shown.filter((shown) => shown !== WAITING && shown.metadata?.status !== "pending" && !isNotice(shown));
    return this.#end(lane, { shown: [...arrived, notice], state: "interrupted" });
  }

  /** Keep all that has arrived, now. */
  save() {
    for (const turn of this.#lanes) if (turn) this.#save(turn);
  }

  #put(turn, fields) {
    turn.message = { ...turn.message, ...fields };
    turn.entry.tree.put(turn.message);
  }

  #save(turn) {
    turn.saved = Date.now();
    this.#conversations.save(turn.entry, [turn.message]);
  }

  #end(lane, fields) {
    const turn = this.#lanes[lane];
    if (!turn) return null;
    this.#put(turn, fields);
    this.#lanes[lane] = null;
    this.#tabs.arriving.delete(turn.message.id);
    this.#conversations.release(turn.entry);
    this.#conversations.save(turn.entry, [turn.message], { updated: new Date().toISOString() });
    return turn.entry;
  }
}

/** Whether anything but notices stands in an answer. */
export const hasArrived = (answer) =>
  answer.shown.some((shown) => !isNotice(shown) && shown.metadata?.status !== "pending" && saysSomething(shown));

// All of an answer is written each time, and told to the other tabs.
const pauseOf = ({ shown, parts }) => SAVE_EVERY_MS * Math.max(lengthOf([shown, parts]) / SAVED_AT_ONCE, 1);

// Of all texts in it
const lengthOf = (value) => {
  if (typeof value === "string") return value.length;
  return value && typeof value === "object" ? Object.values(value).reduce((sum, each) => sum + lengthOf(each), 0) : 0;
};

const isText = (shown) => !shown.metadata?.title;
// A tool that asks to be allowed is one as well. Replies to choose from stand on the answer itself.
const isNotice = (shown) => Boolean(shown.metadata?.title && shown.options?.length);
const saysSomething = ({ content }) => content.some((part) => part.type !== "text" || part.text);
const isSet = (value) => value !== null && value !== undefined && value !== "";

// As tree.mjs tells it: the server leaves out what there is none of.
const whole = ({ role, metadata = null, options = null, content }) => ({ role, metadata, options, content });

// What is sent of an answer later, and what it took. One that goes on keeps the steps that came before its text.
const more = ({ steps }, { parts, usage, messages }) => {
  const own = parts?.length ? parts : [{ type: "text", text: textOf({ shown: messages }) }];
  return { parts: parts?.length || steps.length ? [...steps, ...own] : null, usage: usage ?? "" };
};

/** What stands there until the server has said something. */
const WAITING = {
  role: "assistant",
  metadata: { title: word("waiting"), status: "pending" },
  options: null,
  content: [{ type: "text", text: "" }],
};
