// The fenced code blocks of a Markdown text, by the rules of CommonMark 0.31 (https://spec.commonmark.org/0.31.2/): fences
// of three or more ` or ~, indented, in lists and in quotes, and the last one unclosed, as it is while an answer arrives.
// Not here: blocks that are only indented, and HTML blocks, whose lines are read as if they were Markdown. A fence in one
// of those is found though the page shows none; that costs a line in a list and nothing else. No I/O, no DOM.

import { infoOf } from "./languages.mjs";

const FENCE = /^(?:(`{3,})([^`]*)|(~{3,})(.*))$/;
const RULE = /^([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const MARKER = /^(?:[-+*]|\d{1,9}[.)])(?=[ \t]|$)/;

/** The blocks in their order: [{language, name, text, closed}], where `text` has no line break at its end. */
export const fencesOf = (markdown) => {
  const found = [];
  let containers = []; // what the line stands in: {quote: true}, or {indent} of a list's item
  let open = null;
  const end = (closed) => {
    if (open) found.push(blockOf(open, closed));
    open = null;
  };
  const lines = markdown.split(/\r\n|\n|\r/);
  const unfinished = lines.at(-1) !== "";
  if (!unfinished) lines.pop();
  for (const [at, line] of lines.entries()) {
    const { cursor, depth } = enter(containers, line);
    const goesOn = unfinished && at === lines.length - 1;
    if (open && depth === containers.length) {
      if (closes(open, cursor)) end(true);
      else if (!goesOn || !mayClose(open, cursor)) open.lines.push(cut(cursor, open.indent).text);
    } else if (!goesOn || cursor.text.trim()) {
      end(true); // with the list or the quote that it stands in
      containers = containers.slice(0, depth);
      open = fenceAt(begin(containers, cursor));
    } // else the sign of the quote has not arrived yet
  }
  end(false);
  return found;
};

const blockOf = ({ info, lines }, closed) => ({ ...infoOf(info), text: lines.join("\n"), closed });

const fenceAt = (cursor) => {
  const indent = indentOf(cursor);
  const [, ticks, tickInfo, tildes, tildeInfo] = (indent < 4 && FENCE.exec(cut(cursor, indent).text)) || [];
  const fence = ticks ?? tildes;
  return fence ? { sign: fence[0], length: fence.length, indent, info: (tickInfo ?? tildeInfo).trim(), lines: [] } : null;
};

const onlySigns = ({ sign }, cursor) => {
  const rest = cut(cursor, 3).text.trimEnd();
  return [...rest].every((each) => each === sign) ? rest.length : -1;
};
const closes = (open, cursor) => onlySigns(open, cursor) >= open.length;
// The first signs of the closing fence, of which the others have not arrived yet.
const mayClose = (open, cursor) => onlySigns(open, cursor) > 0;

// A cursor is what is left of a line, and the column at which that begins: the width of a tab depends on it.
const indentOf = ({ text, column }) => {
  let width = 0;
  for (const sign of text) {
    if (sign === " ") width += 1;
    else if (sign === "\t") width += 4 - ((column + width) % 4);
    else break;
  }
  return width;
};

/** `cursor` without up to `columns` of white space; what is left of a tab becomes spaces. */
const cut = ({ text, column }, columns) => {
  let [at, done] = [0, 0];
  while (done < columns && (text[at] === " " || text[at] === "\t")) {
    done += text[at] === " " ? 1 : 4 - ((column + done) % 4);
    at += 1;
  }
  const left = Math.max(0, done - columns);
  return { text: " ".repeat(left) + text.slice(at), column: column + done - left };
};

const past = ({ text, column }, length) => ({ text: text.slice(length), column: column + length });

/** How many of the containers the line goes on in, and what is left of it there. */
const enter = (containers, line) => {
  let cursor = { text: line, column: 0 };
  for (const [depth, container] of containers.entries()) {
    const inner = container.quote ? quoted(cursor) : item(cursor, container.indent);
    if (!inner) return { cursor, depth };
    cursor = inner;
  }
  return { cursor, depth: containers.length };
};

const quoted = (cursor) => {
  const sign = indentOf(cursor) < 4 && cut(cursor, 3);
  return sign && sign.text[0] === ">" ? cut(past(sign, 1), 1) : null;
};

const item = (cursor, indent) => {
  return !cursor.text.trim() || indentOf(cursor) >= indent ? cut(cursor, indent) : null;
};

/** Go into the quotes and items that begin here, each of which is added to `containers`; what is left of the line. */
const begin = (containers, cursor) => {
  const indent = indentOf(cursor);
  const inner = indent < 4 ? quoted(cursor) : null;
  if (inner) {
    containers.push({ quote: true });
    return begin(containers, inner);
  }
  const sign = cut(cursor, indent);
  const marker = indent < 4 && !RULE.test(sign.text) && MARKER.exec(sign.text)?.[0];
  if (!marker) return cursor;
  const after = past(sign, marker.length);
  const gap = indentOf(after);
  const wide = after.text.trim() && gap < 5 ? gap : 1;
  containers.push({ indent: indent + marker.length + wide });
  return begin(containers, cut(after, wide));
};
