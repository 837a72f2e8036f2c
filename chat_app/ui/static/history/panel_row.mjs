// One conversation in the list: its link, the mark of an answer that arrives in it, and its menu's button.
//
// A row is made once and then changed where it differs. While it is being renamed, what comes from elsewhere waits: a
// title that somebody is typing is not replaced.

import { element, icon, setAttribute, unseen } from "./elements.mjs";
import { shownTitle } from "./titles.mjs";
import { word } from "./words.mjs";

/** With the page's own address before it: what begins with "#" is a link to a place on the page, says axe-core. */
export const addressOf = (id) => `${location.href.split("#")[0]}#c=${encodeURIComponent(id)}`;

/** Whether a click means this page, and not another tab. */
export const isPlainClick = (event) =>
  event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

export class Row {
  #title = element("bdi", { class: "title" });
  #arriving = element("span", { class: "arriving", hidden: true });
  #input = null;

  /** `on`: {open(row), more(row), rename(row, title)}. */
  constructor(conversation, on) {
    this.on = on;
    this.conversation = conversation;
    const open = (event) => {
      if (!isPlainClick(event)) return;
      event.preventDefault();
      on.open(this);
    };
    const href = addressOf(conversation.id);
    this.link = element("a", { href, tabindex: "-1", click: open }, this.#title, this.#arriving);
    this.button = element(
      "button",
      {
        type: "button",
        class: "more",
        tabindex: "-1",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        click: () => on.more(this),
      },
      icon("more"),
    );
    this.element = element("li", { class: "row" }, this.link, this.button);
    this.element.row = this;
  }

  get id() {
    return this.conversation.id;
  }

  get title() {
    return shownTitle(this.conversation.title);
  }

  update(conversation, { open, arriving }) {
    this.conversation = conversation;
    this.#show(this.title);
    setAttribute(this.link, "aria-current", open ? "page" : null);
    if (this.#arriving.hidden !== arriving) return;
    this.#arriving.hidden = !arriving;
    this.#arriving.replaceChildren(...(arriving ? [unseen(word("answer_arriving"))] : []));
  }

  /** Whether Tab stops here: at one row of the list, the arrow keys go to the others. */
  stop(stops) {
    for (const each of [this.link, this.button]) setAttribute(each, "tabindex", stops ? "0" : "-1");
  }

  get renaming() {
    return this.#input !== null;
  }

  /** Put a text box in the title's place. */
  rename() {
    if (this.#input) return;
    const input = element("input", { type: "text", "aria-label": word("title"), maxlength: "200", autocomplete: "off" });
    input.value = shownTitle(this.conversation.title, "");
    const before = input.value;
    const end = (save, refocus) => {
      if (this.#input !== input) return;
      this.#input = null;
      const title = input.value.trim();
      this.link.hidden = false;
      this.element.classList.remove("renaming");
      if (refocus) this.link.focus();
      input.remove();
      if (!save || !title || title === before) return;
      this.#show(shownTitle(title));
      this.on.rename(this, title);
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
      event.preventDefault();
      end(event.key === "Enter", true);
    });
    // Not when the row itself was taken from its place and put into another.
    input.addEventListener("blur", () => this.element.isConnected && !this.moving && end(true, false));
    this.#input = input;
    this.link.hidden = true;
    this.element.classList.add("renaming");
    this.element.prepend(input);
    input.focus();
    input.select();
  }

  #show(title) {
    if (this.#title.textContent === title) return;
    this.#title.textContent = title;
    this.link.title = title;
    this.button.setAttribute("aria-label", word("more_for", { title }));
  }
}
