import assert from "node:assert/strict";
import test from "node:test";
import { Chosen } from "../../../chat_app/ui/static/artifacts/chosen.mjs";

const version = (answer, order) => ({ key: `${answer} ${order}`, answer, order });
const artifact = (...versions) => ({ key: versions[0].key, versions });
const OLD = artifact(version("a", 0));
const shown = (chosen) => chosen.found?.version.key ?? null;

test("it goes along with the newest block of the answer that arrives", () => {
  const chosen = new Chosen();
  chosen.update([OLD], null);
  chosen.pick("a 0");
  chosen.update([OLD], "b");
  assert.equal(shown(chosen), "a 0");
  const other = artifact(version("b", 1));
  chosen.update([OLD, other], "b");
  assert.equal(shown(chosen), "b 1");
  chosen.update([artifact(OLD.versions[0], version("b", 2)), other], "b");
  assert.equal(shown(chosen), "b 2");
});

test("what was picked during an answer stays until the next one", () => {
  const chosen = new Chosen();
  const [first, second, third] = [version("b", 1), version("b", 2), version("c", 3)].map((each) => artifact(each));
  chosen.update([OLD, first], "b");
  chosen.pick("a 0");
  chosen.update([OLD, first, second], "b");
  assert.equal(shown(chosen), "a 0");
  chosen.update([OLD, first, second], null);
  assert.equal(shown(chosen), "a 0");
  chosen.update([OLD, first, second, third], "c");
  assert.equal(shown(chosen), "c 3");
});

test("what is gone gives way to the newest, and nothing to nothing", () => {
  const chosen = new Chosen();
  chosen.update([artifact(version("a", 0), version("c", 2)), artifact(version("b", 1))], null);
  chosen.pick("gone 7");
  assert.equal(shown(chosen), "c 2");
  assert.equal(chosen.found.at, 1);
  chosen.update([], null);
  assert.equal(shown(chosen), null);
});
