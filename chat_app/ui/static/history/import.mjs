// A file of conversations to records of ours: this app's own exports, and those of ChatGPT, Open WebUI, llama.cpp's web
// UI and LibreChat, told apart by their shape. Anyone may have written the file. It is refused, with a sentence and a
// hint, when it is too large (before it is read), a ZIP, not JSON, or nothing known; otherwise every conversation that
// can be read comes in and the others are named with the reason. What comes in has passed `problemsOf` (entry.mjs).
//
// Ids are the same each time a file is read, so that what is there already can be told from what is new. Text stays as
// it is; nothing here takes it for markup. `JSON.parse` of the browsers does not recurse, and no code behind it does.

import { LIMITS, problemsOf } from "./entry.mjs";
import * as chatgpt from "./importers/chatgpt.mjs";
import { Unreadable, entryFrom } from "./importers/draft.mjs";
import * as librechat from "./importers/librechat.mjs";
import * as llamaCpp from "./importers/llama_cpp.mjs";
import * as openWebui from "./importers/open_webui.mjs";
import * as own from "./importers/own.mjs";
import { firstText, line, list, record } from "./importers/values.mjs";
import { language, word } from "./words.mjs";

const IMPORTERS = [chatgpt, openWebui, llamaCpp, librechat];
const LOOKED_AT = 1_000; // items that are asked what they are
const READABLE = word("import_readable");

export class ImportRefused extends Error {
  constructor(sentence, hint = "", options = {}) {
    super(sentence, options);
    this.name = "ImportRefused";
    this.sentence = sentence;
    this.hint = hint;
  }
}

/**
 * {source, entries: [{conversation, messages}], skipped: [{title, why}]} of a `File` (its `size`,
   `slice` and `text()`).
 * `why` is a sentence; with an empty title it is about the file. Throws `ImportRefused` and nothing else.
 */
export const readImport = async (file, now = new Date()) => {
  const whole = await textOf(file);
  const { source, items, read, skipped } = itemsOf(whole);
  const entries = [];
  const ids = new Set();
  for (const item of items.slice(0, LIMITS.conversations)) {
    const skip = (why) => skipped.push({ title: titleOf(item), why });
    try {
      const { entry, cut } = read(item, now);
      const [problem] = problemsOf(entry);
      if (problem) skip(word("import_malformed", { problem }));
      else if (ids.has(entry.conversation.id)) skip(word("import_twice"));
      else {
        entries.push(entry);
        ids.add(entry.conversation.id);
        const why = word("import_cut_why", { limit: number(LIMITS.messages) });
        if (cut) skip(word("import_cut", { count: number(cut), why }));
      }
    } catch (error) {
      skip(error instanceof Unreadable ? error.message : word("import_unreadable"));
    }
  }
  const beyond = items.length - LIMITS.conversations;
  if (beyond > 0) skipped.push({ title: "",
    why: word("import_too_many", { limit: number(LIMITS.conversations), count: number(beyond) }) });
  return { source, entries, skipped };
};

const number = (value) => value.toLocaleString(language());
const megabytes = (bytes) => `${number(Math.ceil(bytes / 1e5) / 10)} MB`;
const titleOf = (item) =>
  line(firstText(record(item).title, record(record(item).conv).name, record(record(item).chat).title), 100);

const textOf = async (file) => {
  try {
    if (isZip(typeof file.slice === "function" ? await file.slice(0, 2).text() : "")) throw zip();
    if (!(file.size <= LIMITS.fileBytes)) {
      throw new ImportRefused(
        word("import_too_large", { size: megabytes(file.size), limit: megabytes(LIMITS.fileBytes) }),
        word("import_too_large_hint"),
      );
    }
    const whole = await file.text();
    if (isZip(whole)) throw zip();
    return whole.replace(/^\ufeff/, "");
  } catch (error) {
    if (error instanceof ImportRefused) throw error;
    throw new ImportRefused(word("import_lost"), word("import_lost_hint"),
      { cause: error });
  }
};

