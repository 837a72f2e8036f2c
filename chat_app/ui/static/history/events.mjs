// What Gradio's events call: each function takes the values of its event's inputs, and then what stands after its name
// in `interface.py`, and returns the outputs as a list. Here the conversations meet Gradio's components; nothing of
// them is known elsewhere.

import { drawnOf, filesOf, textsIn } from "./parts.mjs";
import { groupsOf, textOf } from "./tree.mjs";
import { CONTINUE, hasArrived } from "./turns.mjs";
import { word } from "./words.mjs";

const same = { __type__: "update" };

// The models of a preset are known when the server has told them.
const modelIs = (model) => ({ ...same, choices: [[model, model]], value: model });

// What an example is asked with: another preset's models are not those on the page.
const picksOf = ({ preset, model, parameters }) => ({
  ...(preset ? { preset, model: model || null } : model ? { model } : {}),
  ...(parameters ? { parameters } : {}),
});

// One for each of the assistant's groups (read in Gradio 6.31).
const ratingsOf = (path) =>
  groupsOf(path)
    .filter(([{ role }]) => role === "assistant")
    .map((messages) => messages.find(({ rating }) => rating)?.rating ?? null);

const TRY_AGAIN = "Try again"; // the value of that button, in every language
const REPLY = "reply:"; // a button's value begins with it; the reply follows
const DECISION = /^(allow|deny):/; // of a tool that asks: the server has been told already

/**
 * The functions by their names. `page` is what else there is on the page: {tell(notice), draft, files, parameters,
 * parameterDefaults, sendButton, stopButton, opened(), turnsChanged(), cleared(), draw(), halted(), inPieces, pace}. `files` are those above the text box:
 * {parts, sent(parts), restore(parts), fillIn(parts)}; `parameters` the names of what a visitor may set, in the order of their
 * inputs; `sendButton` and `stopButton` say whether there are these, or what stands on them; `inPieces` whether a long
 * answer may be drawn in pieces; `pace` when a growing one is drawn (pace.mjs).
 */
