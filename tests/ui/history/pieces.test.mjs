// A long answer in pieces: where it is cut, and where it never is.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PIECE, reader } from "../../../chat_app/ui/static/history/pieces.mjs";

const prose = (length = PIECE + 1) => `${"word ".repeat(Math.ceil(length / 5)).trim()}.`;
const pieces = (text) => reader()(text);

test("joined by a line break, the pieces are the text", () => {
  const text = `${prose()}\n\n${prose()}\n\n\n## Heading\n\n${prose()}\r\n\r\nlast`;
  assert.equal(pieces(text).length, 4);
  assert.equal(pieces(text).join("\n"), text);
});

test("a short text is one piece", () => {
  assert.deepEqual(pieces("One.\n\nTwo.\n\nThree."), ["One.\n\nTwo.\n\nThree."]);
});

for (const [what, rest] of Object.entries({
  "the item of a list": "- one\n\n- two",
  "a number that may be of a list": "2. two",
  "what goes on in an item": "  more of it",
  "a quote": "> quoted",
  "a line of a table": "| a | b |",
  "a formula": "$$\nx\n$$",
  "a piece of HTML": "<details>",
  "what is not there yet": "",
  "a star that may become a list": "*",
})) {
  test(`nothing is cut before ${what}`, () => assert.equal(pieces(`${prose()}\n\n${rest}`).length, 1));
}

for (const [what, before] of Object.entries({
  "code": `\`\`\`python\n${prose()}\n\n`,
  "code in an item": `- one\n  \`\`\`\n${prose()}\n\n`,
  "code between tildes": `~~~\n\`\`\`\n${prose()}\n\n`,
  "longer signs": `\`\`\`\`md\n\`\`\`\n${prose()}\n\n`,
  "a formula": `$$\n${prose()}\n\n`,
  "a formula in brackets": `\\[\n${prose()}\n\n`,
  "an environment": `\\begin{align}\n${prose()}\n\n`,
  "an element": `<details>\n\n${prose()}\n\n`,
  "a comment": `<!-- ${prose()}\n\n`,
  "code that shows indented signs": `\`\`\`python\n    """\n    \`\`\`\n    shown\n    \`\`\`\n${prose()}\n\n`,
  "code that shows quoted signs": `\`\`\`md\n> \`\`\`\n> shown\n${prose()}\n\n`,
  "what may be indented code that shows a fence": `    \`\`\`\n\n${prose()}\n\n`,
  "what may have left the item of its code": `1. one\n   \`\`\`\ncode\n\`\`\`\n${prose()}\n\n`,
  "an element that begins in a line": `Look: <details>\n\n${prose()}\n\n`,
  "bold letters that nothing closes": `Look: <b>bold\n\n${prose()}\n\n`,
})) {
  test(`nothing is cut in ${what}`, () => assert.equal(pieces(`${before}Text\n\n${prose()}\n\nText`).length, 1));
}

test("it is cut behind code, and behind code that speaks of HTML", () => {
  const code = "```html\n<details>\n```\n\nThe `<details>` and ``a`<b>`` element, see <https://example.org>.\n\n";
  assert.equal(pieces(`${code}${prose()}\n\nText`).length, 2);
});

test("an indented or quoted fence in code does not end it", () => {
  const shown = '    """Use it:\n\n    ```\n    run()\n    ```\n\n    > ```\n    """\n';
  const lines = Array.from({ length: 60 }, (_, at) => `    value_${at} = compute(${at})  # of the first\n`).join("");
  const code = `\`\`\`python\ndef first():\n${shown}${lines}\n\nclass A:\n    pass\n\`\`\`\n`;
  assert.ok(code.length > PIECE);
  const behind = `\nText\n\n${prose()}`;
  assert.deepEqual(pieces(`${code}${behind}`), [code, behind.slice(1)]);
});