const isZip = (begin) => begin.startsWith("PK");
const zip = () =>
  new ImportRefused(word("import_zip"),
    word("import_zip_hint"));

const empty = () => new ImportRefused(word("import_empty"), READABLE);

/** What a source is called. */
export const nameOf = (source) => IMPORTERS.find(({ SOURCE }) => SOURCE === source)?.NAME ?? word("own_file");

/** What the file holds: its items, and how to read one. */
const itemsOf = (whole) => {
  if (isTooDeep(whole)) throw new ImportRefused(word("import_too_deep"), READABLE);
  if (llamaCpp.isLines(whole)) {
    const { items, broken } = llamaCpp.itemsOfLines(whole);
    const count = broken.length === 1 ? 1 : number(broken.length);
    const why = word("import_bad_lines", { count, first: broken[0] });
    const skipped = broken.length ? [{ title: "", why }] : [];
    return { source: llamaCpp.SOURCE, items, read: readerOf(llamaCpp), skipped };
  }
  const data = parsed(whole);
  if (record(data).format === own.SOURCE) return ownItems(data);
  const items = llamaCpp.tablesOf(data) ?? (Array.isArray(data) ? data : [data]);
  const looked = items.slice(0, LOOKED_AT);
  const importer = IMPORTERS.find(({ recognizes }) => looked.some(recognizes));
  if (Array.isArray(data) && !data.length) throw empty();
  if (!importer) throw new ImportRefused(word("import_unknown"), READABLE);
  return { source: importer.SOURCE, items, read: readerOf(importer), skipped: [] };
};

const ownItems = (data) => {
  if (!(data.version <= own.VERSION)) {
    throw new ImportRefused(word("import_newer"),
      word("import_newer_hint"));
  }
  if (!own.recognizes(data)) throw empty();
  return { source: own.SOURCE, items: list(data.conversations), read: own.entryOf, skipped: [] };
};

const readerOf = (importer) => (item, now) => {
  if (!importer.recognizes(item)) throw new Unreadable(word("import_not_of", { source: importer.NAME }));
  return entryFrom(importer.draftOf(item), now);
};

const parsed = (whole) => {
  try {
    return JSON.parse(whole);
  } catch (error) {
    const problem = whole.trim() ? placeOf(error, whole) : word("import_no_text");
    throw new ImportRefused(word("import_not_json", { problem }), READABLE, { cause: error });
  }
};

/**
 * Whether more than `LIMITS.levels` brackets stand open at once, looked at before parsing: Chromium's `JSON.parse` took
 * 25 s for 99 million of them (Node 26).
 */
const isTooDeep = (whole) => {
  let levels = 0;
  for (let at = 0; at < whole.length && levels <= LIMITS.levels; at++) {
    const code = whole.charCodeAt(at);
    if (code === QUOTE) at = endOfString(whole, at);
    else if (code === 0x5b || code === 0x7b) levels++;
    else if (code === 0x5d || code === 0x7d) levels--;
  }
  return levels > LIMITS.levels;
};

const [QUOTE, BACKSLASH] = [0x22, 0x5c];

const endOfString = (whole, from) => {
  let at = from + 1;
  while (at < whole.length && whole.charCodeAt(at) !== QUOTE) at += whole.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
};

/** Where the text stops being JSON, as far as this browser says it. */
const placeOf = (error, whole) => {
  const said = line(error.message, 200).replace(/\.$/, "");
  const position = Number(/position (\d+)/.exec(said)?.[1] ?? NaN);
  if (/line \d+ column \d+/.test(said)) return said;
  if (!Number.isNaN(position)) {
    return word("import_at", { problem: said, line: number(whole.slice(0, position).split("\n").length) });
  }
  return /end of/i.test(said) ? word("import_ends", { line: number(whole.split("\n").length) }) : said;
};
