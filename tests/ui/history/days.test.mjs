import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { groupsOf, midnight } from "../../../chat_app/ui/static/history/days.mjs";

const NOW = new Date(2026, 10, 21, 13, 20);
const at = (...local) => new Date(...local).toISOString();
const headings = (updated, now = NOW) =>
  groupsOf([].concat(updated).map((each) => ({ updated: each, pinned: false })), now).map(({ heading }) => heading);

test("a day begins and ends at midnight of the visitor's own time", () => {
  assert.deepEqual(headings(at(2026, 10, 21, 0, 0)), ["Today"]);
  assert.deepEqual(headings(at(2026, 10, 20, 23, 59, 59, 999)), ["Yesterday"]);
  assert.deepEqual(headings(at(2026, 10, 20, 0, 0)), ["Yesterday"]);
  assert.deepEqual(headings(at(2026, 10, 19, 23, 59)), ["Previous 7 days"]);
  assert.deepEqual(headings(at(2026, 10, 14, 0, 0)), ["Previous 7 days"]);
  assert.deepEqual(headings(at(2026, 10, 13, 23, 59)), ["Previous 30 days"]);
  assert.deepEqual(headings(at(2026, 9, 22, 0, 0)), ["Previous 30 days"]);
  assert.deepEqual(headings(at(2026, 9, 21, 23, 59)), ["October 2026"]);
  assert.deepEqual(headings(at(2025, 11, 31, 23, 59)), ["December 2025"]);
});

const MODULE = import.meta.resolve("../../../chat_app/ui/static/history/days.mjs");

test("the same time is of another day elsewhere, and days of 23 and 25 hours are days", () => {
  const program = `
    const { groupsOf } = await import(${JSON.stringify(MODULE)});
    const of = (updated, now) => groupsOf([{ updated, pinned: false }], new Date(now))[0].heading;
    console.log(JSON.stringify([
      of("2026-11-20T23:30:00Z", "2026-11-21T10:00:00Z"),
      of("2026-03-28T12:00:00Z", "2026-03-29T21:30:00Z"),
      of("2026-10-24T22:30:00Z", "2026-10-25T22:45:00Z"),
    ]));`;
  const inZone = (zone) =>
    JSON.parse(
      execFileSync(process.execPath, ["--input-type=module", "-e", program], { env: { ...process.env, TZ: zone } }),
    );
  assert.deepEqual(inZone("Europe/Berlin"), ["Today", "Yesterday", "Today"]);
  assert.deepEqual(inZone("America/New_York"), ["Yesterday", "Yesterday", "Yesterday"]);
});

test("the newest is first, under headings in order, and the pinned are above all", () => {
  const conversations = [
    { id: "old", updated: at(2026, 9, 1), pinned: false },
    { id: "noon", updated: at(2026, 10, 21, 12), pinned: false },
    { id: "pinned long ago", updated: at(2024, 1, 1), pinned: true },
    { id: "one", updated: at(2026, 10, 21, 13), pinned: false },
    { id: "yesterday", updated: at(2026, 10, 20), pinned: false },
  ];
  const idsOf = (group) => group.conversations.map(({ id }) => id);
  const groups = groupsOf(conversations, NOW).map((group) => [group.heading, idsOf(group)]);
  assert.deepEqual(groups, [
    ["Pinned", ["pinned long ago"]],
    ["Today", ["one", "noon"]],
    ["Yesterday", ["yesterday"]],
    ["October 2026", ["old"]],
  ]);
});

test("a clock that was ahead says today, and a time that is none comes last", () => {
  assert.deepEqual(headings(["nonsense", at(2027, 1, 1), at(2020, 0, 5)]), ["Today", "January 2020", "Without a date"]);
  assert.deepEqual(headings([]), []);
});

test("midnight is the visitor's", () => {
  assert.equal(midnight(NOW).getTime(), new Date(2026, 10, 21).getTime());
  assert.equal(midnight(NOW, -1).getTime(), new Date(2026, 10, 22).getTime());
});
