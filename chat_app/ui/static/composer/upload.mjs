// A file to the server and back: it is read there, made into what a model can be given, and not kept. The server answers
// with the part (its forms are told in history/tree.mjs), or with a sentence and a hint.

import { word } from "../history/words.mjs";

/** A file that is not taken. */
export class Refused extends Error {
  constructor(sentence, hint = "", options = {}) {
    super(sentence, options);
    this.name = "Refused";
    this.sentence = sentence;
    this.hint = hint;
  }
}

// A form of another site cannot send this header, and a script of one has to ask first.
const OURS = { "X-Chat-App": "1", "Content-Type": "application/octet-stream" };

/** Beside the folder from which this module came, wherever the page is mounted. */
export const UPLOADS = new URL("../../../uploads", import.meta.url);

/** The part that the server made of `file`, for the model of `preset`. Throws `Refused`, or what `signal` aborts with. */
export const upload = async (file, preset, signal, { fetch = globalThis.fetch, address = UPLOADS } = {}) => {
  const asked = new URL(address);
  asked.searchParams.set("name", file.name || "file");
  asked.searchParams.set("preset", preset);
  let response;
  try {
    response = await fetch(asked, { method: "POST", headers: OURS, body: file, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw await unread(file, error);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer?.part) return answer.part;
  if (answer?.sentence) throw new Refused(answer.sentence, answer.hint ?? "");
  throw SAID[response.status]?.() ?? said("upload_failed");
};

// A folder, or a file that is gone, fails like a connection that is.
const unread = async (file, cause) => {
  const there = await file.slice(0, 1).arrayBuffer().then(() => true, () => false);
  return said(there ? "upload_unreached" : "upload_lost", { cause });
};

const said = (key, options) => new Refused(word(key), word(`${key}_hint`), options);

/** What others on the way answer, such as a proxy. */
const SAID = {
  401: () => said("upload_logged_out"),
  413: () => said("upload_too_large"),
  429: () => said("upload_busy"),
};
