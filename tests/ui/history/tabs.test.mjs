import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import { Tabs } from "../../../chat_app/ui/static/history/tabs.mjs";

/** `count` tabs of one store, closed at the end of the test; each with the changes it has `heard`. */
const open = (context, count, name = context.name) =>
  Array.from({ length: count }, () => {
    const tabs = new Tabs(name);
    const heard = [];
    tabs.listen((change) => heard.push(change));
    context.after(() => tabs.close());
    return Object.assign(tabs, { heard });
  });

test("a change is heard by all other tabs and not by the one that tells it", async (context) => {
  const [one, two, three] = open(context, 3);
  one.tell({ kind: "written", id: "a" });
  one.tell({ kind: "removed", id: "b" });
  await sleep(30);
  const changes = [
    { kind: "written", id: "a" },
    { kind: "removed", id: "b" },
  ];
  assert.deepEqual([one.heard, two.heard, three.heard], [[], changes, changes]);
});

test("tabs of another store hear nothing", async (context) => {
  const [one] = open(context, 1);
  const [other] = open(context, 1, "another store");
  one.tell({ kind: "written", id: "a" });
  await sleep(30);
  assert.deepEqual(other.heard, []);
});

test("a stopped listener hears nothing more, and one that fails does not stop the others", async (context) => {
  const [one, two] = open(context, 2);
  const failed = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
    context.after(() => process.setUncaughtExceptionCaptureCallback(null));
  });
  const stop = two.listen(() => assert.fail("still heard"));
  stop();
  two.listen(() => {
    throw new Error("a fault of the listener");
  });
  const last = [];
  two.listen(({ id }) => last.push(id));
  one.tell({ kind: "written", id: "a" });
  assert.equal((await failed).message, "a fault of the listener");
  await sleep(30);
  assert.deepEqual(last, ["a"]);
});

test("what a newer version of the page tells is passed over", async (context) => {
  const [one, two] = open(context, 2);
  const halves = [{ kind: "written" }, { kind: "written", id: 3 }, { kind: "new", id: "a" }];
  for (const strange of [null, 1, "text", {}, ...halves]) one.tell(strange);
  await sleep(30);
  assert.deepEqual(two.heard, []);
});

test("a tab that is receiving an answer says so, as long as it is", async (context) => {
  const [one, two, three] = open(context, 3);
  three.arriving.add("m");
  assert.deepEqual(await Promise.all([one.receives("m"), one.receives("m"), two.receives("m")]), [true, true, true]);
  assert.equal(await one.receives("another"), false);
  three.arriving.delete("m");
  assert.equal(await one.receives("m"), false);
});

test("a tab does not count itself", async (context) => {
  const [one] = open(context, 2);
  one.arriving.add("m");
  assert.equal(await one.receives("m"), false);
});

test("a closed tab is silent and alone", async (context) => {
  const [one, two] = open(context, 2);
  two.arriving.add("m");
  two.close();
  two.close();
  two.tell({ kind: "written", id: "a" });
  one.tell({ kind: "written", id: "b" });
  assert.deepEqual([await one.receives("m"), await two.receives("m")], [false, false]);
  assert.deepEqual([one.heard, two.heard], [[], []]);
});

test("without BroadcastChannel the tab is alone", async (context) => {
  const { BroadcastChannel } = globalThis;
  context.after(() => Object.assign(globalThis, { BroadcastChannel }));
  const refuses = function () {
    throw new DOMException("", "SecurityError");
  };
  for (const without of [undefined, refuses]) {
    globalThis.BroadcastChannel = without;
    const tabs = new Tabs("alone");
    tabs.listen(() => assert.fail("heard"))();
    tabs.tell({ kind: "written", id: "a" });
    assert.equal(await tabs.receives("m"), false);
    tabs.close();
  }
});
