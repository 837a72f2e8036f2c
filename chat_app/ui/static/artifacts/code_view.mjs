// Code with numbers beside its lines. It grows without being drawn anew, and stays at its end when it was there.

import { element } from "../history/elements.mjs";

const NEAR = 40; // pixels

export class CodeView {
  #numbers = document.createTextNode("1");
  #text = document.createTextNode("");
  #lines = 1;

  constructor(name) {
    const numbers = element("pre", { class: "numbers", "aria-hidden": "true" }, this.#numbers);
    const code = element("pre", { class: "lines" }, element("code", {}, this.#text));
    this.element = element("div", { class: "code", role: "region", "aria-label": name, tabindex: "0", dir: "ltr" }, numbers, code);
  }

  /** Show `text`; `growing` code is followed by whoever is at its end, and other code shown from its beginning. */
  show(text, growing) {
    const before = this.#text.data;
    if (text === before) return;
    const box = this.element;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    const grown = before !== "" && text.startsWith(before);
    if (grown) this.#text.appendData(text.slice(before.length));
    else this.#text.data = text;
    this.#count(text.split("\n").length);
    if (!grown) box.scrollTo(0, growing ? box.scrollHeight : 0);
    else if (growing && atEnd) box.scrollTop = box.scrollHeight;
  }

  #count(lines) {
    if (lines === this.#lines) return;
    const numbers = (from) => Array.from({ length: lines - from + 1 }, (_, at) => from + at).join("\n");
    if (lines > this.#lines) this.#numbers.appendData(`\n${numbers(this.#lines + 1)}`);
    else this.#numbers.data = numbers(1);
    this.#lines = lines;
  }
}
