// The page's own words, in the language of the settings: a text by its key, with its placeholders filled.
//
// The settings hold only what is not as in English (`english.mjs`, which is made of `ui/words/en.yaml`); without a
// document, as in the tests, all is English. The rules are those of `ui/words/__init__.py`.

import { ENGLISH } from "./english.mjs";

const translated = () => {
  const settings = globalThis.document?.getElementById("chat-app-settings")?.textContent;
  return settings ? JSON.parse(settings).words : null;
};
let texts = null;

/** The text of `key`, each `{placeholder}` filled from `values`; `count: 1` takes the text for `one`. */
export const word = (key, values = {}) => {
  texts ??= { ...ENGLISH, ...translated() };
  let text = texts[key];
  if (typeof text === "object") text = (values.count === 1 && text.one) || text.other;
  return text.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
};

const NAMED = 3;
/** `names`, each in quotes, as one text; beyond the third they are counted. */
export const namesOf = (names) => {
  const quoted = names.slice(0, NAMED).map((name) => word("quoted", { name })).join(", ");
  return names.length > NAMED ? word("and_more", { names: quoted, count: names.length - NAMED }) : quoted;
};

/** The code of the language, for what the browser itself can say in it: days, months, numbers. */
export const language = () => word("language");
