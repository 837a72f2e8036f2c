// What a whole entry, {conversation, messages}, must be like before it may be kept: `problemsOf` says what is wrong
// with one, and every import goes through it. Also the limits of what is taken in, and the repair of a tree whose
// parents are missing or run in circles. Pure; nothing here recurses, so depth does no harm.

import { PARTS, isContent, isPart, sizeOfPart } from "./entry_parts.mjs";
import { SCHEMA } from "./tree.mjs";

export const LIMITS = {
  fileBytes: 100_000_000,
  levels: 250_000, // brackets open at once
  conversations: 20_000,
  messages: 5_000,
  characters: 1_000_000, // of one message, all its parts together
  shown: 1_000, // parts of one message
  title: 300,
  notice: 2_000, // the title of a thought or notice
  name: 200, // of a preset, a model, a rating
  token: 10_000,
  usage: 500,
};
export const ID = /^[A-Za-z0-9_-]{1,64}$/;
export const PARAMETER = /^(?!constructor$|prototype$)[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
export const ROLES = ["user", "assistant"];

const STATES = ["whole", "arriving", "interrupted"];
const STATUSES = ["pending", "done"];
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value, length) => typeof value === "string" && value.length <= length;
const isTime = (value) => isText(value, 24) && ISO_TIME.test(value) && !Number.isNaN(Date.parse(value));
const isScalar = (value) => isText(value, 1_000) || typeof value === "boolean" || Number.isFinite(value);
const isParameter = (value) =>
  isScalar(value) || (Array.isArray(value) && value.length <= 20 && value.every((item) => isScalar(item)));
const isParameters = (value) =>
  isRecord(value) && Object.entries(value).every(([name, item]) => PARAMETER.test(name) && isParameter(item));

const CONVERSATION = {
  schema: (value) => value === SCHEMA,
  id: (value) => isText(value, 64) && ID.test(value),
  title: (value) => isText(value, LIMITS.title),
  named: (value) => typeof value === "boolean",
  created: isTime,
  updated: isTime,
  preset: (value) => isText(value, LIMITS.name),
  model: (value) => isText(value, LIMITS.name),
  parameters: isParameters,
  system_prompt: (value) => isText(value, LIMITS.characters + 100),
  pinned: (value) => typeof value === "boolean",
  head: (value) => value === null || ID.test(value),
  token: (value) => isText(value, LIMITS.token),
  deleted: (value) => value === null || isTime(value),
};

const METADATA = {
  title: (value) => isText(value, LIMITS.notice),
  id: (value) => isText(value, LIMITS.name) || Number.isFinite(value),
  parent_id: (value) => isText(value, LIMITS.name) || Number.isFinite(value),
  log: (value) => isText(value, LIMITS.token),
  duration: (value) => Number.isFinite(value) && value >= 0,
  status: (value) => STATUSES.includes(value),
};
const isMetadata = (value) =>
  isRecord(value) && Object.entries(value)
    .every(([name, item]) => Object.hasOwn(METADATA, name) && METADATA[name](item));
const isOption = (value) => only(value, ["label", "value"]) && isText(value.label, 200) && isText(value.value, 200);

const isShown = (value) =>
  only(value, ["role", "metadata", "options", "content"]) &&
  ROLES.includes(value.role) &&
  (value.metadata === null || isMetadata(value.metadata)) &&
  (value.options === null || (Array.isArray(value.options) && value.options.every(isOption))) &&
  Array.isArray(value.content) &&
  value.content.every(isContent);

const MESSAGE = {
  conversation: (value) => ID.test(value),
  id: (value) => isText(value, 64) && ID.test(value),
  parent: (value) => value === null || ID.test(value),
  role: (value) => ROLES.includes(value),
  created: isTime,
  shown: (value) => Array.isArray(value) && value.length <= LIMITS.shown && value.every(isShown),
  rating: (value) => isText(value, LIMITS.name),
  state: (value) => STATES.includes(value),
};
/** What a message may have besides. */
const MORE = {
  parts: (value) => value === null || (Array.isArray(value) && value.length <= PARTS.count && value.every(isPart)),
  usage: (value) => isText(value, LIMITS.usage),
};

