import assert from "node:assert/strict";
import { test } from "node:test";

import { problemsOf } from "../../../chat_app/ui/static/history/entry.mjs";
import { newConversation, newMessage, shownText } from "../../../chat_app/ui/static/history/tree.mjs";

const entry = () => {
  const question = newMessage("c", null, "user", [shownText("user", "Hello")], { id: "q" });
  const answer = newMessage("c", "q", "assistant", [shownText("assistant", "Hi")], { id: "a" });
  return { conversation: newConversation({ id: "c", head: "a" }), messages: [question, answer] };
};

test("what tree.mjs makes has no problems", () => assert.deepEqual(problemsOf(entry()), []));

const WRONG = {
  "a field is missing": ({ conversation }) => delete conversation.title,
  "a field is one too many": ({ messages }) => (messages[0].html = ""),
  "an id is no id": ({ conversation }) => (conversation.id = "a b"),
  "the head is missing": ({ conversation }) => (conversation.head = "x"),
  "a parent is missing": ({ messages }) => (messages[1].parent = "x"),
  "parents run in a circle": ({ messages }) => (messages[0].parent = "a"),
  "an id is there twice": ({ messages }) => (messages[1].id = "q"),
  "a message is of another conversation": ({ messages }) => (messages[1].conversation = "d"),
  "a role is none": ({ messages }) => (messages[1].role = "system"),
  "a part is no text": ({ messages }) => (messages[1].shown[0].content = [{ type: "file", file: {} }]),
  "metadata has a strange key": ({ messages }) => (messages[1].shown[0].metadata = { parent_id: "x" }),
  "options are not label and value": ({ messages }) => (messages[1].shown[0].options = [{ label: "a" }]),
  "a time is none": ({ conversation }) => (conversation.updated = "today"),
  "a parameter is a record": ({ conversation }) => (conversation.parameters = { a: {} }),
  "a message is too long": ({ messages }) => (messages[1].shown[0].content[0].text = "x".repeat(1_100_000)),
};

for (const [what, change] of Object.entries(WRONG)) {
  test(`it is told when ${what}`, () => {
    const changed = entry();
    change(changed);
    assert.notDeepEqual(problemsOf(changed), []);
  });
}

test("anything at all can be asked about", () => {
  for (const value of [null, undefined, 1, "x", [], {}, { conversation: null, messages: [] },
    { conversation: {}, messages: [null] }]) {
    assert.notDeepEqual(problemsOf(value), []);
  }
});
