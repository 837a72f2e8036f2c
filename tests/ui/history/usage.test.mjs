import assert from "node:assert/strict";
import { test } from "node:test";

import { deletesAfterSevenDays, sizeOf, usageOf } from "../../../chat_app/ui/static/history/usage.mjs";

const KEEPS = { persistent: true, sevenDays: false };

test("sizes are rounded to what a reader wants to know", () => {
  const sizes = { 0: "0 B", 912: "912 B", 1000: "1 kB", 1234567: "1.2 MB", 2e9: "2 GB", 45_600_000: "46 MB" };
  for (const [bytes, size] of Object.entries(sizes)) assert.equal(sizeOf(Number(bytes)), size);
});

test("the line says what is used and what the browser promised", () => {
  const use = { used: 1_200_000, quota: 2e9 };
  assert.deepEqual(usageOf({ ...use, kept: true }, KEEPS), {
    text: "1.2 MB of 2 GB used · kept by the browser",
    canAsk: false,
  });
  assert.deepEqual(usageOf({ ...use, kept: false }, KEEPS), {
    text: "1.2 MB of 2 GB used · may be deleted by the browser when space is short",
    canAsk: true,
  });
});

test("a browser that does not say is not spoken for", () => {
  const line = usageOf({ used: 5000, quota: 2e9, kept: null }, KEEPS);
  assert.deepEqual(line, { text: "5 kB of 2 GB used", canAsk: false });
  assert.equal(usageOf({ used: 5000, quota: 0, kept: null }, KEEPS).text, "5 kB used");
});

test("in Safari the line warns of the seven days", () => {
  const { text } = usageOf({ used: 1000, quota: 2e9, kept: false }, { persistent: true, sevenDays: true });
  assert.match(text, /short\. Safari deletes what a site keeps after seven days/);
});

test("a browser that keeps nothing says so, and nothing else", () => {
  const line = usageOf({ used: 0, quota: 0, kept: false }, { persistent: false, sevenDays: true });
  assert.deepEqual(line, {
    text: "This browser keeps nothing for this page: these conversations are gone when the tab is closed.",
    canAsk: false,
  });
});

test("Safari is told by its gestures, and a page on the Home Screen is spared", () => {
  assert.equal(deletesAfterSevenDays({ navigator: {} }), false);
  assert.equal(deletesAfterSevenDays({ GestureEvent: class {}, navigator: {} }), true);
  assert.equal(deletesAfterSevenDays({ GestureEvent: class {}, navigator: { standalone: true } }), false);
});
