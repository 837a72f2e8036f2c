import assert from "node:assert/strict";
import { test } from "node:test";

import { SearchIndex, excerptOf } from "../../../chat_app/ui/static/history/search.mjs";
import { workedMs } from "../cpu.mjs";

const indexOf = (entries) => {
  const index = new SearchIndex();
  for (const [id, title, text] of entries) index.put(id, title, text);
  return index;
};
const ids = (index, query, limit) => index.search(query, limit).map(({ id }) => id);

test("all words must occur, in the title or in the text, in any order", () => {
  const index = indexOf([
    ["a", "Bread", "Flour, water and salt."],
    ["b", "Soup", "Water and bread."],
    ["c", "Salt", "From the sea."],
  ]);
  assert.deepEqual(ids(index, "water bread"), ["b", "a"]);
  assert.deepEqual(ids(index, "salt flour"), ["a"]);
  assert.deepEqual(ids(index, "bread sea"), []);
});

test("what has the words in its title comes first, and of equals the one that was put last", () => {
  const index = indexOf([
    ["title", "About trains", ""],
    ["older", "", "trains"],
    ["newer", "", "trains"],
  ]);
  assert.deepEqual(ids(index, "trains"), ["title", "newer", "older"]);
  index.put("older", "", "trains again");
  assert.deepEqual(ids(index, "trains"), ["title", "older", "newer"]);
});

test("case and accents do not matter, on either side", () => {
  const index = indexOf([
    ["café", "Café", "CRÈME BRÛLÉE"],
    ["greek", "ΟΔΟΣ", "Ά"],
    ["decomposed", "", "re\u0301sume\u0301"],
    ["turkish", "İstanbul", ""],
    ["arabic", "", "مُحَمَّد"],
  ]);
  for (const query of ["cafe", "CAFÉ", "brulee", "crème"]) assert.deepEqual(ids(index, query), ["café"], query);
  assert.deepEqual(ids(index, "οδοσ"), ["greek"]);
  assert.deepEqual(ids(index, "οδος"), ["greek"]);
  assert.deepEqual(ids(index, "RÉSUMÉ"), ["decomposed"]);
  assert.deepEqual(ids(index, "istanbul"), ["turkish"]);
  assert.deepEqual(ids(index, "محمد"), ["arabic"]);
});

test("languages without spaces are found by any part, and signs that tell words apart are kept", () => {
  const index = indexOf([
    ["chinese", "", "今天天气很好"],
    ["ga", "", "がく"],
    ["ka", "", "かく"],
    ["korean", "", "안녕하세요"],
    ["hindi", "", "किताब"],
  ]);
  assert.deepEqual(ids(index, "天气"), ["chinese"]);
  assert.deepEqual(ids(index, "天"), ["chinese"]);
  assert.deepEqual(ids(index, "が"), ["ga"]);
  assert.deepEqual(ids(index, "かく"), ["ka"]);
  assert.deepEqual(ids(index, "하세"), ["korean"]);
  assert.deepEqual(ids(index, "कात"), []);
});

test("one letter is searched, nothing typed finds nothing, and a query is no pattern", () => {
  const index = indexOf([["a", "x", "1+1 (two) [x] .*"]]);
  assert.deepEqual(ids(index, "x"), ["a"]);
  assert.deepEqual(ids(index, "  "), []);
  assert.deepEqual(ids(index, ".*"), ["a"]);
  assert.deepEqual(ids(index, "1+1 (two)"), ["a"]);
  assert.deepEqual(ids(index, "1.1"), []);
});

test("what was removed is not found, and what was put anew only as it is now", () => {
  const index = indexOf([["a", "one", "first"], ["b", "two", "first"]]);
  index.remove("b");
  index.put("a", "one", "second");
  assert.deepEqual(ids(index, "first"), []);
  assert.deepEqual(ids(index, "second"), ["a"]);
});

test("no more than the limit are given, titles before texts", () => {
  const index = indexOf(Array.from({ length: 80 }, (_, number) => [`${number}`, number === 3 ? "word" : "", "word"]));
  assert.equal(index.search("word").length, 50);
  assert.deepEqual(ids(index, "word", 3), ["3", "79", "78"]);
});

test("an excerpt is of the text as it was written, around the first hit", () => {
  const text = `${"Übergänge ".repeat(30)}Ein CAFE\u0301\u0323, bitte.\n\n${"Schöne Grüße ".repeat(30)}`;
  const { before, hit, after } = excerptOf(text, "café");
  assert.equal(hit, "CAFE\u0301\u0323");
  assert.match(before, /^…Übergänge .*Ein $/);
  assert.match(after, /^, bitte\. Schöne Grüße .*…$/);
  assert.ok(before.length < 60 && after.length < 130);
});

test("an excerpt shows the words together if they are, else the first of them", () => {
  assert.equal(excerptOf("red, and a red\n car", "red car").hit, "red");
  assert.equal(excerptOf("red, and a Red car", "red  car").hit, "Red car");
  assert.deepEqual(excerptOf("only a car", "red car"), { before: "only a ", hit: "car", after: "" });
});

test("an excerpt of a text without the words is its beginning", () => {
  assert.deepEqual(excerptOf("Hello\nworld", "title"), { before: "Hello world", hit: "", after: "" });
  assert.match(excerptOf("word ".repeat(100), "title").before, /…$/);
});

test("an excerpt never cuts a character in two, and letters that grow when folded do not move it", () => {
  const text = `${"😀".repeat(200)}İİİ 안녕 ﬁ needle${"😀".repeat(200)}`;
  const { before, hit, after } = excerptOf(text, "NEEDLE");
  assert.equal(hit, "needle");
  assert.ok(before.isWellFormed() && after.isWellFormed());
  for (const query of ["안", "녕", "😀", "i"]) {
    const found = excerptOf(text, query);
    assert.ok(found.hit.isWellFormed() && found.hit, query);
  }
});

const WORDS = ["lorem", "ipsum", "dolor", "Größe", "naïve", "sit", "amet", "consectetur", "天气"];
const textOf = (words, length, seed) => {
  let [text, at] = ["", seed];
  while (text.length < length) text += `${words[(at = (at * 1103515245 + 12345) % 2147483648) % words.length]} `;
  return text.slice(0, length);
};

for (const [kind, words] of [["ASCII", WORDS.slice(0, 3)], ["mixed", WORDS]]) {
  test(`16 MB of text (${kind}) are searched within 100 ms`, (context) => {
    const index = new SearchIndex();
    const begun = performance.now();
    for (let number = 0; number < 1000; number += 1) {
      const text = textOf(words, 16_000, number + 1) + (number === 7 ? " rare needle" : "");
      index.put(`${number}`, `Conversation ${number}`, text);
    }
    context.diagnostic(`filled in ${Math.round(performance.now() - begun)} ms`);
    const queries = ["l", "lorem", "lorem ipsum dolor", "rare", "needle", "nothing", "GRÖSSE zz", "number 7"];
    const times = queries.map((query) => {
      const took = [1, 2, 3].map(() => {
        const start = workedMs();
        index.search(query);
        return workedMs() - start;
      });
      return [query, Math.min(...took)];
    });
    context.diagnostic(times.map(([query, time]) => `${query}: ${time.toFixed(1)} ms`).join(", "));
    assert.ok(Math.max(...times.map(([, time]) => time)) < 100);
    assert.deepEqual(ids(index, "rare needle"), ["7"]);
  });
}
