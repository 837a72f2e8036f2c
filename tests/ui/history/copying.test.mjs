// The pieces of a long answer are copied as what one speaker said.

import assert from "node:assert/strict";
import { test } from "node:test";

import { joined } from "../../../chat_app/ui/static/history/copying.mjs";
import { shownText } from "../../../chat_app/ui/static/history/tree.mjs";

const answer = (...texts) => ({ ...shownText("assistant", ""), content: texts.map((text) => ({ type: "text", text })) });

test("each answer has its speaker once, also where all of its pieces are alike", () => {
  const drawn = [shownText("user", "Tell."), answer("One.\n", "One.\n", "One."), shownText("user", "More."), answer("One.\n", "One.\n", "One."), answer("$&")];
  const copied = drawn.flatMap(({ role, content }) => content.map(({ text }) => `${role}: ${text}`)).join("\n\n");
  const whole = "One.\n\nOne.\n\nOne.";
  assert.equal(joined(copied, drawn), `user: Tell.\n\nassistant: ${whole}\n\nuser: More.\n\nassistant: ${whole}\n\nassistant: $&`);
});

test("what else is copied stays as it is", () => {
  assert.equal(joined("assistant: One.\n\nassistant: Two.", [answer("Two.\n", "One.")]), "assistant: One.\n\nassistant: Two.");
});
