// The files above the text box: one chip for each, with its picture or a sign, its name, what is to be known of it, and a
// button to take it away. A chip stays the same element while its file is read, so that the focus stays where it is.

import { element, icon, setAttribute, setText, unseen } from "../history/elements.mjs";
import { addressOf } from "../history/parts.mjs";
import { word } from "../history/words.mjs";

const SIGNS = { image: "picture", audio: "sound", document: "document" };

const signOf = ({ kind, part }) => {
  if (part) return SIGNS[part.type] ?? "document";
  return kind.startsWith("image/") ? "picture" : kind.startsWith("audio/") ? "sound" : "document";
};

/** The list: {element, update(items), focusNear(at)}; `remove(id)` is asked for by a button. */
export const makeChips = (remove) => {
  const chips = new Map(); // by the id of its item
  const list = element("ul", { class: "composer-chips", "aria-label": word("files_of_message"), hidden: true });
  const buttons = () => [...list.querySelectorAll("button")];

  const make = ({ id, name }) => {
    const looks = element("span", { class: "looks" });
    const note = element("span", { class: "note" });
    const click = () => remove(id, buttons().indexOf(button));
    const button = element("button", { type: "button", "aria-label": word("remove_file", { name }), title: word("remove"), click }, icon("close"));
    const words = element("span", { class: "words" }, element("bdi", { class: "name", title: name }, name), note);
    return { chip: element("li", {}, looks, words, button), looks, note };
  };

  const draw = ({ chip, looks, note }, item) => {
    const state = item.part ? "ready" : "reading";
    if (chip.dataset.state === state) return;
    chip.dataset.state = state;
    setAttribute(chip, "aria-busy", item.part ? null : "true");
    const address = item.part?.type === "image" ? addressOf(item.part) : "";
    looks.replaceChildren(address ? element("img", { src: address, alt: "" }) : icon(signOf(item)));
    note.replaceChildren(item.part ? (item.part.cut ?? "") : word("reading"));
    setAttribute(note, "title", item.part?.cut || null);
  };

  return {
    element: list,
    update(items) {
      for (const [id, { chip }] of chips) {
        if (items.some((item) => item.id === id)) continue;
        chip.remove();
        chips.delete(id);
      }
      for (const item of items) {
        if (!chips.has(item.id)) {
          chips.set(item.id, make(item));
          list.append(chips.get(item.id).chip);
        }
        draw(chips.get(item.id), item);
      }
      list.hidden = !items.length;
    },
    /** Put the focus on the button that stands where the one at `at` did. Whether there is any. */
    focusNear(at) {
      const all = buttons();
      all[Math.min(at, all.length - 1)]?.focus();
      return all.length > 0;
    },
  };
};

/** What is said of all of them: {element, update(attachments)}. `cancel` is asked for by a button. */
export const makeStatus = (cancel) => {
  const said = element("span", { role: "status" });
  const stop = element("button", { type: "button", hidden: true, click: cancel }, word("do_not_send"));
  let before = { busy: 0 };
  const text = ({ busy, waits, parts }) => {
    if (waits) return word("sent_when_read");
    if (busy) return "";
    return before.busy && parts.length ? word("files_ready", { count: parts.length }) : "";
  };
  const quiet = unseen("");
  quiet.setAttribute("role", "status");
  return {
    element: element("div", { class: "composer-status" }, said, quiet, stop),
    update(attachments) {
      const { waits } = attachments;
      const now = text(attachments);
      setText(said, waits ? now : "");
      if (!waits && (now || attachments.busy)) setText(quiet, now);
      stop.hidden = !waits;
      before = { busy: attachments.busy };
    },
  };
};