export const eventsOf = (conversations, turns, page) => {
  const shownOf = (entry) => {
    const path = conversations.path(entry);
    return { ...same, value: path.flatMap((message) => drawnOf(message, { pieces: page.inPieces })), feedback_value: ratingsOf(path) };
  };
  const onPage = () => shownOf(conversations.open);
  const box = (more = {}) => {
    const answering = Boolean(turns.of(conversations.open));
    return { ...same, submit_btn: !answering && page.sendButton, stop_btn: answering && page.stopButton, ...more };
  };

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
      return { sentence: word("arriving_elsewhere"), hint: word("arriving_elsewhere_hint") };
    }
    if (turns.of(entry)) return { sentence: "" };
    if (turns.full) {
      return { sentence: word("lanes_full"), hint: word("lanes_full_hint") };
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

  const say = (entry, text, { picked = {}, ...more } = {}) =>
    begin(entry, () => turns.begin(entry, conversations.say(entry, text, more), { picked }));

  const send = async (text) => {
    const entry = conversations.open;
    const files = page.files.parts;
    if (!(text.trim() || files.length) || !(await say(entry, text, { files }))) return [same, same];
    page.files.sent(files);
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

  // ({value, conversation}): a button in the conversation: of a notice, of a tool that asks, or a reply to choose
  const chosen = async (told) => {
    if (DECISION.test(told.value)) return [same, same];
    const entry = await entryOf(told);
    if (told.value.startsWith(REPLY)) await say(entry, told.value.slice(REPLY.length));
    else await askAgain(entry, told.value === TRY_AGAIN ? "" : told.value);
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
    const files = message ? filesOf(message) : [];
    const asked = message && (await say(entry, text, { parent: message.parent, files }));
    page.draft.edited = "";
    if (!asked) page.files.restore(files);
    return [asked ? box() : box({ value: typed(text, page.draft.get()) }), onPage()];
  };

  // ({message, value}): an edit of which Gradio knows nothing
  let back = null; // what comes back into the text box when it is drawn
  const editHere = async ({ message, value }) => {
    const { conversation } = conversations.open;
    const index = conversations.path().flatMap((each) => each.shown.map(() => each)).indexOf(message);
    const [textbox] = await edited({ index, value, conversation: conversation.id });
    if ("value" in textbox) back = textbox.value;
    page.draw();
  };
  const drawnBox = () => {
    const value = back;
    back = null;
    return value === null ? box() : box({ value });
  };

  // (text): take the last question back into the text box; what is typed already stays, behind it
  const undo = (text) => {
    const question = conversations.path().findLast((message) => message.role === "user");
    if (!question || turns.of(conversations.open)) return [same, onPage()];
    conversations.save(conversations.open, [], { head: question.parent });
    page.files.restore(filesOf(question));
    return [{ ...same, value: typed(textOf(question), text) }, onPage()];
  };

  // The bin above the conversation: Gradio has emptied what is seen already
  const clear = () => {
    page.cleared();
    return [box(), onPage()];
  };

  // What stands in the inputs of the parameters; the page tells it with each change.
  let values = [];
  const set = (...given) => {
    values = given;
    return [];
  };

  // What to set the pickers to, and what visitors may set themselves
  const pickers = ({ preset, model, parameters }) => {
    const offered = page.presets.includes(preset);
    values = page.parameters.map((name) => parameters[name] ?? page.parameterDefaults[name] ?? null);
    return [
      offered ? { ...same, value: preset } : same,
      offered && model ? modelIs(model) : same,
      ...values.map((value) => ({ ...same, value })),
    ];
  };

  // What is picked stays, unless another conversation comes onto the page.
  let pickedFor = null;
  const shown = () => {
    const { conversation } = conversations.open;
    if (pickedFor === conversation.id) return [drawnBox(), onPage(), same, same, ...page.parameters.map(() => same)];
    pickedFor = conversation.id;
    return [drawnBox(), onPage(), ...pickers(conversation)];
  };

  // What an example put into the text box gives way to the next one; what was typed does not.
  let filled = "";
  const fillIn = (text, parts) => {
    page.files.fillIn(parts);
    const value = page.draft.get() === filled ? text : [text, page.draft.get()].filter((each) => each.trim()).join("\n\n");
    page.draft.set(value);
    filled = value;
    return value;
  };

  // ({value, conversation}): a question, or {text, parts, preset, model, parameters, send}. What it picks is set when the
  // turn has begun, so the turn is told of it.
  const example = async (told) => {
    if (!told.value) return [same, same, same, same, ...page.parameters.map(() => same)]; // the settings have changed
    const { text, parts, send: sends = true, ...picks } = typeof told.value === "string" ? { text: told.value } : told.value;
    const [files, picked] = [parts ?? [], picksOf(picks)];
    const shows = [
      page.presets.includes(picked.preset) ? { ...same, value: picked.preset } : same,
      picked.model ? modelIs(picked.model) : picked.model === null ? { ...same, value: null } : same,
      ...page.parameters.map((name) => (picked.parameters && name in picked.parameters ? { ...same, value: picked.parameters[name] } : same)),
    ];
    const entry = await entryOf(told);
    const filled = sends ? {} : { value: fillIn(text, files) };
    if (sends && !(await say(entry, text, { files, picked }))) return [box(), onPage(), ...shows.map(() => same)];
    values = page.parameters.map((name, at) => picked.parameters?.[name] ?? values[at] ?? null);
    return [box(filled), onPage(), ...shows];
  };

  const ready = (lanes, ...presets) => {
    turns.lanes = lanes;
    page.presets = presets;
    nowReady();
    const { conversation, tree } = conversations.open;
    // A link may name a model alone.
    if (!tree.size && conversation.model && !conversation.preset) conversation.preset = presets[0];
    const [textbox, ...others] = shown();
    return [page.draft.get() ? { ...textbox, value: page.draft.get() } : textbox, ...others];
  };

  const isOpen = (entry) => entry?.conversation.id === conversations.open.conversation.id;

  // (told, preset, model, perhaps what is set of the parameters in their order, lane)
  const question = (_told, preset, model, ...given) => {
    const lane = given.pop();
    const picked = turns.picked(lane);
    if (given.length) values = given;
    const asked = page.parameters.map((name, at) => picked.parameters?.[name] ?? values[at] ?? null);
    const [who, what] = [picked.preset ?? preset, picked.model === undefined ? model : picked.model];
    const parameters = Object.fromEntries(page.parameters.map((name, at) => [name, asked[at]]));
    return [turns.question(lane, who, what, parameters), who, what, ...(given.length ? asked : [])];
  };

  const arrived = async (value, lane) => {
    if (!isOpen(turns.arrived(lane, value))) return [same];
    return [(await page.pace.mayDraw()) ? onPage() : same]; // whatever is there by then
  };

  const done = (value, lane) => {
    const { entry, changed } = turns.done(lane, value);
    const owed = isOpen(entry) && page.pace.end();
    page.turnsChanged();
    // Drawn anew, the buttons would slip away under a mouse that is pressing one.
    return isOpen(entry) ? [box(), changed || owed ? onPage() : same] : [same, same];
  };

  const failed = (lane, sentence, hint, label) => {
    const entry = turns.failed(lane, {
      role: "assistant",
      metadata: { title: `⚠ ${sentence}` },
      options: [{ label, value: TRY_AGAIN }],
      content: [{ type: "text", text: hint }],
    });
    if (isOpen(entry)) page.pace.end();
    page.turnsChanged();
    return isOpen(entry) ? [box(), onPage()] : [same, same];
  };

  // The turns to stop, by their names: of the conversation on the page, or those that were asked to be
  const stopping = () => [[turns.of(conversations.open)?.id].filter(Boolean)];
  const halting = () => [page.halted()];

  // What the server is to know of the page when something is clicked: which conversation is there
  const here = () => ({ conversation: conversations.open.conversation.id });
  const telling = () => [here()];
  // All that is on the page, as it is shown and as it is sent: Gradio's index counts what is shown.
  const rating = () => {
    const onPageOf = ({ role, shown, parts }) => ({
      role,
      shown: shown.map(({ content, metadata }) => ({ role, content: textsIn(content), metadata: metadata ?? null })),
      parts: parts?.length ? parts : null,
    });
    return [{ ...here(), on_page: conversations.path().map(onPageOf) }];
  };

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
    page.tell({ kind: "down", sentence: `${word("verdict_lost")} ${sentence}`, hint });
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
    send, retry, chosen, example, edited, editHere, set, undo, clear, shown, ready, question, arrived, done, failed, stopping, halting,
    telling, rating, rated, unrated, unreached,
  };
};
