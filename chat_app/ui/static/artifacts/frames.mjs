// Sandboxed frames on the page: in the panel, and below a file of HTML that an answer shows.
//
// A frame with scripts that never end takes a process of its own in Chromium on a computer (measured: the page's longest
// pause beside `for (;;);` was 13 ms). Phones and other browsers may run it in the page's own, which then stops; and since
// a frame below a file comes back whenever its conversation is opened, there scripts wait for a button.

import { element } from "../history/elements.mjs";
import { word } from "../history/words.mjs";
import { documentOf, hasScripts } from "./sandbox.mjs";

/** The longest data URL that is shown. */
export const LONGEST = 4_000_000;
const CHIPS = '#conversation a.file-link[href^="data:text/html"]';
const drawn = new WeakMap(); // the address that a link had when its frame was made

const apart = () => {
  const told = navigator.userAgentData;
  return Boolean(told && !told.mobile && told.brands.some(({ brand }) => brand === "Chromium"));
};

/**
 * An element with `html` in a sandboxed frame of that title. Scripts run at once where the browser keeps them apart from
 * the page, else when its button is pressed. `always` is put beside that button: what else can be done.
 */
export const frameOf = (html, title, { always = [], alone = apart() } = {}) => {
  const scripted = hasScripts(html);
  const able = Boolean(globalThis.trustedTypes);
  const runs = scripted && able && alone;
  const made = element("div", { class: "sandboxed" });
  const draw = (scripts) => {
    const run = element("button", { type: "button", click: () => (draw(true), made.querySelector("iframe").focus()) }, word("artifact_run"));
    const told = scripted && !scripts ? [element("p", {}, word(able ? "artifact_waits" : "artifact_cannot_run")), able ? run : null] : [];
    const bar = [...told, ...always].filter(Boolean);
    made.replaceChildren(...(bar.length ? [element("div", { class: "told-of-frame" }, ...bar)] : []), frame(html, title, scripts));
  };
  draw(runs);
  return made;
};

const frame = (html, title, scripts) =>
  element("iframe", {
    sandbox: scripts ? "allow-scripts" : "",
    srcdoc: documentOf(html, { scripts }),
    title,
    referrerpolicy: "no-referrer",
  });

// What a frame says to the page reaches none of the page's listeners. Ours has to be the first: of those on a window, one
// that captures is not called before others (seen in Chromium 156). So it is there as soon as this module is, which is
// before Gradio's. Nobody else has an origin that is called null.
addEventListener("message", (event) => event.origin === "null" && event.stopImmediatePropagation());

/** Put a frame below each file of HTML in the conversation, once. `larger(html, title)` shows one in the panel. */
export const drawFrames = (larger) => {
  for (const link of document.querySelectorAll(CHIPS)) {
    const address = link.getAttribute("href");
    if (drawn.get(link) === address) continue;
    drawn.set(link, address);
    const chip = link.closest(".file-container") ?? link.parentElement;
    chip.querySelector(".sandboxed, .too-large")?.remove();
    chip.classList.add("has-frame");
    chip.append(below(link, address, larger));
  }
};

const below = (link, address, larger) => {
  const html = address.length <= LONGEST ? decoded(address) : null;
  if (html === null) return element("p", { class: "too-large" }, word("artifact_too_large"));
  const title = link.textContent.trim().replace(/\.html?$/i, "");
  const button = element("button", { type: "button", class: "larger", click: () => larger(html, title) }, word("artifact_larger"));
  return frameOf(html, word("artifact_preview_of", { title }), { always: [button] });
};

/** The text of a data URL of UTF-8; null when it is none. */
export const decoded = (address) => {
  const [, type, data] = /^data:([^,]*),(.*)$/s.exec(address) ?? [];
  if (data === undefined) return null;
  try {
    if (!/;\s*base64\s*$/i.test(type)) return decodeURIComponent(data);
    return new TextDecoder().decode(Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)));
  } catch {
    return null; // neither text nor base64
  }
};
