// Search over titles and texts: all words must occur, as parts of words too, so that languages without spaces work.
//
// Texts are folded once, when they are put here, and then simply looked through: an index of words would be larger than
// the texts, and would not find "字" in a sentence. 1,000 conversations with 16 MB of text take 1 to 30 ms a
// search, ASCII or not (Node 26, shared cores).
//
// Folded means: lower case, without accents. Of the marks only those go that people leave out when they type (Latin,
// Greek and Cyrillic accents, the points of Hebrew and Arabic); the vowel signs of Hindi or Thai and the two dots of "が"
// tell words apart. Excerpts are of the text as it was written.

const MARKS = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670]+/gu;
const NOT_ASCII = /[^\x00-\x7f]/;
const BEFORE = 40;
const AFTER = 110;

const fold = (text) => {
  const lower = text.toLowerCase();
  // What a word ends with is still a sigma.
  return NOT_ASCII.test(text) ? lower.normalize("NFD").replace(MARKS, "").replaceAll("ς", "σ") : lower;
};

const wordsOf = (query) => [...new Set(fold(query).split(/\s+/u).filter(Boolean))];

/** How long each character is when folded; most of a text's characters are few. */
const foldedLengths = new Map();
const foldedLength = (character) => {
  if (!foldedLengths.has(character)) foldedLengths.set(character, fold(character).length);
  return foldedLengths.get(character);
};

/** Where in `text` the characters stand that are at `start` to `end` when it is folded. */
const unfolded = (text, start, end) => {
  let [at, folded, from] = [0, 0, null];
  for (const character of text) {
    if (folded >= end) break;
    const next = folded + (character < "\x80" ? 1 : foldedLength(character));
    if (from === null && next > start) from = at;
    at += character.length;
    folded = next;
  }
  // Its accent belongs to a letter.
  while (at < text.length && foldedLength(text[at]) === 0) at += 1;
  return [from ?? at, at];
};

/** The place in `folded` of the query as it was typed, else of the first of its words that occurs; null for none. */
const placeOf = (folded, phrase, words) => {
  for (const wanted of [phrase, ...words]) {
    const at = wanted ? folded.indexOf(wanted) : -1;
    if (at >= 0) return [at, at + wanted.length];
  }
  return null;
};

const oneLine = (text) => text.replace(/\s+/gu, " ");

/** {before, hit, after}: `text` around the first hit of `query`, on one line; `hit` is empty when there is none. */
export const excerptOf = (text, query, folded = fold(text), words = wordsOf(query)) => {
  const place = placeOf(folded, oneLine(fold(query)).trim(), words);
  if (!place) {
    const start = oneLine(text.slice(0, BEFORE + AFTER)).trim();
    return { before: text.length > BEFORE + AFTER ? `${start}…` : start, hit: "", after: "" };
  }
  const [from, to] = folded.length === text.length && !NOT_ASCII.test(text) ? place : unfolded(text, ...place);
  const [start, end] = [startOf(text, from), endOf(text, to)];
  return {
    before: (start ? "…" : "") + oneLine(text.slice(start, from)).trimStart(),
    hit: oneLine(text.slice(from, to)),
    after: oneLine(text.slice(to, end)).trimEnd() + (end < text.length ? "…" : ""),
  };
};

/** At a word's beginning if there is one, and never in the middle of a character. */
const startOf = (text, from) => {
  if (from <= BEFORE) return 0;
  const start = from - BEFORE;
  const space = text.slice(start, from).search(/\s/u);
  return space >= 0 && space < BEFORE / 2 ? start + space + 1 : start + Number(isSecondHalf(text, start));
};

const endOf = (text, to) => {
  if (text.length - to <= AFTER) return text.length;
  const end = to + AFTER;
  const space = text.slice(to, end).search(/\s\S*$/u);
  return space > AFTER / 2 ? to + space : end - Number(isSecondHalf(text, end));
};

const isSecondHalf = (text, at) => /[\udc00-\udfff]/.test(text[at] ?? "");

export class SearchIndex {
  #entries = new Map();

  /** Add a conversation, or put it anew. Of equal hits the one that was put last comes first: put the oldest first. */
  put(id, title, text) {
    this.#entries.delete(id);
    this.#entries.set(id, { title, text, foldedTitle: fold(title), folded: fold(text) });
  }

  remove(id) {
    this.#entries.delete(id);
  }

  /** [{id, excerpt}], those with all words in the title first; `excerpt` as `excerptOf` gives it. */
  search(query, limit = 50) {
    const words = wordsOf(query);
    if (!words.length) return [];
    const newestFirst = [...this.#entries].reverse();
    const titled = newestFirst.filter(([, entry]) => words.every((word) => entry.foldedTitle.includes(word)));
    const found = titled.slice(0, limit);
    const inTitle = new Set(found);
    for (const each of newestFirst) {
      if (found.length >= limit) break;
      const { foldedTitle, folded } = each[1];
      const all = words.every((word) => folded.includes(word) || foldedTitle.includes(word));
      if (all && !inTitle.has(each)) found.push(each);
    }
    return found.map(([id, { text, folded }]) => ({ id, excerpt: excerptOf(text, query, folded, words) }));
  }
}
