// What has to be there before Gradio: survive a server that is gone for a while, evaluate no text, send nothing twice, go
// along with what grows, and show remote pictures as links. The `js` of an event in `interface.py` is
// `globalThis.chatApp.event("name", …)`; the functions are those of `history/events.mjs`, which `history/main.mjs` gives
// to `chatApp.start`: each takes Gradio's values, and then what stands after its name there, and returns the outputs of
// its event as a list.
(() => {
  "use strict";

  // The page's language decides what Gradio writes on its buttons, and not the browser's: it looks at these (6.31).
  const { lang } = document.documentElement;
  if (lang) {
    Object.defineProperty(navigator, "language", { get: () => lang });
    Object.defineProperty(navigator, "languages", { get: () => [lang] });
  }
  // What is not in the settings is as in English.
  const words = JSON.parse(document.getElementById("chat-app-settings")?.textContent ?? "{}").words ?? {};

  let following = true;
  const answering = () => Boolean(document.body?.classList.contains("answering"));

  // Enter and the send button do nothing while an answer arrives, and with nothing to send, or with files that are not
  // read yet (`want`, which `history/main.mjs` replaces where files are taken); what is typed stays.
  const guard = (event) => {
    const box = event.target.closest?.("#question");
    if (!box) return;
    const sends =
      event.type === "click"
        ? event.target.closest(".submit-button")
        : event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("textarea");
    if (sends && (answering() || !chatApp.want(box.querySelector("textarea").value))) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };

  // A picture from another host is never loaded (the content security policy sees to that): its address is shown.
  const linkInsteadOfPicture = (event) => {
    const picture = event.target;
    if (!(picture instanceof HTMLImageElement) || !picture.closest("#conversation")) return;
    const address = new URL(picture.src, location.href);
    if (!/^https?:$/.test(address.protocol) || address.origin === location.origin) return;
    const link = document.createElement("a");
    Object.assign(link, { href: address.href, target: "_blank", rel: "noopener noreferrer" });
    link.textContent = picture.alt ? `${picture.alt} (${address.href})` : address.href;
    picture.replaceWith(link);
  };

  // Whoever reads at the bottom is taken along as the answer grows; whoever has scrolled up is left there. (Gradio's own
  // way scrolls 300 ms after each update, so that with several updates a second nobody can leave the bottom.)
  const BOTTOM = "#conversation.follows .bubble-wrap";
  let seen = { top: 0, height: 0 }; // where the conversation was scrolled to when it was last looked at
  const look = (box) => {
    const { scrollTop: top, scrollHeight: height, clientHeight: shown } = box;
    // Up, and not because the conversation became shorter: somebody scrolled, by whatever means.
    if (top < seen.top - 1 && height >= seen.height) following = false;
    // Down to the end, or to where the end was. That only by more than the conversation grew: what grows above is no
    // scrolling, and the browser moves what stands below it (a row of a long conversation that is laid out at last).
    else if (top > seen.top && (height - top - shown < 60 || (top - seen.top > height - seen.height && seen.height - top - shown < 60))) following = true;
    seen = { top, height };
  };
  // A wheel, a key or a finger says it before the conversation moves, which it may never do while it is being taken along.
  const inside = (event) => event.target.closest?.(BOTTOM);
  const leaveByWheel = (event) => {
    if (event.deltaY < 0 && inside(event)) following = false;
  };
  const leaveByKey = (event) => {
    if (["ArrowUp", "PageUp", "Home"].includes(event.key) && inside(event)) following = false;
  };
  const leaveByFinger = (event) => {
    const box = inside(event);
    if (!box) return;
    following = false;
    const decide = () => {
      following = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    };
    // To where the finger came down, since what grows is drawn anew, and what is no longer there does not bubble.
    for (const end of ["touchend", "touchcancel"]) event.target.addEventListener(end, decide, { once: true });
  };
  const lookWhenScrolled = (event) => {
    if (event.target instanceof Element && event.target.matches(BOTTOM)) look(event.target);
  };
  const follow = () => {
    const box = document.querySelector(BOTTOM);
    if (!box) return;
    look(box);
    if (following) box.scrollTop = box.scrollHeight;
    seen = { top: box.scrollTop, height: box.scrollHeight };
  };
  // What unfolds or loads makes the conversation longer without a change of it: a thought with the call that waits for the
  // visitor, whose buttons stand below. Not once the answer is whole: whoever unfolds something wants to see its beginning.
  let watched = null;
  const grown = new ResizeObserver(() => answering() && follow());
  const watchGrowth = () => {
    const inner = document.querySelector(`${BOTTOM} .message-wrap`);
    if (inner === watched) return;
    grown.disconnect();
    watched = inner;
    if (inner) grown.observe(inner);
  };

  // Gradio gives the whole page up when one of its requests breaks: no event runs any more, and as soon as the server is
  // there again the page is loaded anew, without its conversation. So a broken request is told to Gradio as a refused
  // one, and a stream that breaks as one that says so: that fails just its event, and the page goes on.
  const GONE = words.unreached ?? "The page could not reach its server.";
  const message = (fields) => `data: ${JSON.stringify(fields)}\n\n`;
  // Without the id of an event it is for all that wait.
  const FAILURE = `\n\n${message({ msg: "unexpected_error", message: GONE, success: false })}${message({ msg: "close_stream" })}`;
  const refused = () =>
    new Response(JSON.stringify({ detail: GONE, error: GONE }), {
      status: 500, // 503 means to Gradio that it is busy
      headers: { "Content-Type": "application/json" },
    });
  // A page that is left breaks its own requests, just behind `pagehide` (seen in Chromium 156): that is told only to
  // whoever comes back to it.
  let here = Promise.resolve();
  addEventListener("pagehide", () => {
    here = new Promise((resolve) => addEventListener("pageshow", resolve, { once: true }));
  });
  const streamOf = (body) => new Response(body, { headers: { "Content-Type": "text/event-stream" } });

  const withAnEnd = (body) => {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let ended = false;
    const read = async (controller) => {
      const { done, value } = await reader.read().catch(() => ({ done: true }));
      if (done) await here;
      if (!done) {
        const text = decoder.decode(value, { stream: true });
        ended = /"msg": ?"close_stream"/.test(text);
        // A server that was started anew does not know the session, at which Gradio loads the page anew.
        controller.enqueue(text.includes('"session_not_found":true') ? new TextEncoder().encode(FAILURE) : value);
        return;
      }
      if (!ended) controller.enqueue(new TextEncoder().encode(FAILURE));
      controller.close();
    };
    return new ReadableStream({ pull: read, cancel: (reason) => reader.cancel(reason) });
  };

  const fetchOnce = globalThis.fetch;
  const fetchForGradio = async (...request) => {
    const { pathname } = new URL(request[0].url ?? request[0], location.href);
    const kind = /\/gradio_api\/(queue\/join|queue\/data|run\/predict)$/.exec(pathname)?.[1];
    if (!kind) return fetchOnce(...request);
    try {
      const response = await fetchOnce(...request);
      if (kind === "queue/data") return streamOf(response.ok ? withAnEnd(response.body) : FAILURE);
      // Gradio takes a refusal with details (422) for no failure, and waits for ever.
      return kind === "queue/join" && !response.ok ? refused() : response;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      await here;
      return kind === "queue/data" ? streamOf(FAILURE) : refused();
    }
  };

  // A form in an answer sends nothing: the policy stops it at other hosts only, and the page would be left for it.
  const sendNoForm = (event) => {
    if (event.target.closest?.("#conversation")) event.preventDefault();
  };

  let start;
  const functions = new Promise((resolve) => (start = resolve));
  const event =
    (name, ...constants) =>
    async (...inputs) =>
      (await functions)[name](...inputs, ...constants);

  // Gradio makes a function of an event's `js` by evaluating it, which the content security policy forbids, and should:
  // what a page evaluates, an injected text can be. The only text that we ever give it is a call of `event` with JSON,
  // so that is read instead of evaluated. (Read in Gradio 6.31: `new AsyncFunction("return (\n" + js + "\n);")`.)
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  const call = /^return \(\s*globalThis\.chatApp\.event\((.*)\)\s*\);$/s;
  const withoutEvaluating = function (...texts) {
    const ours = texts.length === 1 && call.exec(texts[0]);
    return ours ? async () => event(...JSON.parse(`[${ours[1]}]`)) : new AsyncFunction(...texts);
  };
  Object.defineProperty(AsyncFunction.prototype, "constructor", { value: withoutEvaluating });

  // At every update Gradio's chatbot (6.31) sets the direction of each part of a message to what it is, and Chromium then
  // finds the style of all that stands in it anew: most of what drawing a long answer took (for 4,000 tokens 960 ms of
  // finding styles; with this and `pieces.mjs` 191). "auto" has to be found anew.
  const dir = Object.getOwnPropertyDescriptor(HTMLElement.prototype, "dir");
  const setDirection = function (value) {
    if (value === "auto" || dir.get.call(this) !== value) dir.set.call(this, value);
  };
  Object.defineProperty(HTMLElement.prototype, "dir", { ...dir, set: setDirection });

  // Back to a page of somebody who has logged out since: the browser would show it as it was.
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  document.addEventListener("keydown", guard, true);
  document.addEventListener("click", guard, true);
  document.addEventListener("error", linkInsteadOfPicture, true);
  document.addEventListener("submit", sendNoForm, true);
  document.addEventListener("scroll", lookWhenScrolled, true);
  document.addEventListener("keydown", leaveByKey, true);
  document.addEventListener("wheel", leaveByWheel, { capture: true, passive: true });
  document.addEventListener("touchstart", leaveByFinger, { capture: true, passive: true });
  // The buttons that change the conversation, which are not there while an answer arrives
  const CHANGES = ["Like", "Liked", "Dislike", "Disliked", "Feedback", "Retry", "Undo", "Edit"].map((name) => words[name.toLowerCase()] ?? name);
  // Those that Gradio names in English whatever the language is (6.31), by these names
  const ENGLISH = Object.entries({
    "Copy conversation": words.copy_conversation,
    "Copied conversation": words.copied_conversation,
    Liked: words.liked,
    Disliked: words.disliked,
    Feedback: words.feedback,
    "Scroll down": words.scroll_down,
  }).filter(([, name]) => name);
  // Gradio's two buttons beside the text box are pictures without a name, and so is the arrow of a thought, which is a
  // button in a button; the box of an edit has no name either, and the examples are a list without items.
  const nameButtons = (within) => {
    for (const [theirs, name] of ENGLISH) {
      for (const button of within.querySelectorAll(`button[aria-label="${theirs}"]`)) {
        button.setAttribute("aria-label", name);
        button.title = name;
      }
    }
    for (const arrow of within.querySelectorAll(".thought-group .arrow:not([inert])")) arrow.inert = true;
    for (const box of within.querySelectorAll(".edit-textarea:not([aria-label])")) box.setAttribute("aria-label", words.edit ?? "Edit");
    // Code that is wider than its block, or a table, is scrolled by the keyboard too; a picture with its title below has no other name.
    for (const wide of within.querySelectorAll(".code_wrap > pre:not([tabindex]), .md table:not([tabindex])")) wide.tabIndex = 0;
    for (const titled of within.querySelectorAll(".gallery-item img:not([alt='']):has(+ .caption-label)")) titled.alt = "";
    within.querySelector(".examples[role=list]")?.setAttribute("role", "group");
    for (const button of within.querySelectorAll(".message-buttons button[aria-label]:not([data-changes])")) {
      if (CHANGES.includes(button.getAttribute("aria-label"))) button.dataset.changes = "";
    }
  };
  const nameQuestionButtons = () => {
    for (const [selector, name] of [["submit", words.send ?? "Send"], ["stop", words.stop ?? "Stop"]]) {
      document.querySelector(`#question .${selector}-button:not([aria-label])`)?.setAttribute("aria-label", name);
    }
  };

  // What is to be done when the page has changed is done once a frame, however often it changes until then: whoever looks
  // has the browser lay all of it out. A growing answer changes the page many times a second, and nothing but its own row:
  // then `tended` are called with that row alone, and at most four times a second; else with null, for all of the page. What
  // Gradio keeps unseen, as the answers that arrive, is no change of the page. (In a conversation of 400 messages all of
  // it is 60,000 elements.)
  const GROWING_MS = 250;
  const tended = [(row) => {
    const within = row ?? document.getElementById("conversation");
    if (within) nameButtons(within);
    if (!row) nameQuestionButtons();
  }];
  const growingRow = () => {
    let row = answering() ? (document.querySelector("#conversation .message-wrap")?.lastElementChild ?? null) : null;
    while (row && !row.matches(".message-row")) row = row.previousElementSibling;
    return row;
  };
  const isUnseen = (target) => Boolean((target.closest ? target : target.parentElement)?.closest(".hide, .hidden"));
  let [frame, later, whole, tendedAt] = [0, 0, false, 0];
  const tend = (row) => {
    clearTimeout(later);
    [later, whole, tendedAt] = [0, false, performance.now()];
    for (const each of tended) each(row);
  };
  const nextFrame = () => {
    frame = 0;
    follow();
    watchGrowth();
    if (whole) tend(null);
  };
  const changed = (changes) => {
    const row = growingRow();
    const elsewhere = changes.filter(({ target }) => !row?.contains(target) && !isUnseen(target));
    if (elsewhere.length) whole = true;
    else if (changes.some(({ target }) => row?.contains(target))) later ||= setTimeout(() => tend(whole ? null : growingRow()), tendedAt + GROWING_MS - performance.now());
    else return;
    frame ||= requestAnimationFrame(nextFrame);
  };
  new MutationObserver(changed).observe(document, { subtree: true, childList: true, characterData: true });
  globalThis.fetch = fetchForGradio;
  // What is known of the conversation has changed, and the page perhaps not: another tab has written, or an answer is over.
  const tendSoon = () => {
    whole = true;
    frame ||= requestAnimationFrame(nextFrame);
  };
  const chatApp = { event, start, follow: () => (following = true), tended, tendSoon, want: (text) => text.trim() !== "" };
  globalThis.chatApp = chatApp;
})();
