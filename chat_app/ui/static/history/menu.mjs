// The menu behind a button. One is open at a time; it closes when anything else is done.
//
// It is no `popover`: browsers of the last three years would do, but not all that Gradio's page still works in.

import { element, icon, moveFocus } from "./elements.mjs";

const GAP = 4;

export class Menu {
  #home;
  #shown = null;
  #button = null;
  // Only what moves the button: the conversation scrolls by itself while an answer arrives.
  #moved = ({ type, target }) => {
    if (type === "resize" || (target instanceof Element && target.contains(this.#button))) this.close();
  };
  #clickedOutside = (event) => {
    if (!this.#shown.contains(event.target) && !this.#button.contains(event.target)) this.close();
  };

  /** `home` is the element in which menus are put; it must not be moved by a transform. */
  constructor(home) {
    this.#home = home;
  }

  get button() {
    return this.#button;
  }

  /** Open at `button`, or close if it is open there. Items: {label, icon, run, danger}. */
  toggle(button, items, name) {
    const again = this.#button === button;
    this.close();
    if (again) return;
    this.#button = button;
    this.#shown = element(
      "div",
      { class: "menu", role: "menu", "aria-label": name, keydown: (event) => this.#onKey(event) },
      ...items.map((item) => this.#itemOf(item)),
    );
    button.setAttribute("aria-expanded", "true");
    this.#home.append(this.#shown);
    this.#place();
    this.#shown.firstElementChild.focus({ preventScroll: true });
    document.addEventListener("pointerdown", this.#clickedOutside, true);
    for (const moved of ["scroll", "resize"]) addEventListener(moved, this.#moved, true);
  }

  /** `refocus` gives the focus back to the button. */
  close({ refocus = false } = {}) {
    if (!this.#shown) return;
    const [shown, button] = [this.#shown, this.#button];
    [this.#shown, this.#button] = [null, null];
    document.removeEventListener("pointerdown", this.#clickedOutside, true);
    for (const moved of ["scroll", "resize"]) removeEventListener(moved, this.#moved, true);
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
    shown.remove();
  }

  #itemOf({ label, icon: drawing, run, danger }) {
    const choose = () => {
      this.close({ refocus: true });
      run();
    };
    const looks = danger ? "danger" : null;
    const attributes = { type: "button", role: "menuitem", tabindex: "-1", class: looks, click: choose };
    return element("button", attributes, icon(drawing), label);
  }

  #place() {
    const at = this.#button.getBoundingClientRect();
    const { width, height } = this.#shown.getBoundingClientRect();
    const rightToLeft = getComputedStyle(this.#button).direction === "rtl";
    const left = rightToLeft ? at.left : at.right - width;
    const below = at.bottom + GAP + height <= innerHeight;
    const top = below ? at.bottom + GAP : at.top - GAP - height;
    this.#shown.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
    this.#shown.style.top = `${Math.max(GAP, top)}px`;
  }

  #onKey(event) {
    const items = [...this.#shown.children];
    if (moveFocus(event, items, { around: true })) return;
    if (event.key === "Escape" || event.key === "Tab") {
      // The button's place in the order is the menu's: Tab goes on from there.
      this.close({ refocus: true });
      if (event.key === "Escape") event.preventDefault();
      event.stopPropagation();
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      const starts = (item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase());
      const at = items.indexOf(document.activeElement);
      [...items.slice(at + 1), ...items.slice(0, at + 1)].find(starts)?.focus();
    }
  }
}
