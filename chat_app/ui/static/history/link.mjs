// A link that opens the page with a preset, a model and a question: `/?preset=Tutor&model=llama3.2&q=Why%3F`. The question
// is put into the text box and not asked: whoever follows a link has not decided to ask it, and an answer may run tools
// with their rights and at their cost.

const NAMES = ["preset", "model", "q"];
const LONGEST = { preset: 200, model: 200, q: 20_000 };

/** {preset, model, question, search}: what the address asks for, and itself without it; null when it asks for nothing. */
export const linkOf = (search) => {
  const given = new URLSearchParams(search);
  if (!NAMES.some((name) => given.has(name))) return null;
  const [preset, model, question] = NAMES.map((name) => (given.get(name) ?? "").slice(0, LONGEST[name]));
  for (const name of NAMES) given.delete(name);
  const rest = given.toString();
  return { preset: preset.trim(), model: model.trim(), question, search: rest && `?${rest}` };
};
