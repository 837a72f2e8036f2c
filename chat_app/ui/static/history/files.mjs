// Conversations to files and back, as the panel's buttons ask for it.

import { asJson, asMarkdown, fileName } from "./export.mjs";
import { readImport } from "./import.mjs";
import { word } from "./words.mjs";

/** Have the browser save `text` as a file. */
export const download = (name, type, text) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

const written = ({ conversation, tree }) => ({ conversation, messages: tree.messages });

// What cannot be read is left out of a file, and whoever asked for it is told.
const readable = (conversations, id) => conversations.entry(id).catch(() => null);

/** One conversation, as "markdown" or "json". False when it cannot be read. */
export const saveOne = async (conversations, id, format) => {
  const entry = await readable(conversations, id);
  if (!entry) return false;
  const { title } = entry.conversation;
  if (format === "markdown") download(fileName(title, "md"), "text/markdown", asMarkdown(written(entry)));
  else download(fileName(title, "json"), "application/json", asJson([written(entry)]));
  return true;
};

/** All of them, in one file that can be imported again. Returns the records of those that could not be read. */
export const saveAll = async (conversations) => {
  const [entries, missing] = [[], []];
  for (const record of conversations.records) {
    const entry = await readable(conversations, record.id);
    if (entry) entries.push(entry);
    else missing.push(record);
  }
  const day = new Date().toISOString().slice(0, 10);
  download(fileName(`conversations ${day}`, "json"), "application/json", asJson(entries.map(written)));
  return missing;
};

const NAMES = {
  chat_app: word("own_file"),
  chatgpt: "ChatGPT",
  open_webui: "Open WebUI",
  llama_cpp: "llama.cpp",
  librechat: "LibreChat",
};

/** Take a file in. Returns what to tell of it; throws `ImportRefused`. */
export const importFile = async (conversations, file) => {
  const { source, entries, skipped } = await readImport(file);
  let fresh = 0;
  for (const entry of entries) fresh += await conversations.add(entry);
  const known = entries.length - fresh;
  const told = [word(fresh ? "imported" : "nothing_new", { count: fresh, source: NAMES[source] })];
  if (known) told.push(word("here_already", { count: known }));
  for (const { title, why } of skipped.slice(0, 3)) told.push(word("skipped", { title, why }));
  if (skipped.length > 3) told.push(word("skipped_more", { count: skipped.length - 3 }));
  return told.join(" ");
};
