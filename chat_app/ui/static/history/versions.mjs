// The arrows on a message that has several versions. Gradio's chatbot has no place for them, so they are put into its
// rows: it draws one `.message-row` for each group (read in Gradio 6.31).

import { groupsOf } from "./tree.mjs";
import { word } from "./words.mjs";

/** Draw the arrows for `path`, the messages on the page. `turnTo(id)` shows another version. */
export const drawVersions = (path, tree, turnTo) => {
  const rows = [...document.querySelectorAll("#conversation .message-row")];
  const groups = groupsOf(path);
  for (const [at, row] of rows.entries()) {
    const message = groups[at]?.find((each) => tree.versions(each.id).length > 1);
    draw(row, message ? tree.versions(message.id) : [], message, turnTo);
  }
};

const draw = (row, versions, message, turnTo) => {
  const bar = row.querySelector(".versions");
  const key = message ? `${message.id} ${versions.length}` : "";
  if ((bar?.dataset.key ?? "") === key) return;
  const focused = [...(bar?.children ?? [])].indexOf(document.activeElement);
  bar?.remove();
  if (!message) return;
  const at = versions.indexOf(message.id);
  const made = document.createElement("div");
  made.className = "versions";
  made.dataset.key = key;
  made.setAttribute("role", "group");
  made.setAttribute("aria-label", message.role === "user" ? word("versions_of_question") : word("versions_of_answer"));
  const place = document.createElement("span");
  place.textContent = `${at + 1} / ${versions.length}`;
  made.append(
    arrow("‹", word("earlier_version"), versions[at - 1], turnTo),
    place,
    arrow("›", word("later_version"), versions[at + 1], turnTo),
  );
  (row.querySelector(".flex-wrap") ?? row).append(made);
  // Whoever goes through the versions by key stands on the same arrow, or at the end on the other one.
  if (focused >= 0) (made.children[focused].disabled ? made.querySelector("button:enabled") : made.children[focused]).focus();
};

const arrow = (sign, name, id, turnTo) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = sign;
  button.setAttribute("aria-label", name);
  button.disabled = !id;
  button.addEventListener("click", () => turnTo(id));
  return button;
};
