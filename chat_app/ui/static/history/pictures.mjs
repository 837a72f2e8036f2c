// What Gradio's chatbot leaves undone where a message has files (read in Gradio 6.31): the button around a picture has no
// name, and an edit is read from the first content, which then is no text: it throws, and nothing is edited.

import { setAttribute } from "./elements.mjs";
import { drawnOf, filesOf } from "./parts.mjs";
import { groupsOf } from "./tree.mjs";

const rows = () => [...document.querySelectorAll("#conversation .message-row")];
const isPicture = ({ type, file }) => type === "file" && file.mime_type.startsWith("image/");

/** Name the pictures of `path`, the messages on the page. */
export const namePictures = (path) => {
  const groups = groupsOf(path);
  for (const [at, row] of rows().entries()) {
    const buttons = [...row.querySelectorAll(".image-container > button")];
    if (!buttons.length) continue;
    const pictures = (groups[at] ?? []).flatMap(drawnOf).flatMap(({ content }) => content).filter(isPicture);
    for (const [number, button] of buttons.entries()) setAttribute(button, "aria-label", pictures[number]?.file.orig_name ?? null);
  }
};

/** The edit that is open: {row, typed, submit, cancel}, the box and its two buttons; null when there is none. */
export const openEdit = () => {
  const typed = document.querySelector("#conversation .edit-textarea");
  const row = typed?.closest(".message-row");
  // Beside the message, or in it where messages have the full width.
  const panel = row?.querySelector(".message-buttons") ?? row?.nextElementSibling;
  const [submit, cancel] = panel?.querySelectorAll("button") ?? [];
  return cancel ? { row, typed, submit, cancel } : null;
};

/** Edits of questions with files, told as {message, value}: listen to clicks before Gradio does. */
export const editsWithFiles = (path, told) => {
  const listen = (event) => {
    const edit = openEdit();
    if (!edit?.submit.contains(event.target)) return;
    const message = groupsOf(path())[rows().indexOf(edit.row)]?.find((each) => filesOf(each).length);
    if (!message) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { value } = edit.typed;
    edit.cancel.click();
    told({ message, value });
  };
  document.addEventListener("click", listen, true);
};
