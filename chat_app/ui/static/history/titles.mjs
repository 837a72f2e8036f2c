// A conversation's title as it is shown: one line, no longer than is read, and nothing that turns what is around it.

import { word } from "./words.mjs";

const LONGEST = 200;
const TURNING = /[\u202a-\u202e\u2066-\u2069]/gu;
const CONTROL = /[\p{Cc}\s]+/gu;

/** The title, at most 200 characters; `empty` when there is nothing to see in it. */
export const shownTitle = (title, empty = word("new_chat")) => {
  const line = String(title ?? "").slice(0, 8 * LONGEST).replace(TURNING, "").replace(CONTROL, " ").trim();
  if (!/[^\s\p{Cf}\p{M}]/u.test(line)) return empty;
  const characters = [...line];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join("")}…` : line;
};
