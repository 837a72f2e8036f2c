// The conversations under their days. Rows are made once, kept by id, and moved only where their place has changed.
//
// Of a thousand conversations forty are drawn, and further hundreds when they are scrolled near or gone to by key: the
// first `update` takes 7 ms with ten, and 18 to 28 with a thousand. Tab stops at one row (a list of a thousand would be
// two thousand stops before what is below it), the arrow keys go on from there.

import { element, moveFocus, unseen } from "./elements.mjs";
import { Row } from "./panel_row.mjs";
import { word } from "./words.mjs";

const AT_FIRST = 40; // higher than any window
const MORE = 100;
const NEAR = "800px";
const HELP = word("list_help");

export class List {
  #rows = new Map();
  #days = new Map();
  #limit = AT_FIRST;
  #state = { groups: [], open: null, arriving: new Set() };
  #stop = null;
  #end = element("div", { class: "end" });
  #empty = element("p", { class: "empty", hidden: true }, word("no_conversations"));
  #near = null;

  /** `on`: what rows do, and {remove(row), undo()}. */
  constructor(on) {
    this.on = on;
    const help = unseen(HELP);
    help.id = "conversations-help";
    this.element = element(
      "nav",
      {
        class: "list",
        "aria-label": word("by_day"),
        "aria-describedby": help.id,
        keydown: (event) => this.#onKey(event),
        focusin: (event) => this.#stopAt(event.target.closest(".row")?.row),
      },
      help,
      this.#empty,
      this.#end,
    );
    const look = (entries) => entries.some((each) => each.isIntersecting) && this.#drawMore();
    this.#near = new IntersectionObserver(look, { root: this.element, rootMargin: NEAR });
  }

  /** `groups` as `groupsOf` gives them; `open` is an id, `arriving` a set of ids. */
  update(state) {
    // A new chat is open before it is in the list.
    const opened = state.open !== this.#state.open || !this.#rows.has(state.open);
    this.#state = state;
    if (opened) {
      const at = state.groups.flatMap(({ conversations }) => conversations).findIndex(({ id }) => id === state.open);
      this.#limit = Math.max(this.#limit, at + 1);
    }
    this.#draw();
    if (opened && this.#rows.has(state.open)) {
      const row = this.#rows.get(state.open);
      this.#stopAt(row);
      // Not now: the page would have to be laid out for it.
      requestAnimationFrame(() => row.element.scrollIntoView({ block: "nearest" }));
    }
  }

  row(id) {
    return this.#rows.get(id);
  }

  /** The link that takes the focus when `row` goes: the next one's, else the one's before. */
  linkAfter(row) {
    const links = this.#links();
    const at = links.indexOf(row.link);
    return links[at + 1] ?? links[at - 1];
  }

  #links() {
    return [...this.element.querySelectorAll(".row > a:not([hidden])")];
  }

  #draw() {
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    const groups = this.#drawn();
    const shown = new Set(groups.flatMap(({ conversations }) => conversations.map(({ id }) => id)));
    for (const [id, row] of this.#rows) if (!shown.has(id)) this.#drop(id, row);
    const days = groups.map((group) => this.#dayOf(group));
    for (const [heading, day] of this.#days) if (!days.includes(day)) this.#dropDay(heading, day);
    arrange(this.element, days, this.#empty.nextSibling);
    this.#empty.hidden = days.length > 0;
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    for (const row of this.#rows.values()) row.moving = false;
    const first = this.#rows.get(this.#state.open) ?? this.#rows.values().next().value;
    if (!this.#rows.has(this.#stop?.id)) this.#stopAt(first);
    this.#watchEnd();
  }

  /** The groups, as far as they are drawn. */
  #drawn() {
    let left = this.#limit;
    const drawn = [];
    for (const { heading, conversations } of this.#state.groups) {
      if (left <= 0) break;
      drawn.push({ heading, conversations: conversations.slice(0, left) });
      left -= conversations.length;
    }
    return drawn;
  }

  #dayOf({ heading, conversations }) {
    if (!this.#days.has(heading)) this.#days.set(heading, makeDay(heading));
    const day = this.#days.get(heading);
    const rows = conversations.map((conversation) => this.#rowOf(conversation).element);
    arrange(day.lastElementChild, rows, day.lastElementChild.firstChild);
    return day;
  }

  #rowOf(conversation) {
    const { id } = conversation;
    if (!this.#rows.has(id)) this.#rows.set(id, new Row(conversation, this.on));
    const row = this.#rows.get(id);
    row.moving = row.renaming;
    row.update(conversation, { open: id === this.#state.open, arriving: this.#state.arriving.has(id) });
    return row;
  }

  #drop(id, row) {
    row.moving = true;
    this.#rows.delete(id);
    row.element.remove();
  }

  #dropDay(heading, day) {
    this.#days.delete(heading);
    day.remove();
  }

  #watchEnd() {
    this.#near.disconnect();
    const all = this.#state.groups.reduce((sum, { conversations }) => sum + conversations.length, 0);
    if (this.#limit < all) this.#near.observe(this.#end);
  }

  #drawMore(count = MORE) {
    this.#limit += count;
    this.#draw();
  }

  #stopAt(row) {
    if (!row || row === this.#stop) return;
    this.#stop?.stop(false);
    this.#stop = row;
    row.stop(true);
  }

  #onKey(event) {
    const row = event.target.closest(".row")?.row;
    if (!row || event.target.matches("input")) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "z") return void (event.preventDefault(), this.on.undo());
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "F2") {
      event.preventDefault();
      row.rename();
    } else if (event.key === "Delete") {
      event.preventDefault();
      this.on.remove(row);
    } else if (event.target === row.link) {
      if (event.key === "End") this.#drawMore(Infinity);
      else if (event.key === "ArrowDown" && row.link === this.#links().at(-1)) this.#drawMore();
      moveFocus(event, this.#links());
    }
  }
}

const makeDay = (heading) => {
  const title = element("h2", {}, heading);
  title.id = `conversations-${heading.toLowerCase().replace(/\W+/g, "-")}`;
  return element("section", { class: "day", "aria-labelledby": title.id }, title, element("ul"));
};

/** Put `children` in this order, from `at` on, moving no more than what is not in its place. */
const arrange = (parent, children, at) => {
  for (const child of children) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
};
