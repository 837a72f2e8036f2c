// What `page.py` runs in a page before the page's own scripts, ours or another's: frames that came late, tasks over
// 50 ms, and times from a key to the frame behind it. It asks for as little as it can: what it reads at each frame it reads
// off the last answer alone.
(() => {
  "use strict";

  const LATE_MS = 50;
  const PATIENCE_MS = 120_000;
  const frame = () => new Promise(requestAnimationFrame);
  // Behind the frame: what was drawn in it is on the screen.
  const drawn = async () => {
    await frame();
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
    return performance.now();
  };
  const lastOf = (selector) => [...document.querySelectorAll(selector)].at(-1)?.textContent ?? "";
  const visible = (element) => Boolean(element?.getClientRects().length);

  const CONDITIONS = {
    usable: () => visible(document.querySelector(".submit-button")) && !document.querySelector("textarea").disabled,
    asked: (text) => lastOf(".user.message").includes(text),
    answering: (text) => lastOf(".bot.message").includes(text),
    whole: (text) => lastOf(".bot.message").trimEnd().endsWith(text) && CONDITIONS.usable(),
  };
  const when = async (name, given) => {
    const until = performance.now() + PATIENCE_MS;
    while (!CONDITIONS[name](given)) if ((await drawn()) > until) throw new Error(`not ${name}: ${given}`);
    return performance.now();
  };

  const tasks = [];
  const watch = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  watch.observe({ type: "longtask" });
  let gaps = [];
  let last = null;
  const tick = (now) => {
    if (last !== null) gaps.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  let keys = [];
  addEventListener("keydown", ({ timeStamp }) => drawn().then((at) => keys.push(at - timeStamp)), true);

  let clicked = 0;
  addEventListener("click", ({ timeStamp }) => (clicked = timeStamp), true);
  const usableAfterClick = async () => (await when("usable")) - clicked;

  const clear = () => {
    [gaps, keys] = [[], []];
    tasks.length = 0;
  };
  const smoothness = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100)); // the browser tells of tasks later
    tasks.push(...watch.takeRecords());
    return {
      late: gaps.filter((gap) => gap > LATE_MS).length,
      worst: Math.max(0, ...gaps),
      tasks: tasks.length,
      taskMs: tasks.reduce((sum, { duration }) => sum + duration, 0),
      keys,
    };
  };

  let asked = null;
  // The times of a turn from the Enter that begins it: `shown` is what is looked for, [[condition, text], …].
  const ask = (shown) => {
    clear();
    asked = new Promise((resolve, reject) => {
      const began = ({ key, timeStamp }) => {
        if (key !== "Enter") return;
        removeEventListener("keydown", began, true);
        Promise.all(shown.map(async ([name, text]) => (await when(name, text)) - timeStamp)).then(resolve, reject);
      };
      addEventListener("keydown", began, true);
    });
  };

  globalThis.probe = { ask, asked: () => asked, clear, smoothness, usable: () => when("usable"), usableAfterClick, characters: () => lastOf(".bot.message").length };
})();
