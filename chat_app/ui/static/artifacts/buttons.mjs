// The button on a code block of the conversation that is an artifact. Gradio's Markdown has no place for one, so it is
// put into the block (`.code_wrap`, read in Gradio 6.31). Gradio draws the whole text of a message anew at every change,
// so a block's text never changes: what it was found to be is kept with it.
//
// The button has no text of its own: Gradio's button to copy takes all text of the block. Its word is drawn by the style.

import { element, setAttribute } from "../history/elements.mjs";
import { word } from "../history/words.mjs";

const BLOCKS = "#conversation .bot .code_wrap > pre > code";
const texts = new WeakMap();

// Gradio's Markdown makes spaces of some tabs, and its own line breaks.
const squeezed = (text) => text.replace(/\s+/g, "");
const squeezedText = (of, text) => {
  if (!texts.has(of)) texts.set(of, squeezed(text));
  return texts.get(of);
};

/** Have a button on each block that is a version of one of `artifacts`. `open(version)` opens it. */
export const drawButtons = (artifacts, open) => {
  const blocks = [...document.querySelectorAll(BLOCKS)];
  if (!blocks.length) return;
  const left = new Set(artifacts.flatMap((artifact) => artifact.versions.map((version) => ({ artifact, version, text: squeezedText(version, version.text) }))));
  const known = Map.groupBy(left, ({ text }) => text);
  const exact = new Map();
  for (const code of blocks) {
    // Of two that are alike each gets its own, in their order.
    const same = known.get(squeezedText(code, code.textContent));
    const found = same?.length > 1 ? same.shift() : same?.[0];
    if (!found) continue;
    exact.set(code, found);
    left.delete(found);
  }
  for (const code of blocks) {
    const found = exact.get(code) ?? [...left].find((each) => alike(each, squeezedText(code, code.textContent)));
    left.delete(found);
    draw(code.closest(".code_wrap"), found, open);
  }
};

// The page is a little behind what has arrived, or before it; and what looks like LaTeX in code, Gradio puts other signs
// in the place of (seen in 6.31: `%%%LATEX_BLOCK_0%%%`), so that only the beginning is the same.
const BEGINNING = 24;
const alike = ({ text, version }, shown) => {
  const length = version.whole ? BEGINNING : Math.min(text.length, shown.length);
  return length > 0 && shown.slice(0, length) === text.slice(0, length);
};

const draw = (block, found, open) => {
  const there = block.querySelector(":scope > .open-artifact");
  block.classList.toggle("has-artifact", Boolean(found)); // `:has` would cost more at every change of the page
  if (!found) {
    there?.remove();
    return;
  }
  const button = there ?? element("button", { type: "button", class: "open-artifact" });
  button.onclick = () => open(found.version);
  setAttribute(button, "data-word", word("artifact_open"));
  setAttribute(button, "data-key", found.version.key);
  setAttribute(button, "aria-label", word("artifact_open_named", { title: found.artifact.title }));
  if (!there) block.append(button);
};

/** The button on the block of that version, if it is on the page. */
export const buttonOf = (key) => document.querySelector(`#conversation .open-artifact[data-key="${CSS.escape(key)}"]`);
