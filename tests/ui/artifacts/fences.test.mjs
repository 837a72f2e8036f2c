import assert from "node:assert/strict";
import test from "node:test";
import { fencesOf } from "../../../chat_app/ui/static/artifacts/fences.mjs";
import { workedMs } from "../cpu.mjs";

const texts = (markdown) => fencesOf(markdown).map(({ text }) => text);
const only = (markdown) => {
  const found = fencesOf(markdown);
  assert.equal(found.length, 1, JSON.stringify(found));
  return found[0];
};

test("a block has its language, its file's name and its text", () => {
  assert.deepEqual(only("Look:\n\n```python app.py\nprint(1)\n```\nDone."), { language: "python", name: "app.py", text: "print(1)", closed: true });
  assert.deepEqual(only("~~~\na\n\nb\n~~~"), { language: "", name: "", text: "a\n\nb", closed: true });
  assert.deepEqual(texts("```\n```\n"), [""]);
  assert.deepEqual(texts("```js\r\na\r\nb\r\n```\r\n"), ["a\nb"]);
});

test("a fence ends only at one of its own sign that is as long", () => {
  assert.equal(only("````md\n```js\na\n```\n````").text, "```js\na\n```");
  assert.equal(only("~~~\n```\n~~~").text, "```");
  assert.equal(only("```\na\n`````  ").text, "a");
  assert.equal(only("```\n``` no\n```").text, "``` no");
  assert.equal(only("```\n    ```\n```").text, "    ```");
  assert.deepEqual(texts("```\na\n```\n```\nb\n```"), ["a", "b"]);
});

test("inline code and indented code are no blocks", () => {
  assert.deepEqual(texts("Use ``` a ``` or `b`.\n\n``` c ```\n\n    ```\n    d\n    ```\n"), []);
  assert.deepEqual(texts("\\```\na"), []);
});

test("an indented fence takes as much from its lines", () => {
  assert.equal(only("   ```\n   a\n     b\n c\n   ```").text, "a\n  b\nc");
});

test("blocks in lists and quotes are without what they stand in", () => {
  assert.equal(only("- item\n  ```js\n  a\n    b\n  ```\n- other").text, "a\n  b");
  assert.equal(only("10. ```js\n    a\n    ```").text, "a");
  assert.equal(only("1. one\n\n   - two\n\n     ```js\n     a\n\n     b\n     ```").text, "a\n\nb");
  assert.equal(only("> ```js\n> a\n>b\n> ```").text, "a\nb");
  assert.equal(only("> - ```\n>   a\n>   ```").text, "a");
  assert.equal(only("- item\n\n\t```js\n\ta\n\t\tb\n\t```").text, "  a\n  \tb".replace(/^ {2}/gm, ""));
});

test("what a block stands in ends it", () => {
  assert.deepEqual(fencesOf("- ```js\n  a\nafter").map(({ text, closed }) => [text, closed]), [["a", true]]);
  assert.deepEqual(texts("> ```\n> a\nb\n```\nc\n```"), ["a", "c"]);
});

test("a rule is not a list", () => {
  assert.equal(only("* * *\n```\na\n```").text, "a");
  assert.equal(only("- - -\n    ```\n```\na\n```").text, "a");
});

test("the last block may be open, and the first signs of its end are not its text", () => {
  assert.deepEqual(only("```html\n<p>\n"), { language: "html", name: "", text: "<p>", closed: false });
  assert.equal(only("```html\n<p>\n``").text, "<p>");
  assert.equal(only("```html\n<p>\n``\n").text, "<p>\n``");
  assert.equal(only("> ```\n> a\n").closed, false);
  assert.equal(only("```").text, "");
});

test("nothing, and what is very long or deep, is read", () => {
  assert.deepEqual(fencesOf(""), []);
  assert.equal(only(`${"> ".repeat(200)}\`\`\`\n${"> ".repeat(200)}a`).text, "a");
  const began = workedMs();
  assert.equal(only(`\`\`\`\n${"line of code\n".repeat(20_000)}`).text.length, 20_000 * 13 - 1);
  assert.ok(workedMs() - began < 500);
});

// A generator with a seed, so that what fails can be looked at again.
const random = (seed) => () => {
  seed = (seed * 1664525 + 1013904223) % 2 ** 32;
  return seed / 2 ** 32;
};
const WORDS = ["a", "b = 1", "  x", "\tif:", "", "- item", "> said", "```", "~~~", "# h", "1. one", "`` ` ``", "<p>", "    deep", "```js"];
const CONTAINERS = [["", ""], ["> ", "> "], ["- ", "  "], ["12. ", "    "], ["> - ", ">   "], ["- > ", "  > "], ["  * ", "    "]];

const madeBy = (seed) => {
  const next = random(seed);
  const pick = (from) => from[Math.floor(next() * from.length)];
  const blocks = [];
  const parts = [];
  for (let count = 1 + Math.floor(next() * 4); count > 0; count -= 1) {
    const lines = Array.from({ length: 1 + Math.floor(next() * 6) }, () => pick(WORDS));
    const [first, others] = pick(CONTAINERS);
    const fence = pick(["`", "~"]).repeat(4 + Math.floor(next() * 3));
    blocks.push(lines.join("\n"));
    parts.push([`${fence}js`, ...lines, fence].map((line, at) => (at ? others : first) + line).join("\n"), "", "Said `so`.", "");
  }
  return { blocks, markdown: parts.join("\n") };
};

test("whatever is put into a block comes out of it, wherever it stands", () => {
  for (let seed = 0; seed < 2000; seed += 1) {
    const { blocks, markdown } = madeBy(seed);
    assert.deepEqual(texts(markdown), blocks, `seed ${seed}:\n${markdown}`);
  }
});

test("as a text arrives, blocks that have ended stay, and the last one only grows", () => {
  for (let seed = 0; seed < 150; seed += 1) {
    const { markdown } = madeBy(seed);
    let before = [];
    for (let length = 0; length <= markdown.length; length += 1) {
      const now = fencesOf(markdown.slice(0, length));
      assert.ok(now.length >= before.length, `seed ${seed}, ${length}`);
      for (const [at, { text, closed }] of before.entries()) {
        if (closed) assert.equal(now[at].text, text, `seed ${seed}, ${length}`);
        else if (now[at].closed) assert.ok(now[at].text.trimEnd().startsWith(text.trimEnd().slice(0, -8)), `seed ${seed}, ${length}`);
      }
      before = now;
    }
  }
});
