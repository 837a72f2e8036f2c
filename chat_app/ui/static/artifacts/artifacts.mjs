// Puts the artifacts together: the code of the conversation's answers, the buttons on it, the panel, and the frames of
// files of HTML. It knows nothing of how conversations are kept.

import { buttonOf, drawButtons } from "./buttons.mjs";
import { Chosen } from "./chosen.mjs";
import { drawFrames } from "./frames.mjs";
import { ArtifactPanel } from "./panel.mjs";
import { reader } from "./versions.mjs";

/**
 * The artifacts of the page: {update(), draw()}. Call `update` at every change of the conversation on the page, and
 * `draw` once a frame when the page's elements have changed; both are cheap when there is nothing to do.
 * `texts()` gives the answers on the page in their order, [{id, text, arriving}]; without `code`
 * there is no panel for code, and only files of HTML have their frames.
 */
export const makeArtifacts = ({ texts, code = true }) => {
  const read = reader();
  const chosen = new Chosen();
  let artifacts = [];
  let guest = null; // a file of HTML that was made larger
  let panel = null;

  const show = () => {
    const found = chosen.found;
    panel.show(guest ?? (found && { artifacts, ...found }));
  };
  const opened = () => {
    panel ??= new ArtifactPanel((key) => ((guest = null), chosen.pick(key), show()));
    return panel;
  };
  const open = ({ key }) => {
    guest = null;
    chosen.pick(key);
    opened();
    show();
    panel.open(() => buttonOf(key));
  };
  const larger = (html, title) => {
    const before = document.activeElement;
    const version = { key: "", name: `${title}.html`, language: "html", text: html, whole: true };
    const artifact = { key: "", title, versions: [version] };
    guest = { artifacts: [artifact], artifact, version, at: 0 };
    opened();
    show();
    panel.open(() => (before.isConnected ? before : null));
  };

  let drawn = false;
  const refresh = () => {
    drawn = false;
    const answers = code ? texts() : [];
    const arriving = answers.findLast((answer) => answer.arriving)?.id ?? null;
    artifacts = read(answers);
    chosen.update(artifacts, arriving);
    if (!panel?.place.open) return draw();
    if (arriving && artifacts.some(({ versions }) => versions.at(-1).answer === arriving)) guest = null;
    show();
    if (!artifacts.length && !arriving && !guest) panel.place.close();
    return draw();
  };
  const draw = () => {
    if (code) drawButtons(artifacts, open);
    drawFrames(larger);
  };
  const update = () => {
    if (drawn) return;
    drawn = true;
    // A tab that is not seen has no frames; then there is nothing to draw either.
    requestAnimationFrame(refresh);
  };
  return { update, draw };
};
