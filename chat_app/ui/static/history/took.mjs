// What an answer took, as a line below it. Gradio's chatbot has no place for it, so it is put into its rows, as the arrows
// of versions.mjs are.

import { element } from "./elements.mjs";
import { groupsOf } from "./tree.mjs";

/** Draw the lines for `path`, the messages on the page. */
export const drawUsage = (path) => {
  const rows = [...document.querySelectorAll("#conversation .message-row")];
  const groups = groupsOf(path);
  for (const [at, row] of rows.entries()) {
    const text = groups[at]?.findLast(({ usage }) => usage)?.usage ?? "";
    const line = row.querySelector(".took");
    if ((line?.textContent ?? "") === text) continue;
    line?.remove();
    if (text) (row.querySelector(".flex-wrap") ?? row).append(element("p", { class: "took" }, text));
  }
};
