// Puts the history together: the store, what other tabs do, the turns, the side panel, and what Gradio's events call.

import { makeArtifacts } from "../artifacts/artifacts.mjs";
import { makeComposer, noFiles } from "../composer/composer.mjs";
import { copyJoined } from "./copying.mjs";
import { Conversations } from "./conversations.mjs";
import { withElement } from "./elements.mjs";
import { draftOf } from "./draft.mjs";
import { eventsOf } from "./events.mjs";
import { importFile, saveAll, saveOne } from "./files.mjs";
import { forgetOthers, forgetOwn } from "./leaving.mjs";
import { linkOf } from "./link.mjs";
import { MemoryStore } from "./memory_store.mjs";
import { tell } from "./notices.mjs";
import { makePanel } from "./panel.mjs";
import { openStore } from "./store.mjs";
import { drawnOf } from "./parts.mjs";
import { pagePace } from "./pace.mjs";
import { Tabs } from "./tabs.mjs";
import { shownTitle } from "./titles.mjs";
import { textIndexOf } from "./text_index.mjs";
import { drawUsage } from "./took.mjs";
import { troubleTeller } from "./trouble.mjs";
import { editsWithFiles, namePictures, openEdit } from "./pictures.mjs";
import { textsOf } from "./tree.mjs";
import { Turns } from "./turns.mjs";
import { drawVersions } from "./versions.mjs";
import { namesOf, word } from "./words.mjs";

// Longer than the button to undo stands there, also when the mouse is kept on it for a while.
const FORGET_AFTER_MS = 60_000;
const settings = JSON.parse(document.getElementById("chat-app-settings").textContent);

const storeOf = async (tabs) => {
  if (!settings.saveHistory) return new MemoryStore();
  try {
    return await openStore(settings.store, { tabs, onOutdated: tellOutdated });
  } catch (error) {
    tell({ kind: "down", sentence: error.message, hint: word("only_this_tab") });
    return new MemoryStore();
  }
};

const tellOutdated = (sentence) =>
  tell({
    kind: "down",
    sentence,
    hint: word("kept_no_more"),
    actions: [{ label: word("load_anew"), run: () => location.reload() }],
  });

// Conversations that this version cannot read are in the browser all the same, as they were.
const tellUnreadable = (unreadable) => {
  if (!unreadable.length) return;
  tell({
    sentence: word("cannot_be_shown", { titles: namesOf(unreadable.map(({ title }) => shownTitle(title))) }),
    hint: word("nothing_changed", { why: unreadable[0].why }),
  });
};

const tellNotSaved = (count) =>
  count &&
  tell({
    kind: "down",
    sentence: word("not_saved", { count }),
    hint: word("not_saved_hint"),
  });

// Each has a file of its own, which is larger than what is taken in again.
const tellLarge = (records) => {
  if (!records.length) return;
  const titles = namesOf(records.map(({ title }) => shownTitle(title)));
  tell({ kind: "down", sentence: word("saved_too_large", { titles }), hint: word("saved_too_large_hint") });
};

// What is picked before the first question stands in Gradio's dropdown alone.
const pickedPreset = () => document.querySelector("#preset input")?.value ?? "";

