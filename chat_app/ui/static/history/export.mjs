// Conversations as files: one as Markdown to read (the path that is on the page), any number as JSON to keep and to
// import again (all versions, tokens and ratings), and names that every system takes. Text goes out as it stands.

import { filesOf } from "./parts.mjs";
import { Tree } from "./tree.mjs";

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
  const blocks = [`# ${escaped(conversation.title || "Conversation")}`];
  if (conversation.model) blocks.push(`Model: ${escaped(conversation.model)}`);
  if (others) blocks.push(`*Other versions are not in this file (${others} ${others === 1 ? "message"
    : "messages"}).*`);
  for (const message of path) blocks.push(...sectionOf(message));
  return `${blocks.join("\n\n")}\n`;
};

/** All of the entries, as import.mjs reads them. */
export const asJson = (entries, now = new Date()) => {
  const conversations = entries.map(({ conversation, messages }) => ({ ...conversation, messages }));
  const file = { format: "chat_app", version: 1, exported: now.toISOString(), conversations };
  const short = JSON.stringify(file);
  return short.length > PRETTY_UP_TO ? short : `${JSON.stringify(file, null, 2)}\n`;
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

const ANSWERED_BY = /^Answered by (.+)$/;

const sectionOf = (message) => {
  const by = message.shown.map((shown) => ANSWERED_BY.exec(shown.metadata?.title ?? "")?.[1]).find(Boolean);
  const heading = message.role === "user" ? "## You" : by ? `## Assistant (${escaped(by)})` : "## Assistant";
  const shown =
    message.shown.filter(({ metadata, content }) => !ANSWERED_BY.test(metadata?.title ?? "") || said(content));
  const files = message.role === "user" ? filesOf(message).map(attached) : [];
  return [heading, ...files, ...shown.map(blockOf).filter(Boolean), ...(message.state === "whole" ? [] : ["*Interrupted.*"])];
};

const said = (content) => content.filter((part) => part.type === "text").map((part) => part.text).join("");

const KINDS = { image: "Picture", audio: "Recording", document: "Document" };

// Its name and what it is; what it holds is in the JSON.
const attached = ({ type, name, mime_type: kind }) => `*${KINDS[type]}: ${escaped(name)}${kind ? ` (${escaped(kind)})` : ""}*`;

// Pictures and figures of an answer are named too.
const unwritten = (part) => {
  if (part.type === "file") return `*File: ${escaped(part.file?.orig_name ?? "")}*`;
  return part.type === "component" ? `*${part.component === "gallery" ? "Pictures" : "Figure"}*` : "";
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
