// The panel of the artifacts: one version of one of them, as code or as what it looks like, and what can be done with it.

import { download } from "../history/files.mjs";
import { fileName } from "../history/export.mjs";
import { element, setAttribute, setText } from "../history/elements.mjs";
import { word } from "../history/words.mjs";
import { CodeView } from "./code_view.mjs";
import { frameOf } from "./frames.mjs";
import { extensionFor } from "./languages.mjs";
import { Place } from "./place.mjs";
import { pictureOf } from "./sandbox.mjs";
import { seen } from "./versions.mjs";

/** The bytes of a type of file that a browser must not open as a page of ours. */
const SAVED_AS = "application/octet-stream";

export class ArtifactPanel {
  #shown = null; // {artifacts, artifact, version, at}, or null for nothing
  #view = null; // "code" or "preview", as chosen for this artifact
  #previewed = "";

  /** `pick(key)` is called when the visitor wants to see the version of that key. */
  constructor(pick) {
    this.#make(pick);
    this.place = new Place(this.element, this.inside, () => this.#drawSize());
    document.body.append(this.element);
  }

  /** Show a version, {artifacts, artifact, version, at}, or null for none. */
  show(shown) {
    if (shown?.artifact.key !== this.#shown?.artifact.key) this.#view = null;
    this.#shown = shown;
    if (this.place.open) this.#draw();
  }

  open(back) {
    this.place.show(back);
    this.#draw();
  }

  #button(name, click, ...children) {
    return element("button", { type: "button", click }, ...(children.length ? children : [word(name)]));
  }

  #sign(sign, name, click) {
    const button = this.#button(name, click, sign);
    button.setAttribute("aria-label", word(name));
    button.className = "sign";
    return button;
  }

