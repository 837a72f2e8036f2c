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
 * The functions by their names. `page` is {tell(notice), draft, opened(), turnsChanged(), cleared(), draw(), halted()}: what
 * else there is on the page.
 */
export const eventsOf = (conversations, turns, page) => {
  const shownOf = (entry) => {
    const path = conversations.path(entry);
    return { ...same, value: path.flatMap((message) => message.shown), feedback_value: ratingsOf(path) };
  };
  const onPage = () => shownOf(conversations.open);
  const box = (more = {}) => ({ ...(turns.of(conversations.open) ? answering : idle), ...more });

  // What an event of the server was about: the conversation that was on the page when it was clicked.
  const entryOf = async ({ conversation } = {}) => (conversation && (await conversations.entry(conversation))) || conversations.open;

  // The message that stands at Gradio's index: a number, or a pair that begins with it.
  const messageAt = (entry, index) => {
    const at = Array.isArray(index) ? index[0] : index;
    return conversations.path(entry).flatMap((message) => message.shown.map(() => message))[at];
  };

  let nowReady;
  const begun = new Promise((resolve) => (nowReady = resolve));

  // Why nothing can be asked in the entry just now; null when it can. Nothing is awaited behind the last look.
  const busy = async (entry) => {
    await begun;
    if (await conversations.arrivesElsewhere(entry)) {
      return { sentence: "The answer is still arriving in another tab.", hint: "Wait for it there, or begin a new chat." };
    }
    if (turns.of(entry)) return { sentence: "" };
    if (turns.full) {
      return { sentence: "Answers are arriving in several other conversations already.", hint: "Wait for one of them, or stop it." };
    }
    return null;
  };

  // Begin a turn in the entry, as `ask` does it, unless it is busy. Returns whether it did.
  const begin = async (entry, ask) => {
    const why = await busy(entry);
    if (why) {
      if (why.sentence) page.tell({ kind: "info", seconds: 8, ...why });
      return false;
    }
    ask();
    page.turnsChanged();
    page.opened();
    return true;
  };

  const say = (entry, text, ...parent) => begin(entry, () => turns.begin(entry, conversations.say(entry, text, ...parent)));

  const send = async (text) => {
    const entry = conversations.open;
    if (!text.trim() || !(await say(entry, text))) return [same, same];
    page.draft.set("");
    return [box({ value: "" }), onPage()];
  };

  // An answer is replaced where it goes on, or where this page itself was told of nothing but a failure.
  const askAgain = async (entry, wish = "") => {
    const path = conversations.path(entry);
    const question = path.findLast((message) => message.role === "user");
    if (!question) return;
    const answer = path[path.indexOf(question) + 1];
    const inPlace = answer && (wish === CONTINUE || (turns.ran(answer) && !hasArrived(answer)));
    await begin(entry, () => turns.begin(entry, question, { answer: inPlace ? answer : null, wish }));
  };

  const retry = async () => {
    await askAgain(conversations.open);
    return [box(), onPage()];
  };

  // ({value, conversation}): the button of a notice
  const chosen = async (told) => {
    await askAgain(await entryOf(told), told.value === "Try again" ? "" : told.value);
    return [box(), onPage()];
  };

  const example = async (told) => {
    await say(await entryOf(told), told.value);
    return [box(), onPage()];
  };

  // What comes back into the text box, before what is typed there already: nothing of it is lost
  const typed = (back, text) => {
    const value = [back, text].filter((each) => each?.trim()).join("\n\n");
    page.draft.set(value);
    return value;
  };

  // ({index, value, conversation}): a question, edited; it becomes another version of the question
  const edited = async (told) => {
    const entry = await entryOf(told);
    const message = messageAt(entry, told.index);
    const text = told.value.trimEnd(); // Enter makes a new line there
    const asked = message && (await say(entry, text, message.parent));
    page.draft.edited = "";
    return [asked ? box() : box({ value: typed(text, page.draft.get()) }), onPage()];
  };

  // (text): take the last question back into the text box; what is typed already stays, behind it
  const undo = (text) => {
    const question = conversations.path().findLast((message) => message.role === "user");
    if (!question || turns.of(conversations.open)) return [same, onPage()];
    conversations.save(conversations.open, [], { head: question.parent });
    return [{ ...same, value: typed(textOf(question), text) }, onPage()];
  };

  // The bin above the conversation: Gradio has emptied what is seen already
  const clear = () => {
    page.cleared();
    return [box(), onPage()];
  };

  // What is picked stays, unless another conversation comes onto the page.
  let pickedFor = null;
  const shown = () => {
    const { id, preset, model } = conversations.open.conversation;
    if (pickedFor === id) return [box(), onPage(), same, same];
    pickedFor = id;
    const offered = page.presets.includes(preset);
    const picked = offered && model ? { ...same, choices: [[model, model]], value: model } : same;
    return [box(), onPage(), offered ? { ...same, value: preset } : same, picked];
  };

  const ready = (lanes, ...presets) => {
    turns.lanes = lanes;
    page.presets = presets;
    nowReady();
    const [textbox, ...others] = shown();
    return [page.draft.get() ? { ...textbox, value: page.draft.get() } : textbox, ...others];
  };

  const isOpen = (entry) => entry?.conversation.id === conversations.open.conversation.id;

  const question = (_told, preset, model, lane) => [turns.question(lane, preset, model), preset, model];

  const arrived = (value, lane) => [isOpen(turns.arrived(lane, value)) ? onPage() : same];

  const done = (value, lane) => {
    const { entry, changed } = turns.done(lane, value);
    page.turnsChanged();
    // Drawn anew, the buttons would slip away under a mouse that is pressing one.
    return isOpen(entry) ? [box(), changed ? onPage() : same] : [same, same];
  };

  const failed = (lane, sentence, hint, label) => {
    const entry = turns.failed(lane, {
      role: "assistant",
      metadata: { title: `⚠ ${sentence}` },
      options: [{ label, value: label }],
      content: [{ type: "text", text: hint }],
    });
    page.turnsChanged();
    return isOpen(entry) ? [box(), onPage()] : [same, same];
  };

  // The turns to stop, by their names: of the conversation on the page, or those that were asked to be
  const stopping = () => [[turns.of(conversations.open)?.id].filter(Boolean)];
  const halting = () => [page.halted()];

  // What the server is to know of the page when something is clicked: which conversation is there
  const here = () => ({ conversation: conversations.open.conversation.id });
  const telling = () => [here()];
  const rating = (value) => [value, here()];

  // ({id, index, value, recorded, conversation}): the answer by its id, or by Gradio's index where it has none, its rating,
  // and whether the server took it. Gradio shows it as pressed already, and draws its buttons anew for any update, under the mouse of whoever is changing their mind.
  const rated = async (told) => {
    const entry = await entryOf(told);
    const message = told.id
      ? entry.tree.messages.find((each) => each.shown.some((shown) => shown.metadata?.id === told.id))
      : messageAt(entry, told.index);
    if (!message) return [same];
    const now = { ...message, rating: told.value };
    if (told.recorded) {
      entry.tree.put(now);
      conversations.save(entry, [now]);
      return [same];
    }
    if (!isOpen(entry)) return [same];
    // Gradio takes its mark off only when it has been told of the mark.
    setTimeout(page.draw);
    return [{ ...same, feedback_value: ratingsOf(conversations.path().map((each) => (each === message ? now : each))) }];
  };

  const unrated = (sentence, hint) => {
    page.tell({ kind: "down", sentence: `Your verdict was not recorded. ${sentence}`, hint });
    return [same];
  };

  // (text, sentence, hint, function): the server could not be told of a click; what was edited goes into the text box
  const unreached = (text, sentence, hint, meant) => {
    page.tell({ kind: "down", sentence, hint });
    const value = typed(meant === "edited" ? page.draft.edited : "", text);
    page.draft.edited = "";
    return [{ ...same, value }, onPage()];
  };

  return {
    send, retry, chosen, example, edited, undo, clear, shown, ready, question, arrived, done, failed, stopping, halting,
    telling, rating, rated, unrated, unreached,
  };
};
