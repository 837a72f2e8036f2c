// What Gradio's events call: each function takes the values of its event's inputs, and then what stands after its name
// in `interface.py`, and returns the outputs as a list. Here the conversations meet Gradio's components; nothing of
// them is known elsewhere.

import { groupsOf, textOf } from "./tree.mjs";
import { CONTINUE, hasArrived } from "./turns.mjs";

const same = { __type__: "update" };
const answering = { ...same, submit_btn: false, stop_btn: true };
const idle = { ...same, submit_btn: true, stop_btn: false };

// One for each of the assistant's groups (read in Gradio 6.31).
const ratingsOf = (path) =>
  groupsOf(path)
    .filter(([{ role }]) => role === "assistant")
    .map((messages) => messages.find(({ rating }) => rating)?.rating ?? null);

/**
 * The functions by their names. `page` is {tell(notice), draft, opened(), turnsChanged(), cleared(), show(), halted()}: what
 * else there is on the page.
 */
export const eventsOf = (conversations, turns, page) => {
  const shownOf = (entry) => {
    const path = conversations.path(entry);
    return { ...same, value: path.flatMap((message) => message.shown), feedback_value: ratingsOf(path) };
  };
  const onPage = () => shownOf(conversations.open);
  const box = (more = {}) => ({ ...(turns.of(conversations.open) ? answering : idle), ...more });

  // The message that stands at Gradio's index: a number, or a pair that begins with it.
  const messageAt = (index) => {
    const at = Array.isArray(index) ? index[0] : index;
    const messages = conversations.path().flatMap((message) => message.shown.map(() => message));
    return messages[at];
  };

  const lastQuestion = () => conversations.path().findLast((message) => message.role === "user");
  const answerTo = (question) => {
    const path = conversations.path();
    return path[path.indexOf(question) + 1] ?? null;
  };

  // Why nothing can be asked in the conversation on the page just now; empty when it can.
  const busy = async () => {
    if (turns.of(conversations.open)) return { sentence: "" };
    if (await conversations.arrivesElsewhere(conversations.open)) {
      return { sentence: "The answer is still arriving in another tab.", hint: "Wait for it there, or begin a new chat." };
    }
    if (turns.full) {
      return { sentence: "Answers are arriving in several other conversations already.", hint: "Wait for one of them, or stop it." };
    }
    return null;
  };

  // Begin a turn unless the page is busy; `ask` gets the entry on the page. Returns whether it did.
  const begin = async (ask) => {
    const why = await busy();
    if (why) {
      if (why.sentence) page.tell({ kind: "info", seconds: 8, ...why });
      return false;
    }
    ask(conversations.open);
    page.turnsChanged();
    page.opened();
    return true;
  };

  const say = (text) => begin((entry) => turns.begin(entry, conversations.say(entry, text)));

  const send = async (text) => {
    if (!text.trim() || !(await say(text))) return [same, same];
    page.draft.set("");
    return [box({ value: "" }), onPage()];
  };

  const askAgain = (wish = "") =>
    begin((entry) => {
      const question = lastQuestion();
      if (!question) return;
      const answer = answerTo(question);
      const inPlace = answer && (wish === CONTINUE || !hasArrived(answer));
      turns.begin(entry, question, { answer: inPlace ? answer : null, wish });
    });

  const retry = async () => {
    await askAgain();
    return [box(), onPage()];
  };

  // ({value}): the button of a notice
  const chosen = async ({ value } = {}) => {
    await askAgain(value === "Try again" ? "" : value);
    return [box(), onPage()];
  };

  const example = async ({ value } = {}) => {
    await say(value);
    return [box(), onPage()];
  };

  // ({index, value}): a question, edited; it becomes another version of the question
  const edited = async ({ index, value } = {}) => {
    const message = messageAt(index);
    const asked = message && (await begin((entry) => turns.begin(entry, conversations.say(entry, value, message.parent))));
    page.draft.edited = "";
    return [asked ? box() : box({ value }), onPage()]; // what was typed is not lost
  };

  // (text): take the last question back into the text box; what is typed already stays, behind it
  const undo = (text) => {
    const question = lastQuestion();
    if (!question || turns.of(conversations.open)) return [same, onPage()];
    conversations.save(conversations.open, [], { head: question.parent });
    const value = [textOf(question), text].filter((each) => each.trim()).join("\n\n");
    page.draft.set(value);
    return [{ ...same, value }, onPage()];
  };

  // The bin above the conversation: Gradio has emptied what is seen already
  const clear = () => {
    page.cleared();
    return [box(), onPage()];
  };

  const shown = () => {
    const { preset, model } = conversations.open.conversation;
    const offered = page.presets.includes(preset);
    const picked = offered && model ? { ...same, choices: [[model, model]], value: model } : same;
    return [box(), onPage(), offered ? { ...same, value: preset } : same, picked];
  };

  const ready = (lanes, ...presets) => {
    turns.lanes = lanes;
    page.presets = presets;
    const [textbox, ...others] = shown();
    return [page.draft.get() ? { ...textbox, value: page.draft.get() } : textbox, ...others];
  };

  // What is to be drawn when `entry` has changed: only what is on the page
  const ifOpen = (entry, outputs) => (entry && entry.conversation.id === conversations.open.conversation.id ? outputs() : outputs().map(() => same));

  const question = (_told, preset, model, lane) => [turns.question(lane, preset, model), preset, model];

  const arrived = (value, lane) => ifOpen(turns.arrived(lane, value), () => [onPage()]);

  const done = (value, lane) => {
    const { entry, changed } = turns.done(lane, value);
    page.turnsChanged();
    // Drawn anew, the buttons would slip away under a mouse that is pressing one.
    return ifOpen(entry, () => [box(), changed ? onPage() : same]);
  };

  const failed = (lane, sentence, hint, label) => {
    const entry = turns.failed(lane, {
      role: "assistant",
      metadata: { title: `⚠ ${sentence}` },
      options: [{ label, value: label }],
      content: [{ type: "text", text: hint }],
    });
    page.turnsChanged();
    return ifOpen(entry, () => [box(), onPage()]);
  };

  // The turns to stop, by their names: of the conversation on the page, or those that were asked to be
  const stopping = () => [[turns.of(conversations.open)?.id].filter(Boolean)];
  const halting = () => [page.halted()];

  // ({id, value, recorded}): the answer, its rating, and whether the server took it. Gradio shows it as pressed already,
  // and draws its buttons anew for any update, under the mouse of whoever is changing their mind.
  const rated = ({ id, value, recorded } = {}) => {
    const message = conversations.open.tree.messages.find((each) => id && each.shown.some((shown) => shown.metadata?.id === id));
    if (!message) return [same];
    const now = { ...message, rating: value };
    if (recorded) {
      conversations.open.tree.put(now);
      conversations.save(conversations.open, [now]);
      return [same];
    }
    // Gradio takes its mark off only when it has been told of the mark.
    setTimeout(page.show);
    return [{ ...same, feedback_value: ratingsOf(conversations.path().map((each) => (each === message ? now : each))) }];
  };

  const unrated = (sentence, hint) => {
    page.tell({ kind: "down", sentence: `Your verdict was not recorded. ${sentence}`, hint });
    return [same];
  };

  // (text, sentence, hint): the server could not be told of a click; what was typed for an edit goes into the text box
  const unreached = (text, sentence, hint) => {
    page.tell({ kind: "down", sentence, hint });
    const value = [page.draft.edited, text].filter((each) => each?.trim()).join("\n\n");
    page.draft.edited = "";
    return [{ ...same, value }, onPage()];
  };

  return {
    send, retry, chosen, example, edited, undo, clear, shown, ready, question, arrived, done, failed, stopping, halting,
    rated, unrated, unreached,
  };
};
