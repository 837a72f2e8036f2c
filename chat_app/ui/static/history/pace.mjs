// How often an answer is drawn as it grows. The longer what is drawn anew, the longer that takes; an answer whose updates
// come faster than they can be drawn would leave the page no time for whoever types or scrolls. So the page draws for a
// third of its time at most: each draw is as far from the one before as that took, twice over. What has come until then is
// drawn together. Nothing is held back for good: the first words are drawn at once, and so are the last.

const REST = 2;
const LONGEST_MS = 600; // the first draw of a new page loads what it draws with, which says nothing of the next
const restAfter = (took) => Math.min(REST * took, LONGEST_MS);

/**
 * When to draw: {mayDraw(), end()}. `now()` is the time in ms; `sleep(ms)` and `drawn()` are promises, of a time and of
 * the next frame being on the screen, which may never come in a tab that is not seen.
 */
export const makePace = ({ now, sleep, drawn }) => {
  let next = 0; // no draw before it
  let owed = null; // the draw that waits for its time

  let took = 0; // by the last draw
  let measuring = false;

  // One at a time: where no frame comes, all of them would wait for it.
  const measure = async () => {
    const began = now();
    next = began + took + restAfter(took); // until it is known better, or for good where no frame comes
    if (measuring) return;
    measuring = true;
    await drawn();
    measuring = false;
    took = Math.min(now() - began, LONGEST_MS); // a tab that was not seen had no frame for hours, perhaps
    next = now() + restAfter(took);
  };

  /** Resolves when something that has arrived may be drawn: true for whoever is to draw all of it, false for the others. */
  const mayDraw = async () => {
    if (owed) return false;
    const wait = next - now();
    if (wait > 0) {
      const mine = {};
      owed = mine;
      await sleep(wait);
      if (owed !== mine) return false;
      owed = null;
    }
    measure();
    return true;
  };

  /** The answer is whole: what waits is not drawn by whoever waits. Returns whether anything did. */
  const end = () => {
    const waited = owed !== null;
    owed = null;
    return waited;
  };
  return { mayDraw, end };
};

/** One that goes by the page's own clock and frames. */
export const pagePace = () =>
  makePace({
    now: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    drawn: () =>
      new Promise((resolve) =>
        requestAnimationFrame(() => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = resolve;
          port2.postMessage(null);
        }),
      ),
  });
