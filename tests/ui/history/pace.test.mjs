// How often a growing answer is drawn.

import assert from "node:assert/strict";
import { test } from "node:test";

import { makePace } from "../../../chat_app/ui/static/history/pace.mjs";

/** A pace on a clock that only runs when it is told to, and a page that takes `costMs(draws)` to draw. */
const made = (costMs) => {
  let time = 0;
  let waiting = [];
  const sleep = (ms) => new Promise((resolve) => waiting.push({ at: time + ms, resolve }));
  const page = { draws: 0, lastAt: [] };
  const pace = makePace({ now: () => time, sleep, drawn: () => sleep(costMs(page.draws)) });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async (ms) => {
    for (const until = time + ms; time < until; ) {
      time += 1;
      for (const each of waiting.filter(({ at }) => at <= time)) each.resolve();
      waiting = waiting.filter(({ at }) => at > time);
      await settled();
    }
  };
  const arrives = async () => {
    if (!(await pace.mayDraw())) return false;
    page.draws += 1;
    page.lastAt.push(time);
    return true;
  };
  return { pace, page, pass, arrives, sleeps: () => waiting.length };
};

test("the first words are drawn at once, and what is drawn fast is drawn whenever it comes", async () => {
  const { arrives, page, pass } = made(() => 10);
  for (let update = 0; update < 10; update++) {
    arrives();
    await pass(80);
  }
  assert.equal(page.draws, 10);
  assert.equal(page.lastAt[0], 1);
});

test("4,000 tokens that come one by one are drawn for a third of the time at most, the longer the more seldom", async () => {
  const cost = (draws) => 10 + draws;
  const { arrives, page, pass } = made(cost);
  for (let token = 0; token < 4_000; token++) {
    arrives();
    await pass(1);
  }
  const worked = Array.from({ length: page.draws }, (_, draws) => cost(draws)).reduce((sum, each) => sum + each, 0);
  assert.ok(page.draws > 20 && page.draws < 100, `${page.draws} draws`);
  assert.ok(worked < 4_000 * 0.4, `${worked} ms`);
});

test("what came last is drawn though nothing comes behind it", async () => {
  const { arrives, page, pass } = made(() => 100);
  arrives();
  await pass(110);
  arrives();
  arrives();
  await pass(100);
  assert.equal(page.draws, 1);
  await pass(200);
  assert.equal(page.draws, 2);
});

test("at its end, whoever waits is told that it was drawn, and that something waited", async () => {
  const { arrives, pace, page, pass } = made(() => 100);
  arrives();
  await pass(110);
  const waits = arrives();
  assert.equal(pace.end(), true);
  assert.equal(pace.end(), false);
  await pass(300);
  assert.equal(await waits, false);
  assert.equal(page.draws, 1);
});

test("however long a draw took, the next one is no more than two seconds behind it", async () => {
  const { arrives, page, pass } = made(() => 5_000);
  arrives();
  await pass(5_010);
  arrives();
  await pass(2_010);
  assert.equal(page.draws, 2);
});

test("in a tab that is not seen, however much is drawn, one frame is waited for", async () => {
  let waiting = 0;
  let time = 0;
  const frames = [];
  const drawn = () => new Promise((resolve) => ((waiting += 1), frames.push(resolve)));
  const pace = makePace({ now: () => time, sleep: async (ms) => (time += ms), drawn });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  assert.equal(await pace.mayDraw(), true);
  time += 100;
  frames.pop()();
  await settled();
  for (let update = 0; update < 100; update++) {
    const before = time;
    assert.equal(await pace.mayDraw(), true);
    assert.ok(time - before >= 200); // by what the first draw took
  }
  assert.equal(waiting, 2);
  frames.pop()();
  await settled();
  await pace.mayDraw();
  assert.equal(waiting, 3);
});
