// A long answer in pieces, so that Gradio's chatbot reads only the last one anew as it grows: it reads the whole text of a
// part as Markdown at each change of it (6.31), which for 60,000 tokens keeps a page busy for good. Measured in Chromium with
// an endless answer at 1,000 tokens a second, from a key to its frame, p95: 114 ms in ten seconds without pieces, the
// thread at work for 97 % of the time, and growing; 58 ms in fifteen with them, pace.mjs and what page.js does, and 52 %.
//
// The pieces show what the whole would, and joined by a line break, as Gradio's button to copy does, they are the whole.
// So a text is cut only where nothing goes on: behind an empty line, before a heading or a paragraph at the beginning of
// its line, outside of code, formulas and lists. Nothing is cut behind what may reach further than that: HTML that begins
// a line, or that an empty line does not close, and code of which it cannot be told where it ends. A text that defines
// links or notes is not cut at all. What has been cut stays cut as the text grows. No I/O, no DOM.

/** No piece but the last is shorter than this, in characters. */
export const PIECE = 1_500;

// What begins a paragraph or a heading, and cannot become anything else when more of it has come
const BEGINS = /^(?:#{1,6} |\*\*[\p{L}\p{N}]|[\p{L}"“„«]|\d+[^\d.)]|\p{Extended_Pictographic}|\p{Regional_Indicator})/u;
const BLANK = /^[ \t]*$/;
const FENCE = /^((?:[ \t>]|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))*)(?:(`{3,})[^`]*|(~{3,}).*)$/;
const CLOSES = /^ *(````*|~~~~*)[ \t]*$/;
const CODE = /(`+)(?!`).*?[^`]\1(?!`)/g;
const TAG_FIRST = /^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*<(?:\/?[a-z][\w-]*(?:[\s/>]|$)|!|\?)/i;
// Behind other words a tag opens no block. `</p>` closes what it opened (a `<span>`, the `<String>` of a `Vec`), but not these.
const NAMES = [
  "a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u", // a parser opens them anew in the next paragraph
  "address|article|aside|blockquote|body|center|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frameset|h[1-6]|head",
  "header|hgroup|hr|html|li|listing|main|menu|nav|ol|p|pre|search|section|summary|ul",
  "caption|col|colgroup|table|tbody|td|tfoot|th|thead|tr",
  "applet|audio|button|canvas|iframe|marquee|math|noembed|noframes|noscript|object|plaintext|script|select|style|svg|template|textarea|title|video|xmp",
];
const TAG_THAT_STAYS = new RegExp(`</?(?:${NAMES.join("|")})(?:[\\s/>]|$)`, "i");
const DEFINITION = /^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*\[[^\]]+\]:/;
const FORMULA = { $$: /\$\$/g, begin: /\\(?:\[|begin\{)/g, end: /\\(?:\]|end\{)/g };

const count = (line, pattern) => line.match(pattern)?.length ?? 0;

const withoutTabs = (line) =>
  line.replace(/^[ \t]+/, (white) => " ".repeat([...white].reduce((width, sign) => width + (sign === "\t" ? 4 - (width % 4) : 1), 0)));

/** The fence that is opened behind `lead`; null when it may be one that code only shows, or stands too deep to be followed. */
const opened = (lead, signs) => {
  if (/^ {0,3}$/.test(lead)) return { signs, indent: lead.length };
  if (/^(?: {0,3}>)+ {0,4}$/.test(lead)) return { signs, quotes: count(lead, />/g) };
  return /^ {0,3}(?:[-*+]|\d{1,9}[.)]) {1,4}$/.test(lead) ? { signs, item: lead.length } : null;
};

const closes = (line, signs) => {
  const said = CLOSES.exec(line)?.[1];
  return said !== undefined && said[0] === signs[0] && said.length >= signs.length;
};

/** What a line is to the code that `fence` has begun: "code", its "end", what is "behind" it, or "unclear". */
const toCode = (line, { signs, indent, quotes, item }) => {
  let rest = withoutTabs(line);
  for (let quote = 0; quote < quotes; quote++) {
    if (!/^ {0,3}>/.test(rest)) return "behind"; // an empty line too
    rest = withoutTabs(rest.replace(/^ *> ?/, ""));
  }
  const white = rest.search(/[^ ]|$/);
  if (BLANK.test(rest)) return "code";
  if (item && white < item) return "behind";
  const ends = closes(rest, signs);
  // Whether what is indented stands in an item is not known: then less of it is behind the code, and more may be its end.
  if (indent && (white < indent || (ends && white > 3 && white < indent + 4))) return "unclear";
  return ends && white - (item ?? 0) < 4 ? "end" : "code";
};

const BEGINNING = { at: 0, begun: 0, cuts: [], fence: null, open: 0, dollars: 0, blank: false, stopped: false, whole: false };

/** What is known behind a line, by what was known before it. */
const behind = (line, known) => {
  let { fence, open, dollars, stopped } = known;
  const [shows, lead, ticks, tildes] = (!fence && FENCE.exec(line)) || [];
  if (fence) {
    const is = toCode(line, fence);
    if (is !== "code") fence = null;
    if (is === "unclear") stopped = true;
  } else if (shows !== undefined) {
    fence = opened(lead, ticks ?? tildes);
    if (!fence) stopped = true;
  } else {
    const said = line.replace(CODE, "");
    if (TAG_FIRST.test(said) || TAG_THAT_STAYS.test(said)) stopped = true;
    open += count(said, FORMULA.begin) - count(said, FORMULA.end);
    dollars += count(said, FORMULA.$$);
  }
  return { ...known, fence, open, dollars, stopped, blank: BLANK.test(line) };
};

const mayBegin = (line, { at, begun, fence, open, dollars, blank, stopped }) =>
  !stopped && !fence && blank && at - begun > PIECE && open <= 0 && dollars % 2 === 0 && BEGINS.test(line);

/** Reads on in a text, from the last line that was not whole: what is known before the one that is not whole now. */
const read = (text, before) => {
  let known = before;
  while (known.at < text.length && !known.whole) {
    const { at } = known;
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, "");
    if (known.fence && toCode(line, known.fence) === "behind" && (end >= 0 || !BLANK.test(line))) known = { ...known, fence: null };
    if (mayBegin(line, known)) known = { ...known, cuts: [...known.cuts, at], begun: at, open: 0, dollars: 0 };
    if (!known.fence && DEFINITION.test(line)) return { ...known, cuts: [], whole: true };
    if (end < 0) break;
    known = { ...behind(line, known), at: end + 1 };
  }
  return known;
};

const split = (text, cuts) => [0, ...cuts].map((from, number) => text.slice(from, cuts[number] === undefined ? text.length : cuts[number] - 1));

/**
 * A reader of a text that grows: given it again and again, it gives its pieces, of which all but the last are those that it
 * gave before. Of what it has read, only the last line is read again.
 */
export const reader = () => {
  let [before, known] = ["", BEGINNING];
  return (text) => {
    known = read(text, text.startsWith(before) ? known : BEGINNING);
    before = text;
    return split(text, known.cuts);
  };
};
