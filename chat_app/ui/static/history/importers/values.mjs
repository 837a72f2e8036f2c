// Reading values of a file that anyone may have written: each function gives a value of the type that its name says, or
// an empty one. None throws, none follows a prototype (records of JSON have none but Object's, and only named fields
// are read), none changes what it is given.

import { word } from "../words.mjs";

const NOTHING = Object.freeze({});
const [EARLIEST, LATEST] = [Date.UTC(1971, 0), Date.UTC(2101, 0)];

export const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
export const record = (value) => (isRecord(value) ? value : NOTHING);
export const list = (value) => (Array.isArray(value) ? value : []);
export const text = (value) => (typeof value === "string" ? value : "");
/** The first of `values` that is a text with something in it. */
export const firstText = (...values) => values.find((value) => typeof value === "string" && value.trim()) ?? "";
/** A text, or a whole number as one: what files use as ids. */
export const key = (value) => (typeof value === "string" ? value : Number.isSafeInteger(value) ? String(value) : "");
export const seconds = (value) =>
  (Number.isFinite(Number(value)) && value !== "" && Number(value) > 0 ? Number(value) : null);

/** At most `length` characters, with no half of a pair at the end. */
export const cut = (value, length) =>
  (value.length <= length ? value : value.slice(0, length).replace(/[\ud800-\udbff]$/, ""));

/** One line of at most `length` characters. */
export const line = (value, length) => {
  const clean = cut(text(value), 10 * length).replace(/[\s\p{Cc}]+/gu, " ").trim();
  return clean.length <= length ? clean : `${cut(clean, length - 1)}…`;
};

/**
 * ISO 8601 of a time as text or as a number since 1970, in whatever unit gives a year of ours (files hold seconds,
 * milliseconds, microseconds and nanoseconds); "" for anything else.
 */
export const timeOf = (value) => {
  const number = typeof value === "number" ? value : /^\d+(\.\d+)?$/.test(text(value)) ? Number(value) : NaN;
  const unit = number < 1e11 ? 1e3 : number < 1e14 ? 1 : number < 1e17 ? 1e-3 : 1e-6;
  const time = Number.isNaN(number) ? Date.parse(cut(text(value), 40)) : Math.round(number * unit);
  return time >= EARLIEST && time < LATEST ? new Date(time).toISOString() : "";
};

/** 26 hexadecimal digits that two texts hardly share (cyrb53 by bryc,
  twice; `crypto.subtle` is missing without TLS). */
export const hash = (value) =>
  [cyrb53(value, 1), cyrb53(value, 2)].map((part) => part.toString(16).padStart(13, "0").slice(-13)).join("");

const cyrb53 = (value, seed) => {
  let [first, second] = [0xdeadbeef ^ seed, 0x41c6ce57 ^ seed];
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    first = Math.imul(first ^ code, 2654435761);
    second = Math.imul(second ^ code, 1597334677);
  }
  first = Math.imul(first ^ (first >>> 16), 2246822507) ^ Math.imul(second ^ (second >>> 13), 3266489909);
  second = Math.imul(second ^ (second >>> 16), 2246822507) ^ Math.imul(first ^ (first >>> 13), 3266489909);
  return 2 ** 32 * (2097151 & second) + (first >>> 0);
};

/** An id of ours for `theirs` of `source`: the same each time, of safe signs, at most 64. */
export const idFor = (source, theirs) => {
  const id = `${source}-${theirs}`;
  return /^[A-Za-z0-9_-]{1,64}$/.test(id) ? id : `${source}-${hash(theirs)}`;
};

/** What stands in a message for something that does not come along: a "picture", "recording" or "file". */
export const absent = (what, name) => word("not_imported", { what: [word(`kind_${what}`), line(name, 200)].filter(Boolean).join(": ") });

/** `code` as a block of Markdown, whatever backticks are in it. */
export const fenced = (code, language) => {
  const longest = (code.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 2);
  const fence = "`".repeat(longest + 1);
  return `${fence}${line(language, 30).replace(/[^\w+#.-]/g, "")}\n${code}\n${fence}`;
};

/** A value as text, to show it: a text as it stands, anything else as JSON. "" when there is nothing to show. */
export const shownValue = (value) => {
  if (typeof value === "string" || value === null || value === undefined) return value ?? "";
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    return word("too_deep");
  }
};
