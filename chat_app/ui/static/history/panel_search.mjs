// The search box and what it finds. An answer to an earlier query never replaces that of a later one, and a key that goes
// to what was found waits for the answer to what is typed.

import { element, moveFocus, setAttribute } from "./elements.mjs";
import { addressOf, isPlainClick } from "./panel_row.mjs";
import { excerptOf } from "./search.mjs";
import { shownTitle } from "./titles.mjs";
import { word } from "./words.mjs";

const PAUSE_MS = 40;

export class Search {
  #actions;
  #on;
  #asked = 0;
  #shown = 0; // which of those asked is answered
  #key = null; // the key that waits for the answer
  #timer = null;
  #links = new Map();
  #hits = element("ul");
  #nothing = element("p", { class: "empty", hidden: true }, word("nothing_found"));
  #announced = element("p", { class: "unseen", role: "status" });
  #conversations = new Map();
  #open = null;

  /** `on`: {open(id), searching(bool)}. */
  constructor(actions, on) {
    this.#actions = actions;
    this.#on = on;
    this.input = element("input", {
      type: "search",
      placeholder: word("search"),
      "aria-label": word("search_conversations"),
      autocomplete: "off",
      spellcheck: "false",
      pointerenter: () => actions.prepareSearch?.(),
      focus: () => actions.prepareSearch?.(),
      input: () => this.#typed(),
      keydown: (event) => this.#onKey(event),
    });
    this.box = element("div", { class: "search", role: "search" }, this.input, this.#announced);
    this.results = element(
      "nav",
      { class: "list results", "aria-label": word("found"), hidden: true, keydown: (event) => this.#onResultKey(event) },
      this.#nothing,
      this.#hits,
    );
  }

  update(conversations, open) {
    this.#conversations = new Map(conversations.map((conversation) => [conversation.id, conversation]));
    this.#open = open;
    for (const [id, link] of this.#links) {
      setAttribute(link, "aria-current", id === open ? "page" : null);
      if (!this.#conversations.has(id)) this.#take(id, link);
    }
  }

  #take(id, link) {
    this.#links.delete(id);
    link.parentElement.remove();
    this.#nothing.hidden = this.#links.size > 0;
  }

  clear() {
    this.input.value = "";
    this.#typed();
  }

  #typed() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#key = null;
    const query = this.input.value.trim();
    if (query) this.#timer = setTimeout(() => this.#ask(query, this.#asked), PAUSE_MS);
    else this.#show(null);
  }

  async #ask(query, number) {
    try {
      const found = await this.#actions.search(query);
      if (number === this.#asked) this.#show(found, query);
    } finally {
      this.#shown = Math.max(this.#shown, number); // a search that failed is over as well
    }
  }

  /** `found` is null while nothing is searched. */
  #show(found, query) {
    const focused = [...this.#links].find(([, link]) => link === document.activeElement)?.[0];
    const known = (found ?? []).filter(({ id }) => this.#conversations.has(id));
    this.#links = new Map(known.map((each) => [each.id, this.#linkTo(each, query)]));
    this.#hits.replaceChildren(...[...this.#links.values()].map((link) => element("li", {}, link)));
    this.#nothing.hidden = known.length > 0;
    this.results.hidden = !found;
    this.results.scrollTop = 0;
    this.#announced.textContent = !found ? "" : known.length ? word("found_count", { count: known.length }) : word("nothing_found");
    this.#on.searching(Boolean(found));
    if (focused) (this.#links.get(focused) ?? this.input).focus();
    this.#shown = this.#asked;
    if (this.#key && document.activeElement === this.input) this.#goToFirst(this.#key);
  }

  #goToFirst(key) {
    this.#key = null;
    const [first] = this.#links.values();
    if (key === "Enter") first?.click();
    else first?.focus();
  }

  #linkTo({ id, excerpt }, query) {
    const open = (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      this.#on.open(id);
    };
    const inTitle = excerptOf(shownTitle(this.#conversations.get(id).title), query);
    const title = element("bdi", { class: "title" }, ...marked(inTitle));
    const text = element("bdi", { class: "excerpt" }, ...marked(excerpt));
    const current = id === this.#open ? "page" : null;
    return element("a", { href: addressOf(id), "aria-current": current, click: open }, title, text);
  }

  #onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && this.input.value) {
      event.preventDefault();
      event.stopPropagation();
      this.clear();
    } else if (["ArrowDown", "Enter"].includes(event.key)) {
      event.preventDefault();
      if (this.#shown === this.#asked) this.#goToFirst(event.key);
      else this.#key = event.key;
    }
  }

  #onResultKey(event) {
    const links = [...this.#links.values()];
    if (event.key === "Escape" || (event.key === "ArrowUp" && document.activeElement === links[0])) {
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") this.clear();
      this.input.focus();
    } else {
      moveFocus(event, links);
    }
  }
}

const marked = ({ before, hit, after }) => [before, hit ? element("mark", {}, hit) : null, after];
