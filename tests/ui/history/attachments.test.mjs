import assert from "node:assert/strict";
import { test } from "node:test";

import { Attachments } from "../../../chat_app/ui/static/composer/attachments.mjs";
import { Refused } from "../../../chat_app/ui/static/composer/upload.mjs";

const LIMITS = { maxFiles: 3, maxFileBytes: 1_000 };
const file = (name, size = 10) => ({ name, size, type: "image/png" });
const partOf = (name) => ({ type: "image", mime_type: "image/png", data: "aGk=", name, width: 1, height: 1 });
const settle = () => new Promise((resolve) => setTimeout(resolve));

/** Files whose reading ends when the test says so: `reading` has {name, signal, done(part), fail(error)}. */
const made = (limits = LIMITS) => {
  const reading = [];
  const told = { refusals: [], sends: 0, free: true };
  const read = ({ name }, signal) => new Promise((done, fail) => reading.push({ name, signal, done: () => done(partOf(name)), fail }));
  const attachments = new Attachments(limits, read, {
    changed() {},
    refused: (problem) => told.refusals.push(problem),
    free: () => told.free,
    ready: () => (told.sends += 1),
  });
  return { attachments, reading, told };
};

test("files keep the order in which they were added, whichever is read first", async () => {
  const { attachments, reading } = made();
  attachments.add([file("a"), file("b")]);
  assert.equal(attachments.busy, true);
  reading[1].done();
  await settle();
  reading[0].done();
  await settle();
  assert.deepEqual(attachments.parts.map(({ name }) => name), ["a", "b"]);
  assert.equal(attachments.busy, false);
});

test("two are read at once, the next one when there is room", async () => {
  const { attachments, reading } = made();
  attachments.add([file("a"), file("b"), file("c")]);
  assert.deepEqual(reading.map(({ name }) => name), ["a", "b"]);
  reading[0].done();
  await settle();
  assert.deepEqual(reading.map(({ name }) => name), ["a", "b", "c"]);
});

test("what is too large or too much is told before it is sent, and the rest is taken", () => {
  const { attachments, told } = made();
  attachments.add([file("large", 2_000), file("a"), file("b"), file("c"), file("d")]);
  assert.deepEqual(attachments.items.map(({ name }) => name), ["a", "b", "c"]);
  assert.match(told.refusals[0].sentence, /“large” was not added.*2 kB.*1 kB/);
  assert.match(told.refusals[1].sentence, /“d” was not added. At most 3 files/);
});

test("several that are too many are told in one sentence", () => {
  const { attachments, told } = made();
  attachments.add("abcde".split("").map((name) => file(name)));
  assert.match(told.refusals[0].sentence, /^“d”, “e” were not added. At most 3 files/);
  attachments.add("fghij".split("").map((name) => file(name)));
  assert.match(told.refusals[1].sentence, /^“f”, “g”, “h” and 2 more were not added\./);
});

test("a refused file is gone and told, and costs nothing of the others", async () => {
  const { attachments, reading, told } = made();
  attachments.add([file("a"), file("bad.exe")]);
  reading[1].fail(new Refused("Programs are not read.", "Add a document."));
  reading[0].done();
  await settle();
  assert.deepEqual(attachments.parts.map(({ name }) => name), ["a"]);
  assert.deepEqual(told.refusals, [{ sentence: "“bad.exe” was not added. Programs are not read.", hint: "Add a document." }]);
});

test("a question waits for its files and is sent by itself", async () => {
  const { attachments, reading, told } = made();
  attachments.add([file("a"), file("b")]);
  assert.equal(attachments.want(), false);
  reading[0].done();
  await settle();
  assert.deepEqual([attachments.waits, told.sends], [true, 0]);
  reading[1].done();
  await settle();
  assert.deepEqual([attachments.waits, told.sends], [false, 1]);
  assert.equal(attachments.want(), true);
});

test("a question that waits is sent when the answer that began meanwhile is whole", async () => {
  const { attachments, reading, told } = made();
  attachments.add([file("a")]);
  attachments.want();
  told.free = false;
  reading[0].done();
  await settle();
  assert.deepEqual([attachments.waits, told.sends], [true, 0]);
  attachments.look();
  assert.equal(told.sends, 0);
  told.free = true;
  attachments.look();
  attachments.look();
  assert.deepEqual([attachments.waits, told.sends], [false, 1]);
});

const WITHOUT = {
  "the visitor takes it back": ({ attachments }) => assert.equal(attachments.cancel(), true),
  "a file is taken away": ({ attachments }) => attachments.remove(attachments.items[0].id),
  "a file is refused": ({ reading }) => reading[0].fail(new Refused("No.")),
  "another file is too large": ({ attachments }) => attachments.add([file("large", 2_000)]),
  "another file is one too many": ({ attachments }) => attachments.add([file("c"), file("d")]),
  "the files of an earlier question come back": ({ attachments }) => attachments.restore([]),
  "an example is put into the text box": ({ attachments }) => attachments.fillIn([]),
};
for (const [why, change] of Object.entries(WITHOUT)) {
  test(`a question that waits is not sent when ${why}`, async () => {
    const all = made();
    all.attachments.add([file("a"), file("b")]);
    all.attachments.want();
    change(all);
    for (let read = 0; read < all.reading.length; read++) {
      all.reading[read].done();
      await settle(); // the next one begins
    }
    assert.deepEqual([all.attachments.busy, all.told.sends], [false, 0]);
  });
}

test("a file that is taken away is not read any further, and does not come back", async () => {
  const { attachments, reading, told } = made();
  attachments.add([file("a")]);
  attachments.remove(attachments.items[0].id);
  assert.equal(reading[0].signal.aborted, true);
  reading[0].fail(new DOMException("", "AbortError"));
  await settle();
  assert.deepEqual([attachments.items, told.refusals], [[], []]);
});

test("the same file can be added twice, and only what was sent goes", async () => {
  const { attachments, reading } = made();
  attachments.add([file("a")]);
  reading[0].done();
  await settle();
  const sent = attachments.parts;
  attachments.add([file("a")]);
  reading[1].done();
  await settle();
  attachments.sent(sent);
  assert.equal(attachments.parts.length, 1);
});

test("what is put back may be more than the limit, and is then not sent", () => {
  const { attachments, told } = made({ maxFiles: 1, maxFileBytes: 10 });
  attachments.restore([partOf("a"), partOf("b")]);
  assert.equal(attachments.want(), false);
  assert.match(told.refusals[0].sentence, /At most one file/);
  attachments.remove(attachments.items[0].id);
  assert.equal(attachments.want(), true);
});

test("an example's files give way to the next example's, and those of the visitor do not", () => {
  const { attachments } = made();
  attachments.restore([partOf("mine")]);
  attachments.fillIn([partOf("one")]);
  attachments.fillIn([partOf("two")]);
  assert.deepEqual(attachments.parts.map(({ name }) => name), ["mine", "two"]);
});
