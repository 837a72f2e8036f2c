// Where the panel is: beside the conversation, over all of the page when it is made larger, and on a narrow window always
// over it. What it covers waits. When it closes, the focus goes back.

import { setAttribute } from "../history/elements.mjs";

const NARROW = "(max-width: 799.98px)";
const STAYS = "#notices"; // can be reached while the rest of the page waits
const BESIDE = "with-artifacts";

export class Place {
  #narrow = matchMedia(NARROW);
  #inert = [];
  #back = () => null;
  #large = false;

  /** `changed()` is called when it opens, closes, or becomes larger or smaller. */
  constructor(panel, inside, changed) {
    this.panel = panel;
    this.inside = inside;
    this.changed = changed;
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.close();
    });
    this.#narrow.addEventListener("change", () => this.#set(this.open));
    this.#set(false);
  }

  get open() {
    return !this.panel.hidden;
  }

  get large() {
    return this.#large;
  }

  set large(large) {
    this.#large = large;
    this.#set(this.open);
  }

  /** Open it, with the focus in it. `back()` says where the focus is to go in the end. */
  show(back) {
    this.#back = back;
    this.#set(true);
    this.inside.focus({ preventScroll: true });
  }

  /** Close it; the focus is moved only if it is in the panel. */
  close() {
    const had = this.panel.contains(document.activeElement);
    this.#large = false;
    this.#set(false);
    if (had) (this.#back() ?? document.querySelector("#question textarea"))?.focus({ preventScroll: true });
  }

  #set(open) {
    const over = open && (this.#large || this.#narrow.matches);
    this.panel.hidden = !open;
    this.panel.classList.toggle("over", over);
    setAttribute(this.inside, "role", over ? "dialog" : "complementary");
    setAttribute(this.inside, "aria-modal", over ? "true" : null);
    document.body.classList.toggle(BESIDE, open && !over);
    for (const each of this.#inert) each.inert = false;
    const others = [...document.body.children].filter((each) => each !== this.panel && !each.matches(STAYS));
    this.#inert = over ? others.filter((each) => !each.inert) : [];
    for (const each of this.#inert) each.inert = true;
    this.changed();
  }
}
