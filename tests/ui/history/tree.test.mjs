import assert from "node:assert/strict";
import test from "node:test";
import { groupsOf, newConversation, newId, newMessage, shownText, textOf, titleOf, Tree } from "../../../chat_app/ui/static/history/tree.mjs";

const at = (second) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const said = (id, parent, role = "user", second = 0) => newMessage("c", parent, role, [shownText(role, id)], { id }, at(second));

test("ids are 24 hexadecimal digits and never the same", () => {
  const ids = new Set(Array.from({ length: 1000 }, newId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{24}$/);
});

test("a conversation begins with nothing said, in the present schema", () => {
  const { head, title, schema, deleted } = newConversation({ preset: "Assistant" });
  assert.deepEqual({ head, title, schema, deleted }, { head: null, title: "", schema: 1, deleted: null });
});

test("a title is the first words of one line", () => {
  assert.equal(titleOf("  Why is\n\tthe sky blue? "), "Why is the sky blue?");
  assert.equal(titleOf("word ".repeat(40)), `${"word ".repeat(12).trim()}…`);
  assert.equal(titleOf("x".repeat(200)), `${"x".repeat(60)}…`);
  assert.equal(titleOf(" \n "), "");
  assert.equal(titleOf(`${"🦙".repeat(80)}`).includes("�"), false);
});

test("the text of a message is what was said, without thoughts and notices", () => {
  const shown = [
    { ...shownText("assistant", "hm"), metadata: { title: "Thought" } },
    { ...shownText("assistant", "Yes."), metadata: { id: "1", log: "token" } },
    { ...shownText("assistant", "look"), metadata: { title: "⚠ cut" } },
  ];
  assert.equal(textOf(newMessage("c", null, "assistant", shown)), "Yes.");
});

test("the path goes from a first message to the head", () => {
  const tree = new Tree([said("c", "b"), said("b", "a", "assistant"), said("a", null), said("other", "a", "assistant")]);
  assert.deepEqual(tree.path("c").map(({ id }) => id), ["a", "b", "c"]);
  assert.deepEqual(tree.path(null), []);
  assert.deepEqual(tree.path("nobody"), []);
});

test("versions are the siblings of one role, the oldest first", () => {
  const tree = new Tree([said("q", null), said("late", "q", "assistant", 5), said("early", "q", "assistant", 1), said("odd", "q", "user", 2)]);
  assert.deepEqual(tree.versions("late"), ["early", "late"]);
  tree.put(said("between", "q", "assistant", 3));
  assert.deepEqual(tree.versions("early"), ["early", "between", "late"]);
});

test("a newer form of a message takes the place of the older one", () => {
  const tree = new Tree([said("a", null)]);
  tree.put({ ...tree.get("a"), rating: "Like" });
  assert.equal(tree.size, 1);
  assert.equal(tree.path("a")[0].rating, "Like");
});

test("the newest leaf is the end of what was said last", () => {
  const tree = new Tree([said("q", null), said("1", "q", "assistant", 1), said("2", "q", "assistant", 2), said("q2", "1", "user", 9)]);
  assert.equal(tree.newestLeaf(), "2");
  assert.equal(tree.newestLeaf("1"), "q2");
  assert.equal(new Tree().newestLeaf(), null);
});

test("parents that are missing or go in a circle end a path and lose no message", () => {
  const tree = new Tree([said("a", "b"), said("b", "a"), said("lost", "nobody")]);
  assert.deepEqual(tree.path("a").map(({ id }) => id), ["b", "a"]);
  assert.equal(tree.newestLeaf(), "lost");
  assert.equal(tree.messages.length, 3);
});

test("messages of one role in a row stand in one group", () => {
  const path = [said("q", null), said("1", "q", "assistant"), said("2", "1", "assistant"), { ...said("0", "2"), shown: [] }, said("q2", "0")];
  assert.deepEqual(groupsOf(path).map((group) => group.map(({ id }) => id)), [["q"], ["1", "2"], ["q2"]]);
});

test("a message that comes before its parent stands under it as soon as that is there", () => {
  const tree = new Tree([said("a", "q", "assistant")]);
  assert.equal(tree.newestLeaf(), "a");
  tree.put(said("q", null));
  assert.deepEqual([tree.newestLeaf("q"), tree.versions("q")], ["a", ["q"]]);
  assert.deepEqual(tree.path("a").map(({ id }) => id), ["q", "a"]);
});
