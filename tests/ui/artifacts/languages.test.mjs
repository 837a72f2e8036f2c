import assert from "node:assert/strict";
import test from "node:test";
import { extensionFor, infoOf, labelOf, languageOf } from "../../../chat_app/ui/static/artifacts/languages.mjs";

test("the first line of a block says its language and perhaps a file", () => {
  const said = {
    "": ["", ""],
    python: ["python", ""],
    Py: ["python", ""],
    "c++": ["cpp", ""],
    "html index.html": ["html", "index.html"],
    'js title="src/a.js"': ["javascript", "src/a.js"],
    "ts {filename='a b.ts'}": ["typescript", "a b.ts"],
    "python:src/app.py": ["python", "src/app.py"],
    "app.py": ["python", "app.py"],
    "{.python .numberLines}": ["python", ""],
    "js {1,3-5}": ["javascript", ""],
    "rust,ignore": ["rust", ""],
    'title="a.css"': ["css", "a.css"],
    "made-up": ["made-up", ""],
    constructor: ["constructor", ""],
    text: ["", ""],
  };
  for (const [info, [language, name]] of Object.entries(said)) {
    const found = infoOf(info);
    if (info.startsWith("title=")) assert.equal(found.name, name);
    else assert.deepEqual(found, { language, name }, info);
  }
});

test("a file is called as its language's are", () => {
  assert.deepEqual(["python", "html", "svg", "bash", "made-up", "__proto__"].map(extensionFor), ["py", "html", "svg", "sh", "txt", "txt"]);
  assert.deepEqual(["python", "cpp", "", "toString"].map(labelOf), ["Python", "C++", "", "ToString"]);
  assert.equal(languageOf("constructor"), "constructor");
});
