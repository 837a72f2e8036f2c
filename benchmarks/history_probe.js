// What `history.py` runs in the page before the page's own scripts: times of the page's own clock, from the event that
// began something to the frame in which it is drawn; main-thread tasks over 50 ms; what is written to IndexedDB.
(() => {
  "use strict";

  const PATIENCE_MS = 30_000;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const visible = (selector) => all(selector).some((each) => each.getClientRects().length);
  const last = (selector) => all(selector).at(-1)?.textContent ?? "";
  const idOf = (link) => link?.href.split("#c=")[1];

  const CONDITIONS = {
    usable: () => visible("#question .submit-button") && !document.querySelector("#question textarea").disabled,
    listed: (rows) => visible("#conversations .inside") && all("#conversations .row").length >= rows,
    closed: () => Boolean(document.querySelector("#conversations .inside")?.hidden),
    shown: ({ title, answers }) =>
      document.querySelector("#conversation .user.message")?.textContent.includes(title) &&
      all("#conversation .bot.message").length >= answers,
    found: (id) => visible("#conversations .results") && idOf(document.querySelector("#conversations .results a")) === id,
    asked: (text) => last("#conversation .user.message").includes(text),
    answered: (text) =>
      last("#conversation .bot.message").includes(text) &&
      !document.body.classList.contains("answering") &&
      CONDITIONS.usable(),
  };

  const frame = () =>
    new Promise((resolve) =>
      requestAnimationFrame(() => {
        const behind = new MessageChannel();
        behind.port1.onmessage = () => resolve(performance.now());
        behind.port2.postMessage(null);
      }),
    );
  // Conditions are looked at once a frame: how often must not depend on how much the page changes.
  const drawn = async ([name, given]) => {
    const until = performance.now() + PATIENCE_MS;
    while (!CONDITIONS[name](given)) if ((await frame()) > until) throw new Error(`not ${name}: ${JSON.stringify(given)}`);
    return frame();
  };

  const tasks = [];
  const watch = new PerformanceObserver((list) => tasks.push(...list.getEntries()));
  watch.observe({ type: "longtask", buffered: true });
  const longest = (from, to) =>
    Math.max(0, ...tasks.filter((task) => task.startTime < to && task.startTime + task.duration > from).map((task) => task.duration));

  let writes = [];
  let put = [];
  let heldMs = 0;
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (stores, mode, ...others) {
    const made = transaction.call(this, stores, mode, ...others);
    if (mode !== "readwrite") return made;
    const began = performance.now();
    made.addEventListener("complete", () => writes.push(performance.now() - began));
    return made;
  };
  const { put: putRecord } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (...record) {
    const began = performance.now();
    const request = putRecord.apply(this, record);
    heldMs += performance.now() - began;
    put.push(record[0]);
    return request;
  };

  const ended = async (began, conditions) => {
    const drawnAt = [];
    const from = await began;
    // At once, or the second would be looked for only when the first is there.
    await Promise.all(conditions.map(async (condition, at) => (drawnAt[at] = await drawn(condition))));
    const to = Math.max(...drawnAt);
    await new Promise((resolve) => setTimeout(resolve, 200)); // the browser tells of tasks later
    tasks.push(...watch.takeRecords());
    return { took: drawnAt.map((at) => at - from), longest: longest(from, to) };
  };

  let measured = null;
  const begin = (kind, conditions) => {
    const began = new Promise((resolve) =>
      document.addEventListener(kind, ({ timeStamp }) => resolve(timeStamp), { capture: true, once: true }),
    );
    measured = ended(began, conditions);
  };

  const beginWriting = () => ([writes, put, heldMs] = [[], [], 0]);
  const written = () => ({
    times: writes,
    heldMs,
    records: put.length,
    bytes: put.reduce((sum, record) => sum + new Blob([JSON.stringify(record)]).size, 0),
  });

  // Words of our own making: the text is never the same twice, as the browser compresses what repeats.
  const writer = (seed) => {
    let state = seed;
    const next = (limit) => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % limit;
    const word = () => Array.from({ length: 1 + next(3) }, () => "bcdfghlmnprstv"[next(14)] + "aeiouéä"[next(7)]).join("");
    return (length) => {
      const words = [];
      for (let left = length; left > 0; left -= words.at(-1).length + 1) words.push(word());
      return `${words.join(" ")}.`;
    };
  };

  const fill = async ({ conversations, messages, characters }) => {
    const folder = document.querySelector('script[src$="/page/page.mjs"]').src.replace("page/page.mjs", "history/");
    const [{ openStore }, tree] = await Promise.all([import(`${folder}store.mjs`), import(`${folder}tree.mjs`)]);
    const { store: name } = JSON.parse(document.getElementById("chat-app-settings").textContent);
    const store = await openStore(name);
    const text = writer(conversations);
    const newest = Date.now() - 3_600_000;
    const write = (number) => {
      const updated = newest - number * 7_200_000;
      const id = `kept-${number}`;
      const said = [];
      for (let at = 0; at < messages; at++) {
        const role = at % 2 ? "assistant" : "user";
        const beginning = at === 0 ? `Conversation ${number}. ` : at === 2 ? `Only here: found${number}. ` : "";
        const shown = [tree.shownText(role, beginning + text(characters))];
        const time = new Date(updated - (messages - at) * 10_000);
        said.push(tree.newMessage(id, said.at(-1)?.id ?? null, role, shown, {}, time));
      }
      const fields = { id, title: `Conversation ${number}`, head: said.at(-1).id, updated: new Date(updated).toISOString() };
      return store.write(tree.newConversation(fields), said);
    };
    for (let number = 0; number < conversations; number += 20) {
      await Promise.all(Array.from({ length: Math.min(20, conversations - number) }, (_, at) => write(number + at)));
    }
    store.close();
  };

  globalThis.probe = { begin, ended: () => measured, opened: (conditions) => ended(0, conditions), beginWriting, written, fill };
})();
