// The text box takes files: puts the parts of this folder together, and into Gradio's text box, which knows nothing of them.
// Gradio draws its own elements anew and leaves ours alone; `place` puts them back if they are ever gone.

import { element } from "../history/elements.mjs";
import { tell } from "../history/notices.mjs";
import { word } from "../history/words.mjs";
import { Attachments, notAdded } from "./attachments.mjs";
import { makeChips, makeStatus } from "./chips.mjs";
import { listen, makeButtons } from "./intake.mjs";
import { NONE, keptFiles } from "./kept.mjs";
import { upload } from "./upload.mjs";

/** A page that takes no files. */
export const noFiles = { parts: [], count: 0, sent() {}, restore() {}, fillIn() {}, clear() {}, place() {}, leave() {}, look() {}, want: () => true };

const box = () => document.querySelector("#question");
const typing = () => box()?.querySelector("textarea");

// As if the visitor did it, so that Gradio takes what is typed by then.
const send = () => {
  const button = box()?.querySelector(".submit-button");
  if (button) button.click();
  else typing()?.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true, cancelable: true }));
};

/**
 * The files of the page: {parts, count, sent(parts), restore(parts), fillIn(parts), clear(), place(), leave(), look(), want()}.
 * `leave` is to be called when another conversation comes onto the page, which what waits is not meant for, and `look`
 * when an answer is whole. `settings` is {uploads: {maxFiles, maxFileBytes}, store, saveHistory}; `preset()` is the name
 * of the picked one.
 */
export const makeComposer = (settings, preset) => {
  const kept = settings.saveHistory ? keptFiles(settings.store) : { get: async () => NONE, set() {} };
  const changed = () => {
    chips.update(attachments.items);
    status.update(attachments);
    kept.set(attachments.items);
  };
  const refused = (problem) => tell({ kind: "down", seconds: 30, ...problem });
  const attachments = new Attachments(settings.uploads, (file, signal) => upload(file, preset(), signal), {
    changed,
    refused,
    free: () => !document.body.classList.contains("answering"),
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
  kept.get().then(({ parts, unread }) => {
    if (parts.length) attachments.restore(parts);
    if (unread.length) refused(notAdded(unread, { sentence: word("upload_cut_off"), hint: word("upload_cut_off_hint") }));
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
    restore: (parts) => attachments.restore(parts),
    fillIn: (parts) => attachments.fillIn(parts),
    clear: () => attachments.clear(),
    leave: () => attachments.cancel(),
    look: () => attachments.look(),
    want: () => attachments.want(),
    place,
  };
};
