// Puts the history together: the store, what other tabs do, the turns, the side panel, and what Gradio's events call.

import { Conversations } from "./conversations.mjs";
import { eventsOf } from "./events.mjs";
import { importFile, saveAll, saveOne } from "./files.mjs";
import { MemoryStore } from "./memory_store.mjs";
import { tell } from "./notices.mjs";
import { makePanel } from "./panel.mjs";
import { SearchIndex } from "./search.mjs";
import { databases, forget, openStore } from "./store.mjs";
import { Tabs } from "./tabs.mjs";
import { textOf } from "./tree.mjs";
import { troubleTeller } from "./trouble.mjs";
import { Turns } from "./turns.mjs";
import { drawVersions } from "./versions.mjs";

// Longer than the button to undo stands there, also when the mouse is kept on it for a while.
const FORGET_AFTER_MS = 60_000;
const settings = JSON.parse(document.getElementById("chat-app-settings").textContent);

const storeOf = async (tabs) => {
  if (!settings.saveHistory) return new MemoryStore();
  try {
    return await openStore(settings.store, { tabs, onOutdated: tellOutdated });
  } catch (error) {
    tell({ kind: "down", sentence: error.message, hint: "The chat works, but its conversations are gone when this tab is closed." });
    return new MemoryStore();
  }
};

const tellOutdated = (sentence) =>
  tell({
    kind: "down",
    sentence,
    hint: "What is said here from now on is not kept.",
    actions: [{ label: "Load anew", run: () => location.reload() }],
  });

// Whoever was here before another logged in leaves nothing, where the operator wants it so. A request without a name says
// nothing about who has left.
const forgetOthers = async () => {
  if (!settings.forgetOnLogout || !settings.user) return;
  for (const name of await databases(settings.databases)) if (name !== settings.store) await forget(name);
};

// What is typed and not sent yet outlives a reload of the tab.
const draftOf = (key) => ({
  edited: "",
  get: () => sessionStorage.getItem(key) ?? "",
  set: (text) => (text ? sessionStorage.setItem(key, text) : sessionStorage.removeItem(key)),
});

const byUpdated = (a, b) => (a.updated < b.updated ? -1 : 1);

const searchOf = (conversations, store) => {
  let index = null;
  const load = async () => {
    const made = new SearchIndex();
    const texts = await store.texts();
    for (const { id, title } of conversations().records.sort(byUpdated)) made.put(id, title, texts.get(id) ?? "");
    return made;
  };
  return {
    search: async (query) => (await (index ??= load())).search(query),
    async put({ conversation, tree }) {
      if (!index) return;
      const made = await index;
      if (conversation.deleted) made.remove(conversation.id);
      else made.put(conversation.id, conversation.title, tree.messages.map(textOf).join("\n"));
    },
    renew: () => (index = null),
  };
};

const start = async () => {
  const tabs = new Tabs(settings.store);
  const store = await storeOf(tabs);
  const kept = store.persistent;
  const search = searchOf(() => conversations, store);
  const draft = draftOf(`${settings.store} draft`);
  let halted = [];
  let panel = null;

  const click = (id) => document.getElementById(id)?.click();
  const show = () => {
    globalThis.chatApp.follow();
    click("show-conversation");
    turnsChanged();
  };
  const drawPanel = () =>
    panel?.update({ conversations: conversations.records, open: conversations.open.conversation.id, arriving: conversations.arriving });
  const turnsChanged = () => {
    document.body.classList.toggle("answering", Boolean(turns.of(conversations.open)));
    drawPanel();
  };

  const trouble = troubleTeller(() => conversations, store, tell);
  const conversations = new Conversations(store, tabs, {
    changed: (entry) => {
      if (entry) search.put(entry);
      else search.renew();
      drawPanel();
    },
    shown: show,
    trouble,
  });
  const turns = new Turns(conversations, tabs, (lane) => click(`ask-${lane}`));

  // The conversation on the page has its address.
  const address = () => (conversations.open.tree.size ? `#c=${conversations.open.conversation.id}` : " ");
  const setAddress = (how) => {
    const next = address().trim() || `${location.pathname}${location.search}`;
    if (next !== location.hash && (location.hash || next.startsWith("#"))) history[how](null, "", next);
  };
  const begin = () => {
    conversations.begin();
    setAddress("pushState");
    show();
    document.querySelector("#question textarea")?.focus();
  };
  const open = async (id, how = "pushState") => {
    if (await conversations.choose(id)) {
      setAddress(how);
    } else {
      tell({ kind: "info", seconds: 8, sentence: "This conversation is not in this browser.", hint: "It was begun elsewhere, or deleted." });
      conversations.begin();
      setAddress("replaceState");
    }
  };
  const openAddress = async () => {
    const [, id] = /^#c=([\w-]+)$/.exec(location.hash) ?? [];
    if (id) await open(id, "replaceState");
    else conversations.begin();
  };

  const halt = (entry) => {
    const turn = entry && turns.of(entry);
    if (!turn) return;
    halted = [turn.id];
    click("stop-turns");
  };
  const remove = async (id) => {
    const entry = await conversations.entry(id);
    halt(entry);
    if (!entry?.tree.size) return;
    await conversations.remove(id);
    setTimeout(() => conversations.forget(id), settings.saveHistory ? FORGET_AFTER_MS : 0);
  };
  // The conversation on the page gives way to a new one at once.
  const removeOpen = () => {
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

  await conversations.load();
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
        save: (id, format) => saveOne(conversations, id, format),
        saveAll: () => saveAll(conversations),
        importFile: (file) => importFile(conversations, file),
        usage: () => store.usage(),
        keep: () => store.keep(),
        logOut: async () => {
          draft.set("");
          store.close();
          if (settings.forgetOnLogout && kept) await forget(settings.store);
        },
      },
      { user: settings.user, logoutUrl: settings.logoutUrl, persistent: kept, name: `${settings.store} panel` },
    );
    drawPanel();
  }

  const keepArrived = () => turns.save();
  addEventListener("pagehide", keepArrived);
  document.addEventListener("visibilitychange", keepArrived);
  addEventListener("popstate", async () => (await openAddress(), show()));
  document.addEventListener("input", ({ target }) => {
    if (target.closest?.("#question")) draft.set(target.value);
    else if (target.closest?.("#conversation")) draft.edited = target.value;
  });
  const turnTo = async (id) => (await conversations.turnTo(id), show());
  let drawn = false;
  new MutationObserver(() => {
    if (drawn) return;
    drawn = true;
    requestAnimationFrame(() => {
      drawn = false;
      drawVersions(conversations.path(), conversations.open.tree, turnTo);
    });
  }).observe(document, { subtree: true, childList: true });

  return eventsOf(conversations, turns, {
    tell,
    draft,
    turnsChanged,
    opened: () => (setAddress("pushState"), globalThis.chatApp.follow()),
    cleared,
    show,
    halted: () => halted,
  });
};

forgetOthers();
globalThis.chatApp.start(start());
