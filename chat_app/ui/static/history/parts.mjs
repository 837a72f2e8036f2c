// What goes with a message besides its text: how Gradio's chatbot is given a question's files, what of a message is
// searched, and what is sent of it. The forms of a part are told in tree.mjs. Pure.
//
// A picture's address is made of its bytes, once for each part: the chatbot compares what it is given with what it has,
// and the same string is compared at once. No part chooses what its address means: pictures and recordings go by a list
// of types, and the text of a document is plain text, whatever it was read from.

import { PIECE, reader } from "./pieces.mjs";

const PICTURES = ["image/jpeg", "image/png", "image/webp", "image/gif"];
const RECORDING = /^audio\/[a-z0-9.+-]{1,60}$/;
const CHUNK = 0x8000; // arguments of one call
const contents = new WeakMap();

/** Whether a part is something that was added to a question. */
export const isFile = (part) => ["image", "audio", "document"].includes(part.type);

/** The files of a message, in their order. */
export const filesOf = (message) => (message.parts ?? []).filter(isFile);

/** The parts of a question, null when it is only text. */
export const partsOf = (text, files) => (files.length ? [...files, ...(text.trim() ? [{ type: "text", text }] : [])] : null);

/** The address of a picture or a recording; empty when it is neither. */
export const addressOf = ({ type, mime_type: kind, data }) =>
  (type === "image" && PICTURES.includes(kind)) || (type === "audio" && RECORDING.test(kind)) ? `data:${kind};base64,${data}` : "";

const base64 = (text) => {
  const bytes = new TextEncoder().encode(text);
  let signs = "";
  for (let at = 0; at < bytes.length; at += CHUNK) signs += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(signs);
};

const fileOf = (part) => {
  const name = part.name || { image: "picture", audio: "recording", document: "document" }[part.type];
  if (part.type !== "document") return { name, url: addressOf(part), kind: part.mime_type };
  // It is saved as the text that was read, so its name does not say that it is a PDF.
  const saved = /\.txt$/i.test(name) ? name : `${name}.txt`;
  return { name: saved, url: `data:text/plain;charset=utf-8;base64,${base64(part.text)}`, kind: "text/plain" };
};

const contentOf = (part) => {
  if (!contents.has(part)) {
    const { name, url, kind } = fileOf(part);
    contents.set(part, { type: "file", file: { path: name, url, orig_name: name, mime_type: kind }, alt_text: name });
  }
  return contents.get(part);
};

let growing = { id: null, readers: null }; // of the answer that was drawn last as it arrives: one for each place in `shown`
const cut = new WeakMap(); // what is shown of the others, in pieces

const inPieces = (shown, read) => {
  if (shown.metadata?.title || !shown.content.some(({ type, text }) => type === "text" && text.length > PIECE)) return shown;
  const pieces = (part, at) => (part.type === "text" ? read(at)(part.text).map((text) => ({ type: "text", text })) : [part]);
  return { ...shown, content: shown.content.flatMap(pieces) };
};

const answerInPieces = ({ id, state, shown }) => {
  if (state === "arriving") {
    if (growing.id !== id) growing = { id, readers: new Map() };
    const known = growing.readers;
    const readerAt = (place) => known.get(place) ?? known.set(place, reader()).get(place);
    return shown.map((each, at) => inPieces(each, (part) => readerAt(`${at} ${part}`)));
  }
  if (growing.id === id) growing = { id: null, readers: null };
  for (const each of shown) if (!cut.has(each)) cut.set(each, inPieces(each, reader));
  return shown.map((each) => cut.get(each));
};

/**
 * What Gradio's chatbot shows for a message: as many as are in its `shown`, the first of a question with its files, and
 * with `pieces` the texts of an answer as `pieces.mjs` tells.
 */
export const drawnOf = (message, { pieces = false } = {}) => {
  if (pieces && message.role === "assistant") return answerInPieces(message);
  const files = message.role === "user" ? filesOf(message) : [];
  if (!files.length) return message.shown;
  const [first, ...others] = message.shown;
  // Also an empty text stands there, so that one can be added by an edit; the style hides it.
  return [{ ...first, content: [...files.map(contentOf), ...first.content] }, ...others];
};

/** The text of what Gradio shows, without files and figures. */
export const textsIn = (content) => content.filter((part) => part.type === "text").map(({ type, text }) => ({ type, text }));

/** What the server is sent of a message: its parts where it has some, else each of its texts as one of its own. */
export const saidOf = (message) => {
  if (message.parts?.length) return [{ role: message.role, content: message.parts }];
  return message.shown
    .filter((shown) => !shown.metadata?.title)
    .map(({ role, content }) => ({ role, content: textsIn(content) }))
    .filter(({ content }) => content.length);
};

/** The names of a message's files, and the texts of its documents, for the search. */
export const searchedIn = (message) => filesOf(message).flatMap((part) => [part.name, part.text ?? ""]).filter(Boolean).join("\n");
