import assert from "node:assert/strict";
import { test } from "node:test";

import { ENGLISH } from "../../../chat_app/ui/static/history/english.mjs";

const settings = (words) => ({ getElementById: () => ({ textContent: JSON.stringify({ words }) }) });
// Each time anew, since a module reads the settings once.
let number = 0;
const fresh = async (document) => {
  globalThis.document = document;
  try {
    const { word, language } = await import(`../../../chat_app/ui/static/history/words.mjs?${number++}`);
    word("language");
    return { word, language };
  } finally {
    delete globalThis.document;
  }
};

test("without a document all is English", async () => {
  const { word, language } = await fresh(undefined);
  assert.equal(word("send"), ENGLISH.send);
  assert.equal(language(), "en");
});

test("a document whose settings have no words is English too", async () => {
  assert.equal((await fresh(settings(undefined))).word("send"), "Send");
  assert.equal((await fresh({ getElementById: () => null })).word("send"), "Send");
});

test("what the settings have takes the place of English", async () => {
  const { word, language } = await fresh(settings({ language: "de", send: "Senden" }));
  assert.deepEqual([word("send"), word("stop"), language()], ["Senden", "Stop", "de"]);
});

test("placeholders are filled once, with whatever stands in the values", async () => {
  const { word } = await fresh(settings({ deleted: "{title} is gone" }));
  assert.equal(word("deleted", { title: "{title} $&" }), "{title} $& is gone");
});

test("a number decides which text it is", async () => {
  const { word } = await fresh(undefined);
  assert.equal(word("tools_used", { count: 1 }), "Called a tool");
  assert.equal(word("tools_used", { count: 3 }), "Called 3 tools");
  const chinese = await fresh(settings({ tools_used: { other: "{count} 个" } }));
  assert.equal(chinese.word("tools_used", { count: 1 }), "1 个");
});
