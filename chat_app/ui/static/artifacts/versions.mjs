// Which code blocks of a conversation are artifacts, and which of them are versions of one. No I/O, no DOM.
//
// A block is an artifact when it has at least `LINES` lines, or is HTML or SVG and has any text. The rule for versions,
// with the latest version of each artifact of the same language:
// 1. one answer never gives two versions of an artifact;
// 2. if both have a file name (in the fence, or in a comment on the first line), it is the same one;
// 3. else the later has the same title (HTML and SVG), or at least half of the lines of the shorter one are in both.
// Several that fit: the one with the same file name, then the one with the most lines in common, then the newest. A line
// of three signs or fewer counts for nothing: every program has its `}`.

import { word } from "../history/words.mjs";
import { fencesOf } from "./fences.mjs";
import { labelOf } from "./languages.mjs";

export const LINES = 8;
const SHARED = 0.5;
const LEAST_LINES = 3;
const COMMENT = /^\s*(?:\/\/|\/\*|#|--|;|%|<!--)\s*(?:file(?:name)?:\s*)?([\w@.+/-]+\.[A-Za-z]\w{0,9})\s*(?:\*\/|-->)?\s*$/;
const TITLE = /<title\b[^>]*>([^<]{1,200})<\/title/i;
export const seen = (language) => language === "html" || language === "svg";

/**
 * Reads answers, [{id, text, arriving}] in their order, and remembers what it has read. It returns the artifacts, the
 * first to come first: {key, language, title, versions}, a version being {key, order, answer, name, language, title, text,
 * whole}. A version's key (the answer's id and the block's place in it) stays the same while the answer grows; by their
 * `order` all are as they stand in the conversation.
 */
export const reader = () => {
  let known = new Map();
  return (answers) => {
    const read = new Map();
    for (const { id, text, arriving } of answers) {
      const before = known.get(id);
      const same = before?.text === text && before.arriving === Boolean(arriving);
      read.set(id, same ? before : { text, arriving: Boolean(arriving), blocks: blocksOf(id, text, Boolean(arriving)) });
    }
    known = read;
    return artifactsOf([...read.values()].map(({ blocks }) => blocks));
  };
};

const blocksOf = (id, text, arriving) => {
  const blocks = [];
  for (const [at, fence] of fencesOf(text).entries()) {
    const language = markup(fence);
    const lines = fence.text.split("\n");
    if (!fence.text.trim() || (lines.length < LINES && !seen(language))) continue;
    blocks.push({
      key: `${id} ${at}`,
      answer: id,
      language,
      name: fence.name || (COMMENT.exec(lines[0])?.[1] ?? ""),
      title: seen(language) ? (TITLE.exec(fence.text)?.[1].replace(/\s+/g, " ").trim() ?? "") : "",
      text: fence.text,
      whole: fence.closed || !arriving,
      lines: new Set(lines.map((line) => line.trim()).filter((line) => line.length > 3)),
    });
  }
  return blocks;
};

// A document may come as XML or without a word.
const markup = ({ language, text }) => {
  if (!["", "xml"].includes(language)) return language;
  if (/^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)?<svg[\s>]/i.test(text)) return "svg";
  return /^\s*(?:<!doctype html|<html[\s>])/i.test(text) ? "html" : language;
};

const artifactsOf = (answers) => {
  const artifacts = [];
  let order = 0;
  for (const blocks of answers) {
    const taken = new Set();
    for (const block of blocks) {
      block.order = order++;
      const artifact = fitting(artifacts, block, taken) ?? begun(artifacts, block);
      artifact.versions.push(block);
      taken.add(artifact);
    }
  }
  return named(artifacts);
};

const begun = (artifacts, { key, language }) => {
  const artifact = { key, language, title: "", versions: [] };
  artifacts.push(artifact);
  return artifact;
};

const fitting = (artifacts, block, taken) => {
  let [best, most] = [null, 0];
  for (const artifact of artifacts) {
    const fit = taken.has(artifact) || artifact.language !== block.language ? 0 : likeness(artifact.versions.at(-1), block);
    if (fit > 0 && fit >= most) [best, most] = [artifact, fit];
  }
  return best;
};

const baseName = (name) => name.split(/[\\/]/).at(-1).toLowerCase();

// 2 for the same file, else how much of the shorter one is in both; 0 for another.
const likeness = (before, after) => {
  if (before.name && after.name) return baseName(before.name) === baseName(after.name) ? 2 : 0;
  const [few, many] = before.lines.size < after.lines.size ? [before.lines, after.lines] : [after.lines, before.lines];
  let both = 0;
  for (const line of few) both += many.has(line);
  const share = few.size < LEAST_LINES ? Number(before.text === after.text) : both / few.size;
  if (before.title && before.title === after.title) return Math.max(share, SHARED);
  return share >= SHARED ? share : 0;
};

const named = (artifacts) => {
  const counts = new Map();
  for (const artifact of artifacts) {
    const of = (field) => artifact.versions.findLast((version) => version[field])?.[field] ?? "";
    const title = of("name") || of("title") || labelOf(artifact.language) || word("artifact_text");
    const count = (counts.get(title) ?? 0) + 1;
    counts.set(title, count);
    artifact.title = count > 1 ? `${title} (${count})` : title;
  }
  return artifacts;
};
