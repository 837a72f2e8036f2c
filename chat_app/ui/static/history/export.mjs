// Conversations as files: one as Markdown to read (the path that is on the page), any number as JSON to keep and to
// import again (all versions, tokens and ratings), and names that every system takes. Text goes out as it stands.

import { filesOf } from "./parts.mjs";
import { Tree } from "./tree.mjs";
import { word } from "./words.mjs";

const PRETTY_UP_TO = 100_000; // characters
const NAME_LENGTH = 80;
const NAME_BYTES = 200; // ext4 and APFS take 255; a system may add " (1)"
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$/i;
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\\/:*?"<>|]+/gu; // \p{Cf}: what turns the direction of text, or is not seen

/** The path to the conversation's head as Markdown. */
export const asMarkdown = ({ conversation, messages }) => {
  const tree = new Tree(messages);
  const path = tree.path(conversation.head);
  const others = tree.size - path.length;
  const blocks = [`# ${escaped(conversation.title || word("conversation"))}`];
  if (conversation.model) blocks.push(word("model_of", { name: escaped(conversation.model) }));
  if (others) blocks.push(italic(word("other_versions", { count: others })));
  for (const message of path) blocks.push(...sectionOf(message));
  return `${blocks.join("\n\n")}\n`;
};

/** All of the entries, as import.mjs reads them. Throws as `jsonOf`. */
export const asJson = (entries, now = new Date()) => fileAround(entries.map(jsonOf), now).join("");

/** One entry as it stands in such a file. Throws a RangeError when it is longer than a text can be. */
export const jsonOf = ({ conversation, messages }) => {
  const entry = { ...conversation, messages };
  const short = JSON.stringify(entry);
  return short.length > PRETTY_UP_TO ? short : JSON.stringify(entry, null, 2);
};

/**
 * Such files of at most `limit` bytes, each as the pieces of a Blob, of `written`: Blobs of what `jsonOf` gives. What is
 * larger than that has a file of its own.
 */
export const jsonFiles = (written, limit, now = new Date()) => {
  const files = [[]];
  let room = limit - AROUND;
  for (const each of written) {
    if (each.size + BETWEEN.length > room && files.at(-1).length) {
      files.push([]);
      room = limit - AROUND;
    }
    files.at(-1).push(each);
    room -= each.size + BETWEEN.length;
  }
  return files.map((entries) => fileAround(entries, now));
};

/** Whether one of `written` fits into a file of at most `limit` bytes. */
export const fitsInto = (limit, { size }) => size + AROUND <= limit;

const BETWEEN = ",\n";
const AROUND = 200; // bytes, and a few more
const fileAround = (written, now) => {
  const head = JSON.stringify({ format: "chat_app", version: 1, exported: now.toISOString() }).slice(0, -1);
  return [`${head},"conversations":[\n`, ...written.flatMap((each, at) => (at ? [BETWEEN, each] : [each])), "\n]}\n"];
};

/** A name for a file of this title: at most 80 characters with its extension, never empty, of no special meaning. */
export const fileName = (title, extension) => {
  const end = `.${extension.toLowerCase().replace(/[^a-z0-9]/g, "").slice(0, 10) || "txt"}`;
  const clean = title.normalize("NFC").replace(UNSAFE, " ").replace(/\s+/g, " ");
  let base = "";
  let bytes = 0;
  for (const sign of [...clean.replace(/^[\s.~-]+/, "")].slice(0, NAME_LENGTH - end.length)) {
    bytes += new TextEncoder().encode(sign).length;
    if (bytes > NAME_BYTES || base.length + sign.length + end.length > NAME_LENGTH) break;
    base += sign;
  }
  base = base.replace(/[\s.]+$/, "");
  if (RESERVED.test(base.split(".")[0].trim())) base =
    `_${base}`.slice(0, NAME_LENGTH - end.length).replace(/[\s.]+$/, "");
  return `${base || "conversation"}${end}`;
};

// Who answered stands in the title of a note, and behind a colon why it did. One in another language stays a note.
const [BEFORE, AFTER] = word("answered_by", { endpoint: "\n" }).split("\n");
const answererIn = ({ metadata, options }) => {
  const [title] = withoutReferences(metadata?.title ?? "").split(": ");
  const isNote = !metadata?.status && !options?.length;
  return isNote && title.startsWith(BEFORE) && title.endsWith(AFTER) ? title.slice(BEFORE.length, title.length - AFTER.length) : "";
};

const sectionOf = (message) => {
  const name = message.shown.map(answererIn).find(Boolean);
  const assistant = name ? word("assistant_named", { name: escaped(name) }) : word("assistant");
  const heading = `## ${message.role === "user" ? word("you") : assistant}`;
  const shown = message.shown.filter((each) => !answererIn(each) || said(each.content));
  const files = message.role === "user" ? filesOf(message).map(attached) : [];
  return [heading, ...files, ...shown.map(blockOf).filter(Boolean), ...(message.state === "whole" ? [] : [italic(word("was_interrupted"))])];
};

const said = (content) => content.filter((part) => part.type === "text").map((part) => part.text).join("");

const KINDS = { image: word("kind_picture"), audio: word("kind_recording"), document: word("kind_document") };

// Its name and what it is; what it holds is in the JSON.
const attached = ({ type, name, mime_type: kind }) => `*${KINDS[type]}: ${escaped(name)}${kind ? ` (${escaped(kind)})` : ""}*`;

// Pictures and figures of an answer are named too.
const unwritten = (part) => {
  if (part.type === "file") return `*${word("kind_file")}: ${escaped(part.file?.orig_name ?? "")}*`;
  return part.type === "component" ? `*${word(part.component === "gallery" ? "kind_pictures" : "kind_figure")}*` : "";
};

/** Text as it stands; a thought, or what a tool did, quoted; a notice in italics. */
const blockOf = ({ metadata, options, content }) => {
  const others = content.map(unwritten).filter(Boolean);
  const text = [said(content), ...others].filter(Boolean).join("\n\n");
  if (!metadata?.title) return text;
  if (metadata.status && !options?.length) return quoted(metadata, text);
  return [metadata.title, ...text.split("\n")].filter((line) => line.trim()).map(italic).join("\n\n");
};

const quoted = ({ title, duration }, text) => {
  const took = duration ? ` (${duration} s)` : "";
  return [`**${escaped(title)}**${took}`, "", ...text.split("\n")].map((line) =>
    `> ${line}`.trimEnd()).join("\n").replace(/(\n>)+$/, "");
};

// The page has the signs of a notice as character references, so that they are no markup there.
const italic = (line) => `*${withoutReferences(line).trim().replaceAll("*", "\\*")}*`;

const withoutReferences = (text) => text.replace(/&#(\d{1,6});/g, (_, code) => String.fromCodePoint(Number(code)));

/** One line that Markdown shows as it stands. */
const escaped = (text) => text.replace(/\s+/g, " ").trim().replace(/[\\`*_[\]<>#&]/g, "\\$&");
