import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf, drawnOf, partsOf, saidOf, searchedIn } from "../../../chat_app/ui/static/history/parts.mjs";
import { gather } from "../../../chat_app/ui/static/history/store.mjs";
import { newMessage, shownText } from "../../../chat_app/ui/static/history/tree.mjs";

const PICTURE = { type: "image", mime_type: "image/png", data: "aGk=", name: "a.png", width: 1, height: 1 };
const SOUND = { type: "audio", mime_type: "audio/wav", data: "aGk=", name: "b.wav" };
const PAPER = { type: "document", name: "c.pdf", mime_type: "application/pdf", text: "Größe 字", cut: "" };
const question = (text, ...files) => {
  const parts = partsOf(text, files);
  return newMessage("c", null, "user", [shownText("user", text)], parts ? { parts } : {});
};

test("a question is drawn with its files before its text, as one message", () => {
  const drawn = drawnOf(question("Look", PICTURE, SOUND, PAPER));
  assert.equal(drawn.length, 1);
  const [picture, sound, paper, text] = drawn[0].content;
  assert.deepEqual([picture.type, picture.file.url, picture.file.mime_type], ["file", "data:image/png;base64,aGk=", "image/png"]);
  assert.equal(sound.file.url, "data:audio/wav;base64,aGk=");
  assert.deepEqual([paper.file.orig_name, paper.file.mime_type], ["c.pdf.txt", "text/plain"]);
  assert.equal(Buffer.from(paper.file.url.split(",")[1], "base64").toString(), "Größe 字");
  assert.deepEqual(text, { type: "text", text: "Look" });
});

test("the same part is drawn as the same object, so that the chatbot need not compare its bytes", () => {
  const message = question("Look", PICTURE);
  assert.equal(drawnOf(message)[0].content[0], drawnOf(message)[0].content[0]);
});

test("a message without files is drawn as it is", () => {
  const message = question("Hello");
  assert.equal("parts" in message, false);
  assert.equal(drawnOf(message), message.shown);
});

test("an address never means a script or a page, whatever the part says of itself", () => {
  for (const part of [{ ...PICTURE, mime_type: "image/svg+xml" }, { ...SOUND, mime_type: "text/html" }, { ...PICTURE, type: "audio" }]) {
    assert.equal(addressOf(part), "");
  }
  const html = { ...PAPER, name: "page.html", mime_type: "text/html", text: "<script>1</script>" };
  assert.ok(drawnOf(question("", html))[0].content[0].file.url.startsWith("data:text/plain;"));
});

test("what is sent of a message are its parts, or else its texts, without thoughts, files and figures", () => {
  assert.deepEqual(saidOf(question("Look", PICTURE)), [{ role: "user", content: [PICTURE, { type: "text", text: "Look" }] }]);
  assert.deepEqual(saidOf(question("", PICTURE))[0].content, [PICTURE]);
  const shown = [
    { ...shownText("assistant", "hm"), metadata: { title: "Thought" } },
    { ...shownText("assistant", "Here."), content: [{ type: "text", text: "Here." }, { type: "component", component: "plot" }] },
    { ...shownText("assistant", ""), content: [{ type: "file", file: {} }] },
  ];
  const said = [{ role: "assistant", content: [{ type: "text", text: "Here." }] }];
  assert.deepEqual(saidOf(newMessage("c", "q", "assistant", shown)), said);
  assert.deepEqual(saidOf(newMessage("c", "q", "assistant", shown, { parts: null })), said);
});

test("names of files and texts of documents are searched", () => {
  const message = question("Look", PICTURE, PAPER);
  assert.equal(searchedIn(message), "a.png\nc.pdf\nGröße 字");
  const texts = new Map([["c", ""]]);
  gather(texts, [message]);
  assert.equal(texts.get("c"), "Look\na.png\nc.pdf\nGröße 字");
});

test("of the answers that arrive, what was read of one that ended unseen is not kept", () => {
  const known = [];
  const drawn = (id) => {
    const text = Object.assign(new String("word ".repeat(400)), { startsWith: (before) => (known.push(before.length), true) });
    const shown = [{ ...shownText("assistant", ""), content: [{ type: "text", text }] }];
    drawnOf({ id, role: "assistant", state: "arriving", shown }, { pieces: true });
  };
  for (const id of ["first", "first", "second", "first"]) drawn(id);
  assert.deepEqual(known, [0, 2_000, 0, 0]);
});
