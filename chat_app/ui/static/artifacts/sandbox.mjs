// A model's HTML as the document of a sandboxed frame that can neither see the page nor reach the network.
//
// What holds it (each measured in Chromium 156 by `tests/browser/test_artifacts.py`, with servers that count):
// - `sandbox` without `allow-same-origin`: an origin of its own, so no page, no cookies, no storage; no new windows, no
//   forms, no downloads, no navigation of the page.
// - A content policy before any byte of the model's: no request of any kind. The parser takes it into the head, ignores a
//   second doctype, `<html>` and `<head>`, and gives the attributes of the second `<html>` to the first.
// - `frame-src 'none'` in the page's own policy: without it the frame may go to another address (a link, `location`, a
//   refresh), and sends there what is in it. `srcdoc` is not an address and is not stopped by it.
// - WebRTC passes all of these: the user name of a TURN server alone can say anything to any host, and Chromium does not
//   know the policy `webrtc 'block'`. So its constructor is taken away by the first script. Another frame inside would
//   have a new one; with a script of its own it can come only from `srcdoc`, and a frame made otherwise has another
//   origin. Therefore that word is changed wherever HTML is made of text: here, and in the frame by Trusted Types, whose
//   only policy is made by the same first script. A browser without Trusted Types runs no scripts.

const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; " +
  "font-src data:; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types default";
// HTML has no other way to spell the name of an attribute. XML has: a part that its document type names.
const safe = (text) => text.replace(/srcdoc/gi, "src_doc").replace(/<!ENTITY/gi, "&lt;!");

// Runs in the frame, before anything of the model's. `document.write` may get a tag in parts, so it writes at once.
const first = () => {
  const text = (html, _, sink = "") =>
    /write/i.test(sink) ? "" : html.replace(/srcdoc/gi, "src_doc").replace(/<!ENTITY/gi, "&lt;!");
  const same = (given) => given;
  globalThis.trustedTypes.createPolicy("default", { createHTML: text, createScript: same, createScriptURL: same });
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "XSLTProcessor"]) delete globalThis[name];
  const gone = /^(setAttributeNode|setNamedItem)(NS)?$|^(?!set|parse).*HTMLUnsafe$/;
  for (const { prototype } of [Element, ShadowRoot, NamedNodeMap, Document, DocumentFragment]) {
    for (const name of Object.getOwnPropertyNames(prototype)) if (gone.test(name)) delete prototype[name];
  }
  const write = (...parts) => {
    const at = document.currentScript?.parentElement ? document.currentScript : document.body;
    at?.insertAdjacentHTML(at === document.body ? "beforeend" : "beforebegin", parts.join(""));
  };
  Object.assign(document, { write, writeln: (...parts) => write(...parts, "\n") });
  document.currentScript.remove();
};

const HEAD = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta charset="utf-8">`;

/** The document of a frame for `html`. With `scripts` it needs a browser with Trusted Types. */
export const documentOf = (html, { scripts = false } = {}) => `${HEAD}${scripts ? `<script>(${first})()</script>` : ""}${safe(html)}`;

/** A document that shows `svg` in its middle, as large as there is room. */
export const pictureOf = (svg) =>
  `<style>html,body{height:100%;margin:0}body{display:grid;place-items:center}body>svg{max-width:100%;max-height:100%}</style>${svg}`;

/** Whether `html` may have scripts in it. If it says no, none run: the frame then does not allow any. */
export const hasScripts = (html) => /<script\b|\bon[a-z]+\s*=|javascript:/i.test(html);
