// Conversations to files and back, as the panel's buttons ask for it.

import { LIMITS } from "./entry.mjs";
import { asJson, asMarkdown, fileName, fitsInto, jsonFiles, jsonOf } from "./export.mjs";
import { nameOf, readImport } from "./import.mjs";
import { word } from "./words.mjs";

/** Have the browser save a text, or the pieces of one, as a file. */
export const download = (name, type, ...pieces) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(pieces, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};

const written = ({ conversation, tree }) => ({ conversation, messages: tree.messages });

// What cannot be read is left out of a file, and whoever asked for it is told.
const readable = (conversations, id) => conversations.entry(id).catch(() => null);

/** One conversation, as "markdown" or "json". False when it cannot be read, or is too long for a text. */
export const saveOne = async (conversations, id, format) => {
  const entry = await readable(conversations, id);
  if (!entry) return false;
  const { title } = entry.conversation;
  try {
    if (format === "markdown") download(fileName(title, "md"), "text/markdown", asMarkdown(written(entry)));
    else download(fileName(title, "json"), "application/json", asJson([written(entry)]));
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
  return true;
};

/**
 * All of them, in as many files as are small enough to be imported again. Returns the records of those that could not be
 * read, and of those that are too large for such a file and have one of their own: {missing, large}.
 */
export const saveAll = async (conversations, { limit = LIMITS.fileBytes, save = download } = {}) => {
  const [blobs, missing, large] = [[], [], []];
  for (const record of conversations.records) {
    const blob = await blobOf(conversations, record.id);
    if (!blob) missing.push(record);
    else if (blobs.push(blob) && !fitsInto(limit, blob)) large.push(record);
  }
  const name = `${word("conversations")} ${new Date().toISOString().slice(0, 10)}`;
  const files = jsonFiles(blobs, limit);
  for (const [at, pieces] of files.entries()) {
    save(fileName(files.length > 1 ? `${name} ${at + 1}-${files.length}` : name, "json"), "application/json", ...pieces);
  }
  return { missing, large };
};

// In a Blob it is not in the page's memory, which all of them would not fit into.
const blobOf = async (conversations, id) => {
  const entry = await readable(conversations, id);
  try {
    return entry && new Blob([jsonOf(written(entry))]);
  } catch {
    return null; // longer than a text can be
  }
};

/** Take a file in. Returns what to tell of it; throws `ImportRefused`. */
export const importFile = async (conversations, file) => {
  const { source, entries, skipped } = await readImport(file);
  let fresh = 0;
  for (const entry of entries) fresh += await conversations.add(entry);
  const known = entries.length - fresh;
  const told = [word(fresh ? "imported" : "nothing_new", { count: fresh, source: nameOf(source) })];
  if (known) told.push(word("here_already", { count: known }));
  for (const { title, why } of skipped.slice(0, 3)) told.push(word("skipped", { title, why }));
  if (skipped.length > 3) told.push(word("skipped_more", { count: skipped.length - 3 }));
  return told.join(" ");
};
