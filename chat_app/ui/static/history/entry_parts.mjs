// What may be in a message besides text, and how it is copied from a file that anyone may have written: what is sent of it
// (the parts that tree.mjs tells), and what Gradio's chatbot shows of it (files and figures). Pure; nothing recurses.
//
// A file's address is always `data:` of a type on a list, so that nothing imported is loaded from anywhere, and no script
// is ever an address. What is HTML is shown in a sandboxed frame only (static/artifacts). A figure is Plotly's JSON as a
// text, which Gradio parses and Plotly draws.

export const PARTS = {
  count: 500,
  data: 40_000_000, // characters of one file's Base64: 30 MB
  size: 90_000_000, // of all of a message
  text: 1_000_000, // characters of one document or result
  name: 255,
  pictures: 50, // of a gallery, or of a tool's result
};

const PICTURE = /^image\/(jpeg|png|webp|gif)$/;
const RECORDING = /^audio\/[a-z0-9.+-]{1,60}$/;
const KIND = /^[a-z]+\/[a-z0-9.+-]{1,100}$/i;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const ADDRESS = /^data:(?:image\/(?:jpeg|png|webp|gif|avif|bmp)|audio\/[a-z0-9.+-]+|video\/[a-z0-9.+-]+|text\/(?:plain|html|csv)|application\/(?:pdf|json|octet-stream))(?:;charset=utf-8)?;base64,/;

const isRecord = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value, most) => typeof value === "string" && value.length <= most;
const isName = (value) => isText(value, PARTS.name);
const isData = (value) => isText(value, PARTS.data) && BASE64.test(value);
const isSize = (value) => Number.isInteger(value) && value >= 0 && value < 100_000;
const isKindOf = (pattern) => (value) => isText(value, 120) && pattern.test(value);
const isIt = (wanted) => (value) => value === wanted;
const fits = (value, fields) =>
  isRecord(value) && Object.keys(value).length === Object.keys(fields).length &&
  Object.entries(fields).every(([name, check]) => Object.hasOwn(value, name) && check(value[name]));

const IMAGE = { type: isIt("image"), mime_type: isKindOf(PICTURE), data: isData, name: isName, width: isSize, height: isSize };
const isImage = (value) => fits(value, IMAGE);
const isImages = (value) => Array.isArray(value) && value.length <= PARTS.pictures && value.every(isImage);
const isLong = (value) => isText(value, PARTS.text);
const FORMS = {
  text: { type: isIt("text"), text: isLong },
  image: IMAGE,
  audio: { type: isIt("audio"), mime_type: isKindOf(RECORDING), data: isData, name: isName },
  document: { type: isIt("document"), name: isName, mime_type: isKindOf(KIND), text: isLong, cut: isName },
  reasoning: { type: isIt("reasoning"), text: isLong },
  tool_call: { type: isIt("tool_call"), id: isName, name: isName, arguments: isLong },
  tool_result: { type: isIt("tool_result"), id: isName, text: isLong, images: isImages },
};
const OF_QUESTIONS = ["text", "image", "audio", "document"];

/** Whether `value` is a part as tree.mjs tells it. */
export const isPart = (value) => isRecord(value) && Object.hasOwn(FORMS, value.type) && fits(value, FORMS[value.type]);

/** A copy of the parts of a message of `role`; null when they are not all as they should be. */
export const partsOf = (value, role) => {
  const allowed = role === "user" ? OF_QUESTIONS : Object.keys(FORMS);
  const whole = Array.isArray(value) && value.length > 0 && value.length <= PARTS.count &&
    value.every((part) => isPart(part) && allowed.includes(part.type));
  return whole ? structuredClone(value) : null;
};

const isAddress = (value) => {
  const begin = isText(value, PARTS.data) && ADDRESS.exec(value);
  return Boolean(begin) && BASE64.test(value.slice(begin[0].length));
};
// Of a document the name ends in what it is saved as, so it is a little longer.
const isFileName = (value) => isText(value, PARTS.name + 10);
const FILE = { path: isFileName, url: isAddress, orig_name: isFileName, mime_type: isKindOf(KIND) };
const isEmpty = (value) => isRecord(value) && !Object.keys(value).length;
const isPicture = (value) =>
  fits(value, { image: (file) => fits(file, FILE), caption: (said) => said === null || isText(said, 2_000) });
const VALUES = {
  plot: (value) => fits(value, { type: isIt("plotly"), plot: isLong }),
  gallery: (value) => Array.isArray(value) && value.length <= PARTS.pictures && value.every(isPicture),
};
const CONTENTS = {
  text: { type: isIt("text"), text: (value) => typeof value === "string" },
  file: { type: isIt("file"), file: (value) => fits(value, FILE), alt_text: (value) => value === null || isFileName(value) },
  component: {
    type: isIt("component"), component: (name) => Object.hasOwn(VALUES, name), value: () => true,
    constructor_args: isEmpty, props: isEmpty,
  },
};

/** Whether `value` is something that a message may show. */
export const isContent = (value) =>
  isRecord(value) && Object.hasOwn(CONTENTS, value.type) && fits(value, CONTENTS[value.type]) &&
  (value.type !== "component" || VALUES[value.component](value.value));

/** A copy of a file or a figure that a message shows; null when it is neither. */
export const contentOf = (value) => (isContent(value) ? structuredClone(value) : null);

/** Characters of a part, or of what is shown. */
export const sizeOfPart = (part) => {
  if (part.type === "component") {
    return typeof part.value.plot === "string" ? part.value.plot.length : part.value.reduce((sum, { image }) => sum + image.url.length, 0);
  }
  const images = (part.images ?? []).reduce((sum, { data }) => sum + data.length, 0);
  return (part.data ?? part.file?.url ?? part.text ?? part.arguments ?? "").length + images;
};
