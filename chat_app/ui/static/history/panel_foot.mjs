// Below the list: everything to a file and back, how much room it takes, and who is logged in.

import { element, icon } from "./elements.mjs";
import { tell } from "./notices.mjs";
import { isPlainClick } from "./panel_row.mjs";
import { deletesAfterSevenDays, usageOf } from "./usage.mjs";
import { word } from "./words.mjs";

const TOLD_S = 10;
const LOOK_AGAIN_MS = 30_000;

export class Foot {
  #actions;
  #options;
  #looked = -Infinity;
  #line = element("bdi", { tabindex: "-1" });
  #keep = element("button", { type: "button", class: "text", hidden: true, click: () => this.#askToKeep() }, word("keep"));
  #file = element("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": word("import_file") });

  constructor(actions, options) {
    this.#actions = actions;
    this.#options = options;
    this.#file.addEventListener("change", () => this.#import());
    const button = (label, drawing, click) =>
      element("button", { type: "button", click }, icon(drawing), element("bdi", {}, label));
    // No `footer`: the page hides Gradio's.
    this.element = element(
      "div",
      { class: "foot" },
      element(
        "div",
        { class: "files" },
        button(word("save_all"), "save", () => actions.saveAll()),
        button(word("import"), "load", () => this.#file.click()),
        this.#file,
      ),
      element("p", { class: "usage" }, this.#line, " ", this.#keep),
      this.#viewer(),
    );
  }

  /** Tell the use anew, if it was not told just now. */
  async look({ again = false } = {}) {
    if (!again && performance.now() - this.#looked < LOOK_AGAIN_MS) return;
    this.#looked = performance.now();
    const { persistent } = this.#options;
    const usage = persistent ? await this.#actions.usage() : { used: 0, quota: 0, kept: null };
    const { text, canAsk } = usageOf(usage, { persistent, sevenDays: deletesAfterSevenDays(globalThis) });
    this.#line.textContent = text;
    this.#keep.hidden = !canAsk;
  }

  async #askToKeep() {
    const kept = await this.#actions.keep();
    await this.look({ again: true });
    if (kept) this.#line.focus();
    else {
      tell({
        sentence: word("not_promised"),
        hint: word("not_promised_hint"),
        seconds: TOLD_S,
      });
    }
  }

  async #import() {
    const [file] = this.#file.files;
    if (!file) return;
    try {
      tell({ sentence: await this.#actions.importFile(file), seconds: TOLD_S });
    } catch (error) {
      const { sentence = word("import_failed"), hint = "" } = error;
      tell({ kind: "down", sentence, hint, seconds: 2 * TOLD_S });
      if (!error.sentence) throw error;
    } finally {
      this.#file.value = "";
      this.look({ again: true });
    }
  }

  #viewer() {
    const { user, logoutUrl } = this.#options;
    if (!user && !logoutUrl) return null;
    const leave = async (event) => {
      if (!isPlainClick(event) || !this.#actions.logOut) return;
      event.preventDefault();
      try {
        await this.#actions.logOut();
      } finally {
        location.assign(logoutUrl);
      }
    };
    const name = user ? element("bdi", { class: "name", title: user }, user) : null;
    const logOut = logoutUrl ? element("a", { href: logoutUrl, click: leave }, word("log_out")) : null;
    return element("p", { class: "viewer" }, name, logOut);
  }
}
