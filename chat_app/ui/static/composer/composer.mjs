// The text box takes files: puts the parts of this folder together, and into Gradio's text box, which knows nothing of them.
// Gradio draws its own elements anew and leaves ours alone; `place` puts them back if they are ever gone.

import { element } from "../history/elements.mjs";
import { tell } from "../history/notices.mjs";
import { word } from "../history/words.mjs";
import { Attachments } from "./attachments.mjs";
import { makeChips, makeStatus } from "./chips.mjs";
import { listen, makeButtons } from "./intake.mjs";
import { keptParts } from "./kept.mjs";
import { upload } from "./upload.mjs";

/** A page that takes no files. */
export const noFiles = { parts: [], count: 0, sent() {}, restore() {}, clear() {}, place() {}, holdsBack: () => false };

const box = () => document.querySelector("#question");
const typing = () => box()?.querySelector("textarea");

// As if the visitor did it, so that Gradio takes what is typed by then.
const send = () => {
  const button = box()?.querySelector(".submit-button");
  if (button) button.click();
  else typing()?.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
};

/**
 * The files of the page: {parts, count, sent(parts), restore(parts, filled), clear(), place(), holdsBack()}. `settings` is
 * {uploads: {maxFiles, maxFileBytes}, store, saveHistory}; `preset()` is the name of the picked one.
 */
export const makeComposer = (settings, preset) => {
  const kept = settings.saveHistory ? keptParts(settings.store) : { get: async () => [], set() {} };
  let [restored, keeps] = [false, []];
  const changed = () => {
    chips.update(attachments.items);
    status.update(attachments);
    const { parts } = attachments;
    if (!restored || (parts.length === keeps.length && parts.every((part, at) => part === keeps[at]))) return;
    keeps = parts;
    kept.set(parts);
  };
  const attachments = new Attachments(settings.uploads, (file, signal) => upload(file, preset(), signal), {
    changed,
    refused: (problem) => tell({ kind: "down", seconds: 30, ...problem }),
    ready: send,
  });
  const add = (files) => {
    attachments.add(files);
    typing()?.focus();
  };
  const remove = (id, at) => {
    attachments.remove(id);
    if (!chips.focusNear(at)) typing()?.focus();
  };
  const cancel = () => {
    attachments.cancel();
    typing()?.focus();
  };
  const chips = makeChips(remove);
  const status = makeStatus(cancel);
  const above = element("div", { class: "composer" }, chips.element, status.element);
  const buttons = makeButtons(add);
  const target = element("div", { class: "composer-target", hidden: true }, element("p", {}, word("drop_files")));

  const place = () => {
    const home = box();
    if (!home || (above.parentElement === home && buttons.parentElement === home)) return;
    home.prepend(above, buttons);
    document.body.append(target);
  };
  place();
  listen(add, target);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest?.("#question") && attachments.cancel()) event.stopPropagation();
  });
  kept.get().then((parts) => {
    restored = true;
    keeps = parts;
    if (parts.length) attachments.restore(parts);
    changed();
  });

  return {
    get parts() {
      return attachments.parts;
    },
    get count() {
      return attachments.items.length;
    },
    sent: (parts) => attachments.sent(parts),
    restore: (parts, filled) => attachments.restore(parts, filled),
    clear: () => attachments.clear(),
    holdsBack: () => attachments.holdsBack(),
    place,
  };
};
