// The ways in which files come to the page: chosen, photographed, dropped anywhere on it, pasted. Each ends in
// `add(files)`. What is pasted or dropped as text stays text, as the browser does it.

import { element, icon } from "../history/elements.mjs";
import { word } from "../history/words.mjs";

/** Whether a finger is likely: then there is a button for the camera. */
export const hasTouch = () => navigator.maxTouchPoints > 0 || matchMedia("(pointer: coarse)").matches;

/** The buttons: for files, and for the camera where there may be one. */
export const makeButtons = (add) => {
  const button = (label, drawing, attributes) => {
    const input = element("input", {
      type: "file",
      hidden: true,
      tabindex: "-1",
      "aria-label": label,
      ...attributes,
      change: () => {
        add([...input.files]);
        input.value = ""; // the same one can be chosen again
      },
    });
    const click = () => input.click();
    return [element("button", { type: "button", "aria-label": label, title: label, click }, icon(drawing)), input];
  };
  return element(
    "div",
    { class: "composer-buttons" },
    ...button(word("add_files"), "attach", { multiple: true }),
    ...(hasTouch() ? button(word("take_picture"), "camera", { accept: "image/*", capture: "environment" }) : []),
  );
};

/** Whether a paste is of files: what comes with formatted text, as from a spreadsheet, is a picture of that text. */
export const pastesFiles = (data) =>
  data.files.length > 0 && !(data.getData("text/plain").trim() && data.types.includes("text/html"));

/** Take in what is dropped on the page or pasted into the text box, or where nothing else takes text. */
export const listen = (add, target) => {
  let inside = 0;
  let own = false; // something of the page itself is being dragged, such as a picture of an answer
  const show = (seen) => target.toggleAttribute("hidden", !seen);
  const holdsFiles = ({ dataTransfer }) => !own && dataTransfer?.types.includes("Files");
  const end = () => {
    inside = 0;
    show(false);
  };
  addEventListener("dragstart", () => (own = true));
  addEventListener("dragend", () => (own = false));
  addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    inside += 1;
    show(true);
  });
  addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", (event) => {
    if (!holdsFiles(event)) return;
    inside -= 1;
    if (inside <= 0) end();
  });
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // else the page would be left for the file
    end();
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const elsewhere = event.target.closest?.("input, textarea, [contenteditable]");
    if ((elsewhere && !elsewhere.closest("#question")) || !event.clipboardData || !pastesFiles(event.clipboardData)) return;
    event.preventDefault();
    add([...event.clipboardData.files]);
  });
};