for (const [what, before] of Object.entries({
  "a quote whose code nothing closes": `> \`\`\`\n> shown\n\n`,
  "an item whose code nothing closes": `- \`\`\`\n  shown\n\n  more\n\nNo item.\n\n`,
  "code in a quote": `> \`\`\`\n> shown\n> \`\`\`\n\n`,
  "code in a numbered item": `1. one\n   \`\`\`sh\n   run\n   \`\`\`\n\n2. \`\`\`sh\n   run\n   \`\`\`\n\n`,
  "a line break, and types with parameters": `One<br>two: a Vec<String>, a Map<K, V>, H<sub>2</sub>O.\n\n`,
  "a line of a space that does not break": "\u00a0\n\n",
})) {
  test(`it is cut behind ${what}`, () => assert.equal(pieces(`${before}${prose()}\n\nText`).length, 2));
}

test("a line that holds a space of another kind is not empty", () => {
  assert.equal(pieces(`${prose()}\n\u3000\nText`).length, 1);
});

for (const begins of ["3 boats", "2024: a year", "✅ Done", "⚠️ Mind it", "🇨🇭 there"]) {
  test(`"${begins}" begins a piece`, () => assert.equal(pieces(`${prose()}\n\n${begins}`).length, 2));
}

test("a numbered list is never cut inside", () => {
  assert.equal(pieces(`1. ${prose()}\n\n2. ${prose()}\n\n3) ${prose()}`).length, 1);
  assert.equal(pieces(`${prose()}\n\n2`).length, 1);
});

for (const [what, definition] of Object.entries({
  "behind an element": "<details>\n\n[1]: https://example.org\n",
  "in an item": "- [1]: https://example.org\n",
  "in a numbered item": "1. [1]: https://example.org\n",
  "in a quote": "> [1]: https://example.org\n",
})) {
  test(`a text is whole that defines a link ${what}`, () => {
    const read = reader();
    const text = `See [this][1].\n\n${prose()}\n\nText\n\n`;
    assert.equal(read(text).length, 2);
    assert.equal(read(`${text}${definition}`).length, 1);
  });
}

test("a text that defines a link or a note is whole, also when it had been cut", () => {
  const read = reader();
  const text = `See [this][1].\n\n${prose()}\n\nText\n\n`;
  assert.equal(read(text).length, 2);
  assert.equal(read(`${text}[1]: https://example.org\n`).length, 1);
  assert.equal(read(`${text}[1]: https://example.org\n\n${prose()}\n\nText`).length, 1);
});

test("as a text grows sign by sign, what was cut stays as it is", () => {
  const text = `${prose()}\n\n**Bold** begins it.\n\n\`\`\`js\n${prose(600)}\n\`\`\`\n\n1. one\n2. two\n\n${prose()}\n\nÜber alles.\n\nEnd`;
  const read = reader();
  let before = [];
  for (let length = 1; length <= text.length; length++) {
    const now = read(text.slice(0, length));
    assert.equal(now.join("\n"), text.slice(0, length));
    assert.deepEqual(now.slice(0, before.length - 1), before.slice(0, -1));
    before = now;
  }
  assert.deepEqual(before, pieces(text));
  assert.ok(before.length > 2);
});

test("another text is read from its beginning", () => {
  const read = reader();
  assert.equal(read(`${prose()}\n\nText`).length, 2);
  assert.deepEqual(read("Another."), ["Another."]);
});

test("however long the text has become, only its last line is read again", () => {
  const read = reader();
  let looks = 0;
  const counted = (text) => {
    const made = new String(text); // what is read of it is counted
    return new Proxy(made, {
      get: (of, name) => {
        const value = of[name];
        if (name === "slice") return (...given) => ((looks += 1), of.slice(...given));
        return typeof value === "function" ? value.bind(of) : value;
      },
    });
  };
  const paragraph = `${prose()}\n\n`;
  const looksAt = (times) => {
    const text = paragraph.repeat(times);
    read(text);
    looks = 0;
    read(counted(`${text}More`));
    return looks - times; // one of each piece that is given, and those of the lines that are read
  };
  assert.ok(looksAt(100) <= looksAt(3) + 3);
});