const start = async () => {
  const draft = draftOf(`${settings.store} draft`);
  const drafted = draft.get() !== ""; // before this page was loaded
  // At once: the text box may be there before the store is.
  document.addEventListener("input", ({ target }) => {
    if (target.matches?.("#question textarea")) draft.set(target.value); // there are inputs for files, too
    else if (target.closest?.("#conversation")) draft.edited = target.value;
  });
  addEventListener("pagehide", draft.write);
  const tabs = new Tabs(settings.store);
  const store = await storeOf(tabs);
  const kept = store.persistent;
  const search = textIndexOf(() => conversations, store);
  const files = settings.multimodal !== false && settings.uploads ? makeComposer(settings, pickedPreset) : noFiles;
  // Files can be sent without a text; while they are read, the question waits.
  globalThis.chatApp.want = (text) => (text.trim() !== "" || files.count > 0) && files.want();
  let halted = [];
  let panel = null;

  // Gradio loads its buttons by themselves; on a slow network the first question is asked before they are there.
  const clicked = new Set();
  const click = (id) => {
    if (clicked.has(id)) return;
    clicked.add(id);
    withElement(id, (button) => {
      clicked.delete(id);
      button.click();
    });
  };
  const draw = () => {
    click("show-conversation");
    turnsChanged();
  };
  const show = () => {
    globalThis.chatApp.follow();
    draw();
  };
  const drawPanel = () =>
    panel?.update({ conversations: conversations.records, open: conversations.open.conversation.id, arriving: conversations.arriving });
  const turnsChanged = () => {
    document.body.classList.toggle("answering", Boolean(turns.of(conversations.open)));
    drawPanel();
    files.look();
    globalThis.chatApp.tendSoon();
  };

  const { trouble, kept: tellKept } = troubleTeller(() => conversations, tell);
  const conversations = new Conversations(store, tabs, {
    changed: (id) => {
      search.changed(id);
      drawPanel();
      if (!turns.of(conversations.open)) globalThis.chatApp.tendSoon(); // else when its answer is over
    },
    left: files.leave,
    shown: draw, // whoever has scrolled up is left there
    trouble,
    kept: tellKept,
  });
  const turns = new Turns(conversations, tabs, (lane) => click(`ask-${lane}`));
  const artifacts = makeArtifacts({
    code: settings.artifacts,
    texts: () =>
      conversations
        .path()
        .filter(({ role }) => role === "assistant")
        .map((answer) => ({ id: answer.id, text: textsOf(answer).join("\n\n"), arriving: answer.state === "arriving" })),
  });

  // The conversation on the page has its address.
  const setAddress = (how) => {
    const { conversation, tree } = conversations.open;
    const hash = settings.saveHistory && tree.size ? `#c=${conversation.id}` : "";
    if (hash !== location.hash) history[how](null, "", hash || `${location.pathname}${location.search}`);
  };
  // Gradio keeps an edit open at its place, whatever conversation comes there.
  const leaveEdit = () => openEdit()?.cancel.click();
  const begin = () => {
    leaveEdit();
    conversations.begin();
    setAddress("pushState");
    show();
    document.querySelector("#question textarea")?.focus();
  };
  const open = async (id, how = "pushState") => {
    leaveEdit();
    // A page that is loaded anew has the question in its text box that was undone.
    const chosen = await conversations.choose(id, { asLeft: !panel && drafted }).catch(trouble);
    if (chosen) {
      setAddress(how);
    } else if (chosen === false) {
      tell({ kind: "info", seconds: 8, sentence: word("not_in_browser"), hint: word("not_in_browser_hint") });
      conversations.begin();
      setAddress("replaceState");
    }
  };
  // A link with a question begins a conversation; what was typed in this tab before stays, behind it.
  const openLink = ({ preset, model, question, search }) => {
    conversations.begin({ preset, model });
    draft.set([question, draft.get()].filter((text) => text.trim()).join("\n\n"));
    history.replaceState(null, "", `${location.pathname}${search}`);
  };
  // True when the address says what is to be on the page; a link to a place in an answer does not.
  const openAddress = async () => {
    const link = linkOf(location.search);
    if (link) return openLink(link), true;
    const [, id] = /^#c=([\w-]+)$/.exec(location.hash) ?? [];
    if (id) await open(id, "replaceState");
    else if (!location.hash) conversations.begin();
    return Boolean(id || !location.hash);
  };

  const halt = (entry) => {
    const turn = entry && turns.of(entry);
    if (!turn) return;
    halted = [...halted, turn.id].slice(-3); // one that has ended since is not found
    click("stop-turns");
  };
  const remove = async (id) => {
    const entry = await conversations.entry(id).catch(trouble);
    halt(entry);
    if (!entry?.tree.size) return;
    const removed = await conversations.remove(id);
    setTimeout(() => conversations.forget(removed), settings.saveHistory ? FORGET_AFTER_MS : 0);
  };
  // The conversation on the page gives way to a new one at once.
  const removeOpen = () => {
    leaveEdit();
    const removed = remove(conversations.open.conversation.id);
    conversations.begin();
    setAddress("pushState");
    return removed;
  };
  const cleared = () => {
    const { conversation, tree } = conversations.open;
    removeOpen();
    if (tree.size) panel?.tellRemoved(conversation.id, conversation.title);
    turnsChanged();
  };

  await conversations.load().catch(trouble);
  tellUnreadable(store.unreadable);
  await openAddress();
  if (settings.saveHistory) {
    panel = makePanel(
      {
        open: async (id) => (await open(id), show()),
        begin,
        rename: (id, title) => conversations.change(id, { title, named: true }),
        pin: (id, pinned) => conversations.change(id, { pinned }),
        remove: (id) => (id === conversations.open.conversation.id ? (removeOpen(), show()) : remove(id)),
        restore: (id) => conversations.restore(id),
        search: search.search,
        prepareSearch: search.prepare,
        save: async (id, format) => (await saveOne(conversations, id, format)) || tellNotSaved(1),
        saveAll: async () => {
          const { missing, large } = await saveAll(conversations);
          tellNotSaved(missing.length);
          tellLarge(large);
        },
        importFile: (file) => importFile(conversations, file),
        usage: () => store.usage(),
        keep: () => store.keep(),
        logOut: async () => {
          draft.set("");
          files.clear();
          store.close();
          if (settings.forgetOnLogout && kept) await forgetOwn(settings);
        },
      },
      { user: settings.user, logoutUrl: settings.logoutUrl, persistent: kept, name: `${settings.store} panel` },
    );
    drawPanel();
  }

  const keepAll = () => {
    turns.save();
    draft.write();
  };
  addEventListener("pagehide", keepAll);
  document.addEventListener("visibilitychange", keepAll);
  addEventListener("popstate", async () => (await openAddress()) && show());
  // The page does not wait for what is written.
  const turnTo = (id) => (conversations.turnTo(id), show());
  globalThis.chatApp.tended.push((growing) => {
    artifacts.update();
    if (growing) return;
    files.place();
    const path = conversations.path();
    drawVersions(path, conversations.open.tree, turnTo);
    drawUsage(path);
    namePictures(path);
  });

  const events = eventsOf(conversations, turns, {
    tell,
    draft,
    files,
    parameters: settings.parameters ?? [],
    parameterDefaults: settings.parameterDefaults ?? {},
    sendButton: settings.submitBtn ?? true,
    stopButton: settings.stopBtn ?? true,
    turnsChanged,
    opened: () => (setAddress("pushState"), globalThis.chatApp.follow()),
    cleared,
    draw: () => click("draw-conversation"),
    halted: () => halted,
    inPieces: settings.inPieces,
    pace: pagePace(),
  });
  editsWithFiles(() => conversations.path(), events.editHere);
  copyJoined(() => conversations.path().flatMap((message) => drawnOf(message, { pieces: settings.inPieces })));
  return events;
};

const begun = start();
begun.catch(() =>
  tell({ kind: "down", sentence: word("not_started"), hint: word("not_started_hint") }),
);
globalThis.chatApp.start(begun);
if (settings.forgetOnLogout) forgetOthers(settings);
