import assert from "node:assert/strict";
import { test } from "node:test";

import { problemsOf } from "../../../chat_app/ui/static/history/entry.mjs";
import { newConversation, newMessage, shownText } from "../../../chat_app/ui/static/history/tree.mjs";

const entry = () => {
  const question = newMessage("c", null, "user", [shownText("user", "Hello")], { id: "q" });
  const answer = newMessage("c", "q", "assistant", [shownText("assistant", "Hi")], { id: "a" });
  return { conversation: newConversation({ id: "c", head: "a" }), messages: [question, answer] };
};

const PICTURE = { type: "image", mime_type: "image/png", data: "aGk=", name: "a.png", width: 1, height: 1 };
const PLOT = { type: "component", component: "plot", value: { type: "plotly", plot: "{}" }, constructor_args: {}, props: {} };
const fileAt = (url) => ({ type: "file", file: { path: "a", url, orig_name: "a", mime_type: "image/png" }, alt_text: null });

test("what tree.mjs makes has no problems", () => assert.deepEqual(problemsOf(entry()), []));

test("files, figures, steps and what an answer took belong to a message", () => {
  const { conversation, messages } = entry();
  messages[0].parts = [PICTURE, { type: "text", text: "Hello" }];
  messages[1].parts = [
    { type: "tool_call", id: "1", name: "look", arguments: "{}" },
    { type: "tool_result", id: "1", text: "ok", images: [PICTURE] },
    { type: "text", text: "Hi" },
  ];
  messages[1].usage = "12 tokens";
  messages[1].shown[0].metadata = { parent_id: "s", title: "look" };
  messages[1].shown[0].content = [fileAt("data:image/png;base64,aGk="), PLOT,
    { ...PLOT, component: "gallery", value: [{ image: fileAt("data:image/png;base64,aGk=").file, caption: null }] }];
  assert.deepEqual(problemsOf({ conversation, messages }), []);
});

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
  "metadata has a strange key": ({ messages }) => (messages[1].shown[0].metadata = { html: "x" }),
  "a part has a strange type": ({ messages }) => (messages[0].parts = [{ type: "html", text: "x" }]),
  "a picture is not Base64": ({ messages }) => (messages[0].parts = [{ ...PICTURE, data: "<svg>" }]),
  "a picture has a type that can hold scripts": ({ messages }) => (messages[0].parts = [{ ...PICTURE, mime_type: "image/svg+xml" }]),
  "a file is loaded from elsewhere": ({ messages }) => (messages[1].shown[0].content = [fileAt("https://a.invalid/b.png")]),
  "a file's address is a script": ({ messages }) => (messages[1].shown[0].content = [fileAt("javascript:alert(1)")]),
  "a component is one that evaluates text": ({ messages }) => (messages[1].shown[0].content = [{ ...PLOT, component: "html" }]),
  "a component is made with arguments": ({ messages }) => (messages[1].shown[0].content = [{ ...PLOT, props: { a: 1 } }]),
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
