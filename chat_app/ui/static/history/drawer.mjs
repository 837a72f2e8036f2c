// Whether the panel is there: beside the chat on a wide window, where the visitor's choice is remembered; over it on a
// narrow one, where it is closed at first and the rest of the page waits while it is open.

const NARROW = "(max-width: 799.98px)";
const STAYS = "#notices"; // can be reached while the rest of the page waits
const BESIDE = "with-conversations";

const remembered = (name) => {
  try {
    return localStorage.getItem(name) !== "closed";
  } catch {
    return true; // a browser that refuses storage
  }
};

const remember = (name, open) => {
  try {
    localStorage.setItem(name, open ? "open" : "closed");
  } catch {
    // then it is open again the next time
  }
};

export class Drawer {
  #narrow = matchMedia(NARROW);
  #inert = [];
  #focusedBefore = null;

  /** `parts`: {element, button, inside, first}, where `first` takes the focus; `shown` is called whenever it opens. */
  constructor(parts, name, shown) {
    this.parts = parts;
    this.name = name;
    this.shown = shown;
    parts.button.addEventListener("click", () => this.toggle());
    parts.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.leave();
    });
    this.#narrow.addEventListener("change", () => this.#set(this.#atFirst()));
    this.#set(this.#atFirst());
  }

  get open() {
    return !this.parts.inside.hidden;
  }

  toggle() {
    const open = !this.open;
    if (!this.#narrow.matches) remember(this.name, open);
    this.#set(open);
  }

  /** Close it if it is over the page. */
  leave() {
    if (this.#narrow.matches && this.open) this.#set(false);
  }

  #atFirst() {
    return !this.#narrow.matches && remembered(this.name);
  }

  #set(open) {
    const { element, button, inside, first } = this.parts;
    const over = open && this.#narrow.matches;
    const wasOver = element.classList.contains("over");
    if (over && !wasOver) this.#focusedBefore = document.activeElement;
    inside.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    element.classList.toggle("open", open);
    element.classList.toggle("over", over);
    document.body.classList.toggle(BESIDE, open && !over);
    this.#holdBack(over);
    if (over && !wasOver) first.focus();
    if (wasOver && !over) this.#giveBack();
    if (open) this.shown();
  }

  #holdBack(over) {
    for (const each of this.#inert) each.inert = false;
    const others = [...document.body.children].filter((each) => each !== this.parts.element && !each.matches(STAYS));
    this.#inert = over ? others.filter((each) => !each.inert) : [];
    for (const each of this.#inert) each.inert = true;
  }

  #giveBack() {
    const before = this.#focusedBefore;
    const there = before?.isConnected && before !== document.body && !this.parts.inside.contains(before);
    (there ? before : this.parts.button).focus();
  }
}
