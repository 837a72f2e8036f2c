import assert from "node:assert/strict";
import { test } from "node:test";

import { shownTitle } from "../../../chat_app/ui/static/history/titles.mjs";

test("a title is one line", () => {
  assert.equal(shownTitle("  Two\n\tlines\u0000 "), "Two lines");
});

test("a title with nothing to see is a new chat", () => {
  for (const title of ["", "  ", "\u200b\u200d", "\u202e", null]) assert.equal(shownTitle(title), "New chat");
});

test("a long title is cut between characters", () => {
  const title = shownTitle("😀".repeat(10_000));
  assert.equal([...title].length, 201);
  assert.ok(title.isWellFormed() && title.endsWith("😀…"));
});

test("nothing in a title turns what stands beside it around", () => {
  assert.equal(shownTitle("\u202egpj.\u2066exe\u2069"), "gpj.exe");
  assert.equal(shownTitle("שלום 👩‍👩‍👧"), "שלום 👩‍👩‍👧");
});

test("markup is text, and other things than text do no harm", () => {
  assert.equal(shownTitle("<img src=x onerror=alert(1)>"), "<img src=x onerror=alert(1)>");
  assert.equal(shownTitle({}), "[object Object]");
});
