import assert from "node:assert/strict";
import test from "node:test";
import { LINES, reader } from "../../../chat_app/ui/static/artifacts/versions.mjs";
import { workedMs } from "../cpu.mjs";

const program = (word, count = 10) => Array.from({ length: count }, (_, at) => `${word}_${at} = ${at}`).join("\n");
const block = (info, text, end = "```") => `\`\`\`${info}\n${text}\n${end}`;
const read = (...answers) => reader()(answers.map((text, at) => (typeof text === "string" ? { id: `a${at}`, text, arriving: false } : text)));
const shape = (artifacts) => artifacts.map(({ title, versions }) => [title, ...versions.map(({ key }) => key)]);

test("a block is an artifact when it is long, or can be looked at", () => {
  assert.deepEqual(shape(read(block("python", program("x", LINES - 1)))), []);
  assert.deepEqual(shape(read(block("python", program("x", LINES)))), [["Python", "a0 0"]]);
  assert.deepEqual(shape(read(`${block("html", "<p>")}\n${block("svg", "<svg/>")}\n${block("html", " ")}`)), [["HTML", "a0 0"], ["SVG", "a0 1"]]);
  assert.deepEqual(shape(read(block("xml", "<?xml version='1.0'?>\n<svg/>\n"))), []);
  assert.deepEqual(shape(read(block("xml", '<?xml version="1.0"?>\n<svg width="1"/>'))), [["SVG", "a0 0"]]);
  assert.deepEqual(shape(read(block("", "<!DOCTYPE html><title>T</title>"))), [["T", "a0 0"]]);
});

test("the same file in later answers is one artifact, however much is changed", () => {
  const found = read(block("python app.py", program("x")), block("py src/app.py", program("y")), block("python other.py", program("x")));
  assert.deepEqual(shape(found), [["src/app.py", "a0 0", "a1 0"], ["other.py", "a2 0"]]);
  assert.equal(read(block("js", `// src/a.js\n${program("x")}`), block("js a.js", program("y")))[0].versions.length, 2);
});

test("without a name it is one that shares half of the lines of the shorter", () => {
  const [before, grown, other] = [program("x"), `${program("x", 6)}\n${program("y", 30)}`, `${program("x", 4)}\n${program("z", 6)}`];
  assert.deepEqual(shape(read(block("python", before), block("python", grown))), [["Python", "a0 0", "a1 0"]]);
  assert.deepEqual(shape(read(block("python", before), block("python", other))), [["Python", "a0 0"], ["Python (2)", "a1 0"]]);
  assert.equal(read(block("python", before), block("ruby", before)).length, 2);
});

test("documents of the same title are one", () => {
  const page = (title, body) => block("html", `<title>${title}</title>\n${program(body)}`);
  assert.deepEqual(shape(read(page("Clock", "a"), page("Clock", "b"), page("Game", "c"))), [["Clock", "a0 0", "a1 0"], ["Game", "a2 0"]]);
});

test("one answer gives one version, and each goes to where it fits best", () => {
  const two = `${block("python", program("x"))}\n${block("python", program("x"))}`;
  assert.deepEqual(shape(read(two)), [["Python", "a0 0"], ["Python (2)", "a0 1"]]);
  const [left, right] = [program("left"), program("right")];
  const found = read(`${block("python", left)}\n${block("python", right)}`, `${block("python", `${right}\nmore = 1`)}\n${block("python", left)}`);
  assert.deepEqual(shape(found), [["Python", "a0 0", "a1 1"], ["Python (2)", "a0 1", "a1 0"]]);
});

test("it is whole when its fence or its answer has ended, and keeps its key as it grows", () => {
  const again = reader();
  const at = (text, arriving) => again([{ id: "a", text, arriving }])[0].versions[0];
  const open = "Hi\n```html\n<title>A</title>";
  const first = at(open, true);
  assert.deepEqual([first.key, first.whole, first.text], ["a 0", false, "<title>A</title>"]);
  assert.equal(at(`${open}\n<p>`, true).key, "a 0");
  assert.equal(at(`${open}\n<p>\n\`\`\`\nmore`, true).whole, true);
  assert.equal(at(open, false).whole, true);
});

test("what has not changed is not read again", () => {
  const again = reader();
  const answers = [{ id: "a", text: block("html", "<p>"), arriving: false }];
  const [before, after] = [again(answers), again([...answers, { id: "b", text: "", arriving: true }])];
  assert.equal(before[0].versions[0], after[0].versions[0]);
});

test("a long conversation is read while nobody notices", () => {
  const answers = Array.from({ length: 200 }, (_, at) => ({ id: `a${at}`, text: block("python", program(`x${at % 20}`, 100)), arriving: false }));
  const again = reader();
  again(answers);
  const began = workedMs();
  assert.equal(again(answers).length, 20);
  assert.ok(workedMs() - began < 150);
});