/** Whether `value` has just these keys. */
const only = (value, keys) =>
  isRecord(value) && Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key));

const wrong = (value, fields, what, more = {}) => {
  const all = { ...fields, ...Object.fromEntries(Object.entries(more).filter(([name]) => isRecord(value) && Object.hasOwn(value, name))) };
  return only(value, Object.keys(all))
    ? Object.keys(all).filter((name) => !all[name](value[name])).map((name) => `${what}: ${name}`)
    : [`${what}: its fields`];
};

/** The allowed one of `fields` of a shown message's metadata, copied; null when `value` is none. */
export const metadataOf = (value) =>
  isRecord(value)
    ? Object.fromEntries(Object.keys(METADATA)
      .filter((name) => Object.hasOwn(value, name) && METADATA[name](value[name])).map((name) => [name, value[name]]))
    : null;

/** The allowed parameters in `value`, copied. */
export const parametersOf = (value) =>
  Object.fromEntries(
    Object.entries(isRecord(value) ? value : {})
      .filter(([name, item]) => PARAMETER.test(name) && isParameter(item))
      .slice(0, 100)
      .map(([name, item]) => [name, Array.isArray(item) ? [...item] : item]),
  );

/** The buttons of a notice, copied; null for none. */
export const optionsOf = (value) => {
  const options = (Array.isArray(value) ? value : [])
    .filter((option) => isRecord(option) && isText(option.label, 200) && isText(option.value, 200))
    .slice(0, 10)
    .map(({ label, value: wish }) => ({ label, value: wish }));
  return options.length ? options : null;
};

/** What keeps `entry` from being kept, one line each; none when it is as tree.mjs says. Never throws. */
export const problemsOf = (entry) => {
  if (!isRecord(entry) || !isRecord(entry.conversation) || !Array.isArray(entry.messages)) return ["entry: its fields"];
  const { conversation, messages } = entry;
  const problems = wrong(conversation, CONVERSATION, "conversation");
  if (messages.length > LIMITS.messages) problems.push("messages: too many");
  const parents = new Map();
  for (const message of messages) {
    const found = wrong(message, MESSAGE, "message", MORE);
    problems.push(...found);
    if (found.length) continue;
    if (message.conversation !== conversation.id) problems.push("message: of another conversation");
    if (parents.has(message.id)) problems.push("message: its id is there twice");
    if (lengthOf(message) > LIMITS.characters + 1_000) problems.push("message: too long");
    if (sizeOfParts(message) > PARTS.size) problems.push("message: its files are too large");
    parents.set(message.id, message.parent);
  }
  for (const parent of parents.values()) if (parent !== null
    && !parents.has(parent)) problems.push("message: its parent is missing");
  if (circlesIn(parents).size) problems.push("messages: parents run in a circle");
  if (conversation.head !== null && !parents.has(conversation.head)) problems.push("conversation: its head is missing");
  return problems;
};

/** Characters of all that a message shows. */
const lengthOf = (message) =>
  message.shown.reduce(
    (sum, shown) =>
      shown.content.reduce((length, part) => length + (part.text?.length ?? 0), sum + (shown.metadata?.title?.length ?? 0)),
    0,
  );

/** Characters of what a message sends, and of the files and figures that it shows. */
const sizeOfParts = (message) =>
  [...(message.parts ?? []), ...message.shown.flatMap(({ content }) => content)].reduce((sum, part) => sum + sizeOfPart(part), 0);

/** One id of every circle in a map from ids to their parents; taking its parent away opens the circle. */
export const circlesIn = (parents) => {
  const found = new Set();
  const seenIn = new Map();
  for (const start of parents.keys()) {
    let at = start;
    while (parents.has(at) && !seenIn.has(at)) {
      seenIn.set(at, start);
      at = parents.get(at);
    }
    if (parents.has(at) && seenIn.get(at) === start && !found.has(at)) found.add(at);
  }
  return found;
};
