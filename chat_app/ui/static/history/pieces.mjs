// A long answer in pieces, so that Gradio's chatbot reads only the last one anew as it grows: it reads the whole text of a
// part as Markdown at each change of it (6.31), which for 60,000 tokens keeps a page busy for good. Measured in Chromium with
// an endless answer at 1,000 tokens a second, from a key to its frame, p95: 114 ms in ten seconds without pieces, the
// thread at work for 97 % of the time, and growing; 58 ms in fifteen with them, pace.mjs and what page.js does, and 52 %.
//
// The pieces show what the whole would, and joined by a line break, as Gradio's button to copy does, they are the whole.
// So a text is cut only where nothing goes on: behind an empty line, before a heading or a paragraph at the beginning of
// its line, outside of code, formulas and lists. Where Markdown reaches further than that (HTML, definitions of links and
// notes) nothing is cut. What has been cut stays cut as the text grows. No I/O, no DOM.

/** No piece but the last is shorter than this, in characters. */
export const PIECE = 1_500;

// What begins a paragraph or a heading, and cannot become anything else when more of it has come
const BEGINS = /^(?:#{1,6} |\*\*[\p{L}\p{N}]|[\p{L}"“„«])/u;
const FENCE = /^((?:\s|>|[-*+](?=\s)|\d{1,9}[.)](?=\s))*)(?:(`{3,})[^`]*|(~{3,}).*)$/;
const CODE = /(`+)(?!`).*?[^`]\1(?!`)/g;
const TAG = /<(?:\/?[a-z][\w-]*(?:[\s/>]|$)|!|\?)/i;
const DEFINITION = /^ {0,3}\[[^\]]+\]:/;
const FORMULA = { $$: /\$\$/g, begin: /\\(?:\[|begin\{)/g, end: /\\(?:\]|end\{)/g };

const count = (line, pattern) => line.match(pattern)?.length ?? 0;

/** Reads a text from the beginning of a piece on: where the pieces end, and whether it may be cut at all. */
const read = (text, from) => {
  const cuts = [];
  let [at, begun, fence, open, dollars, blank] = [from, from, null, 0, 0, false];
  while (at < text.length) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, "");
    if (!fence && blank && at - begun > PIECE && open <= 0 && dollars % 2 === 0 && BEGINS.test(line)) {
      cuts.push(at);
      [begun, open, dollars] = [at, 0, 0];
    }
    const [whole, indent = "", ticks, tildes] = FENCE.exec(line) ?? [];
    if (fence) {
      const signs = line.replace(/^[\s>]+/, "").trimEnd();
      if (signs.length >= fence.length && signs === fence[0].repeat(signs.length)) fence = null;
    } else if (whole !== undefined) {
      if (end >= 0 && /^ {4}|\t/.test(indent)) return { cuts, endless: true }; // code that is only indented may show a fence
      fence = ticks ?? tildes;
    } else {
      const said = line.replace(CODE, "");
      if (DEFINITION.test(line)) return { cuts: [], endless: true, whole: true };
      if (end >= 0 && TAG.test(said)) return { cuts, endless: true };
      open += count(said, FORMULA.begin) - count(said, FORMULA.end);
      dollars += count(said, FORMULA.$$);
    }
    blank = line.trim() === "";
    if (end < 0) break;
    at = end + 1;
  }
  return { cuts, endless: false };
};

const split = (text, cuts) => [0, ...cuts].map((from, number) => text.slice(from, cuts[number] === undefined ? text.length : cuts[number] - 1));

/**
 * A reader of a text that grows: given it again and again, it gives its pieces, of which all but the last are those that it
 * gave before. Of what it has read, only the last piece is read again.
 */
export const reader = () => {
  let before = { text: "", cuts: [], endless: false };
  return (text) => {
    if (!text.startsWith(before.text)) before = { text: "", cuts: [], endless: false };
    if (!before.endless) {
      const { cuts, endless, whole } = read(text, before.cuts.at(-1) ?? 0);
      before = { text, cuts: whole ? [] : [...before.cuts, ...cuts], endless };
    } else before = { ...before, text };
    return split(text, before.cuts);
  };
};
