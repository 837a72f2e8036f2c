// Gradio's button that copies the conversation says who speaks before each part of a message (6.31); a long answer's
// pieces are parts, and one speaker.

const SPEAKER = "assistant: ";

/** `copied` without the speaker before each piece but the first of `drawn`, messages as the chatbot has them. */
export const joined = (copied, drawn) =>
  drawn
    .filter(({ role, metadata, content }) => role === "assistant" && !metadata?.title && content.length > 1)
    .map(({ content }) => content.filter(({ type }) => type === "text").map(({ text }) => text))
    .reduce((text, pieces) => text.replace(SPEAKER + pieces.join(`\n\n${SPEAKER}`), () => SPEAKER + pieces.join("\n")), copied);

/** Have all that is copied joined; `drawn()` is what the chatbot has. */
export const copyJoined = (drawn) => {
  const { clipboard } = navigator; // not there on pages without TLS
  if (!clipboard) return;
  const { writeText } = clipboard;
  clipboard.writeText = (text) => writeText.call(clipboard, joined(text, drawn()));
};
