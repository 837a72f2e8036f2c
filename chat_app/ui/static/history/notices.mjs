// What the page tells about conversations, one notice above the other at the top, above all else.
//
// Text only. A notice is there before its text is, since screen readers tell changes of what they know and not what
// appears. One that goes by itself stays while the mouse is on it or the focus in it.

import { element, icon } from "./elements.mjs";
import { word } from "./words.mjs";

const ID = "notices";
const TEXT_AFTER_MS = 50;

const region = () => {
  const known = document.getElementById(ID);
  if (known) return known;
  const made = element("section", { id: ID, "aria-label": word("notices") });
  document.body.prepend(made);
  return made;
};

/** Runs `end` after so many seconds, not counting those between `hold` and `release`. */
class Clock {
  #left;
  #since = 0;
  #timer = null;
  #end;

  constructor(seconds, end) {
    this.#left = seconds * 1000;
    this.#end = end;
    this.release();
  }

  hold() {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#left -= performance.now() - this.#since;
  }

  release() {
    if (this.#timer !== null) return;
    this.#since = performance.now();
    this.#timer = setTimeout(this.#end, Math.max(this.#left, 0));
  }
}

/**
 * Show a notice: {sentence, hint, actions: [{label, run}], kind: "down"|"info", seconds}. Each action closes it. It
 * stays until it is closed unless there are `seconds`. Gives {close(), closed}.
 */
export const tell = ({ sentence, hint = "", actions = [], kind = "info", seconds = null }) => {
  const notice = element("div", { class: `told ${kind}`, role: kind === "down" ? "alert" : "status" });
  const home = region();
  home.append(notice);
  let [open, focusedBefore] = [true, null];
  const close = () => {
    if (!open) return;
    open = false;
    clock?.hold();
    const focused = notice.contains(document.activeElement);
    notice.remove();
    if (focused && focusedBefore?.isConnected) focusedBefore.focus();
  };
  const button = ({ label, run }) =>
    element("button", { type: "button", click: () => (close(), run()) }, label);
  const clock = seconds === null ? null : new Clock(seconds, close);
  const settle = () => {
    if (notice.matches(":hover, :focus-within")) clock?.hold();
    else clock?.release();
  };
  for (const event of ["pointerenter", "pointerleave", "focusin"]) notice.addEventListener(event, settle);
  notice.addEventListener("focusin", ({ relatedTarget }) => {
    if (relatedTarget && !home.contains(relatedTarget)) focusedBefore = relatedTarget;
  });
  notice.addEventListener("focusout", () => setTimeout(() => open && settle(), 0));
  const says = element("p", {}, element("strong", {}, sentence), hint ? ` ${hint}` : null);
  const closing = { type: "button", class: "close", "aria-label": word("close"), click: close };
  const closer = element("button", closing, icon("close"));
  setTimeout(() => notice.append(says, ...actions.map(button), closer), TEXT_AFTER_MS);
  return {
    close,
    get closed() {
      return !open;
    },
  };
};