  #make(pick) {
    const step = (by) => () => pick(this.#shown.artifact.versions[this.#shown.at + by].key);
    const see = (view) => () => ((this.#view = view), this.#draw());
    this.title = element("h2", {});
    this.select = element("select", { "aria-label": word("artifact"), change: () => pick(this.select.value) });
    this.size = this.#button("artifact_larger", () => (this.place.large = !this.place.large));
    this.size.className = "size";
    this.code = this.#button("artifact_code", see("code"));
    this.preview = this.#button("artifact_preview", see("preview"));
    this.views = element("div", { class: "views", role: "group", "aria-label": word("artifact_show_as") }, this.preview, this.code);
    this.earlier = this.#sign("‹", "earlier_version", step(-1));
    this.later = this.#sign("›", "later_version", step(1));
    this.count = element("span", {});
    this.steps = element("div", { class: "steps", role: "group", "aria-label": word("artifact_versions") }, this.earlier, this.count, this.later);
    this.actions = element("div", { class: "actions" }, this.#button("artifact_copy", () => this.#copy()), this.#button("artifact_save", () => this.#save()));
    this.bar = element("div", { class: "bar" }, this.views, this.steps, this.actions);
    this.lines = new CodeView(word("artifact_code"));
    this.picture = element("div", { class: "preview" });
    this.told = element("p", { class: "told", role: "status" });
    this.nothing = element("p", { class: "nothing" }, word("artifact_none"));
    const head = element("div", { class: "head" }, this.title, this.select, this.size, this.#sign("×", "artifact_close", () => this.place.close()));
    const parts = [head, this.bar, this.lines.element, this.picture, this.nothing, this.told];
    this.inside = element("div", { class: "inside", tabindex: "-1", "aria-label": word("artifacts") }, ...parts);
    this.element = element("div", { id: "artifacts" }, this.inside);
  }

  #drawSize() {
    const { large, open } = this.place ?? { large: false, open: false };
    setText(this.size, word(large ? "artifact_smaller" : "artifact_larger"));
    if (open) return;
    setText(this.told, "");
    this.#preview(null); // what runs in it ends
  }

  #draw() {
    const shown = this.#shown;
    for (const each of [this.bar, this.lines.element, this.picture]) each.hidden = !shown;
    this.nothing.hidden = Boolean(shown);
    this.#drawNames();
    if (!shown) return void this.#preview(null);
    const { artifact, version, at } = shown;
    const canBeSeen = seen(version.language);
    const view = canBeSeen && version.whole && this.#view !== "code" ? "preview" : "code";
    this.views.hidden = !canBeSeen;
    this.steps.hidden = artifact.versions.length < 2;
    setText(this.count, `${at + 1} / ${artifact.versions.length}`);
    this.#able(this.earlier, at > 0, this.later);
    this.#able(this.later, at < artifact.versions.length - 1, this.earlier);
    setAttribute(this.preview, "aria-pressed", String(view === "preview"));
    setAttribute(this.code, "aria-pressed", String(view === "code"));
    this.preview.disabled = !version.whole;
    setAttribute(this.preview, "title", version.whole ? null : word("artifact_not_whole"));
    this.lines.element.hidden = view !== "code";
    this.picture.hidden = view !== "preview";
    if (view === "code") this.lines.show(version.text, !version.whole);
    this.#preview(view === "preview" ? shown : null);
    const focused = document.activeElement;
    if (this.inside.contains(focused) && !focused.checkVisibility()) this.inside.focus(); // its button is not for this one
  }

  // Whoever goes through the versions by key stands on the same arrow, or at the end on the other one.
  #able(button, able, other) {
    const had = document.activeElement === button;
    button.disabled = !able;
    if (had && !able) (other.disabled ? this.inside : other).focus();
  }

  #drawNames() {
    const artifacts = this.#shown?.artifacts ?? [];
    this.title.hidden = artifacts.length > 1;
    setText(this.title, this.#shown?.artifact.title ?? word("artifacts"));
    this.select.hidden = artifacts.length < 2;
    const wanted = artifacts.map(({ title, versions }) => [title, versions.at(-1).key]);
    const there = [...this.select.options].map(({ text, value }) => [text, value]);
    if (JSON.stringify(wanted) !== JSON.stringify(there)) {
      this.select.replaceChildren(...wanted.map(([title, value]) => element("option", { value }, title)));
    }
    if (this.#shown) this.select.value = this.#shown.artifact.versions.at(-1).key;
  }

  // A frame is made anew only for another text: while others of the conversation arrive it goes on.
  #preview(shown) {
    const key = shown ? `${shown.version.key} ${shown.version.text}` : "";
    if (key === this.#previewed) return;
    this.#previewed = key;
    if (!shown) return void this.picture.replaceChildren();
    const { version, artifact } = shown;
    const html = version.language === "svg" ? pictureOf(version.text) : version.text;
    this.picture.replaceChildren(frameOf(html, word("artifact_preview_of", { title: artifact.title })));
  }

  #tell(text) {
    this.told.textContent = text;
    setTimeout(() => this.told.textContent === text && (this.told.textContent = ""), 4000);
  }

  async #copy() {
    const copied = await navigator.clipboard?.writeText(this.#shown.version.text).then(() => true, () => false);
    this.#tell(word((copied ?? this.#copyOld(this.#shown.version.text)) ? "artifact_copied" : "artifact_not_copied"));
  }

  // A page without TLS has no other way.
  #copyOld(text) {
    const had = document.activeElement;
    const box = element("textarea", { class: "unseen" });
    box.value = text;
    this.inside.append(box);
    box.select();
    const copied = document.execCommand("copy");
    box.remove();
    had?.focus();
    return copied;
  }

  #save() {
    const { version, artifact } = this.#shown;
    const given = (version.name || artifact.versions.findLast(({ name }) => name)?.name || "").split(/[\\/]/).at(-1);
    const [, base, extension] = /^(.+)\.(\w{1,10})$/.exec(given) ?? [null, artifact.title, extensionFor(version.language)];
    download(fileName(base, extension), SAVED_AS, `${version.text}\n`);
  }
}
