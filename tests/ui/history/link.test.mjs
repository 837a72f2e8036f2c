import assert from "node:assert/strict";
import { test } from "node:test";

import { linkOf } from "../../../chat_app/ui/static/history/link.mjs";

test("a link says the preset, the model and the question, and what else stands in the address stays", () => {
  assert.deepEqual(linkOf("?preset=Tutor&q=Why%3F+%26+how&__theme=dark"),
    { preset: "Tutor", model: "", question: "Why? & how", search: "?__theme=dark" });
  assert.deepEqual(linkOf("?model=toy"), { preset: "", model: "toy", question: "", search: "" });
});

test("an address without them is no link", () => {
  assert.equal(linkOf(""), null);
  assert.equal(linkOf("?__theme=dark"), null);
});

test("a question of any length is cut", () => assert.equal(linkOf(`?q=${"x".repeat(50_000)}`).question.length, 20_000));
