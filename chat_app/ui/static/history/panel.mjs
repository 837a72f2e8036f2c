// The side panel: the conversations of this browser, and what can be done with them. It keeps nothing itself: it shows
// what `update` gives it, and tells `actions` what the visitor wants.
//
// actions: {open(id), begin(), rename(id, title), pin(id, pinned), remove(id), restore(id), search(query),
//   prepareSearch(), save(id, format), saveAll(), importFile(file), usage(), keep(), logOut()}. `prepareSearch`, if it is
//   there, is called before a search is likely. Without `restore` whoever removes tells of it; without `logOut` the link
//   is just followed.
// options: {user, logoutUrl, persistent, name, now}; `name` is where it is remembered whether the panel is open.

import { groupsOf, midnight } from "./days.mjs";
import { Drawer } from "./drawer.mjs";
import { element, icon } from "./elements.mjs";
import { Menu } from "./menu.mjs";
import { tell } from "./notices.mjs";
import { Foot } from "./panel_foot.mjs";
import { List } from "./panel_list.mjs";
import { Search } from "./panel_search.mjs";
import { word } from "./words.mjs";

const UNDO_S = 10;
const DEFAULTS = { user: "", logoutUrl: "", persistent: true, name: "chat-app panel", now: () => new Date() };

/** The panel, put on the page as the first thing in it. */
export const makePanel = (actions, options = {}) => new Panel(actions, { ...DEFAULTS, ...options });

class Panel {
  #actions;
  #options;
  #menu;
  #list;
  #search;
  #foot;
  #drawer;
  #state = { conversations: [], open: null, arriving: new Set() };
  #removed = new Set(); // whose removal is not told back yet
  #undo = null;
  #midnight = null;

  constructor(actions, options) {
    this.#actions = actions;
    this.#options = options;
    const on = {
      open: ({ id }) => this.#open(id),
      more: (row) => this.#showMenu(row),
      rename: ({ id }, title) => actions.rename(id, title),
      remove: (row) => this.#remove(row),
      undo: () => this.#undo?.(),
    };
    this.#list = new List(on);
    this.#search = new Search(actions, {
      open: (id) => this.#open(id),
      searching: (searching) => (this.#list.element.hidden = searching),
    });
    this.#foot = new Foot(actions, options);
    this.#build();
    // Before it is filled, so that what is open is scrolled into view.
    document.body.prepend(this.element);
  }

  /** {conversations, open: an id, arriving: a set of ids}; `open` may be of a conversation that is not among them. */
  update(state) {
    const known = new Set(state.conversations.map(({ id }) => id));
    for (const id of this.#removed) if (!known.has(id)) this.#removed.delete(id);
    this.#state = state;
    this.#draw();
    if (this.#drawer.open) this.#foot.look();
  }

  toggle() {
    this.#drawer.toggle();
  }

  #build() {
    const label = word("conversations");
    const button = element(
      "button",
      { type: "button", class: "toggle", "aria-label": label, title: label, "aria-controls": "conversations-inside" },
      icon("menu"),
    );
    const begin = () => {
      this.#drawer.leave();
      this.#actions.begin();
    };
    const first = element("button", { type: "button", class: "begin", click: begin }, icon("begin"), word("new_chat"));
    const inside = element(
      "div",
      { class: "inside", id: "conversations-inside" },
      element("div", { class: "top" }, first, this.#search.box),
      this.#list.element,
      this.#search.results,
      this.#foot.element,
    );
    const backdrop = element("div", { class: "backdrop", click: () => this.#drawer.leave() });
    this.element = element("aside", { id: "conversations", "aria-label": label }, backdrop, button, inside);
    this.#menu = new Menu(this.element);
    document.body.classList.add("has-conversations");
    const parts = { element: this.element, button, inside, first };
    this.#drawer = new Drawer(parts, this.#options.name, () => this.#foot.look());
  }

  #draw() {
    const { open, arriving } = this.#state;
    const conversations = this.#state.conversations.filter(({ id }) => !this.#removed.has(id));
    const now = this.#options.now();
    const menuOf = this.#menu.button?.closest(".row").row.id;
    if (menuOf !== undefined && !conversations.some(({ id }) => id === menuOf)) this.#menu.close();
    this.#list.update({ groups: groupsOf(conversations, now), open, arriving });
    this.#search.update(conversations, open);
    clearTimeout(this.#midnight);
    this.#midnight = setTimeout(() => this.#draw(), midnight(now, -1) - now + 1000);
  }

  #open(id) {
    this.#drawer.leave();
    this.#actions.open(id);
  }

  #showMenu(row) {
    const { id, pinned } = row.conversation;
    const items = [
      { label: word("rename"), icon: "rename", run: () => row.rename() },
      { label: pinned ? word("unpin") : word("pin"), icon: "pin", run: () => this.#actions.pin(id, !pinned) },
      { label: word("save_markdown"), icon: "save", run: () => this.#actions.save(id, "markdown") },
      { label: word("save_json"), icon: "save", run: () => this.#actions.save(id, "json") },
      { label: word("delete"), icon: "remove", run: () => this.#remove(row), danger: true },
    ];
    this.#menu.toggle(row.button, items, word("more_for", { title: row.title }));
  }

  async #remove(row) {
    const { id, title } = row;
    const focused = row.element.contains(document.activeElement);
    const next = this.#list.linkAfter(row) ?? this.element.querySelector(".begin");
    this.#removed.add(id);
    this.#draw();
    if (focused) next.focus();
    const notice = this.#actions.restore ? this.tellRemoved(id, title) : null;
    try {
      await this.#actions.remove(id);
    } catch (error) {
      notice?.close();
      this.#bringBack(id);
      throw error;
    }
  }

  /** Say for some seconds that a conversation was deleted, with a button that restores it. */
  tellRemoved(id, title) {
    const undo = () => {
      this.#bringBack(id);
      this.#actions.restore(id);
    };
    this.#undo = () => {
      if (notice.closed) return;
      notice.close();
      undo();
    };
    const notice = tell({ sentence: word("deleted", { title }), actions: [{ label: word("undo_delete"), run: undo }], seconds: UNDO_S });
    return notice;
  }

  #bringBack(id) {
    this.#removed.delete(id);
    this.#draw();
  }
}
