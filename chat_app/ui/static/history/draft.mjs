// What is typed and not sent yet: it outlives a reload of the tab, as far as the browser keeps anything for the page.
// It is written a moment after it was typed, as a long one takes a while, and at once when the page is left.

const WRITTEN_AFTER_MS = 300;

/** {get(), set(text), write(), edited}: the text box's text under `key`, and what was last typed into a message being edited. */
export const draftOf = (key) => {
  let here = before(key);
  let timer = null;
  const write = () => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    keep(key, here);
  };
  return {
    edited: "",
    get: () => here,
    set(text) {
      here = text;
      timer ??= setTimeout(write, WRITTEN_AFTER_MS);
    },
    /** Keep it now. */
    write,
  };
};

const before = (key) => {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return ""; // all of the site's data is blocked
  }
};

const keep = (key, text) => {
  try {
    sessionStorage.removeItem(key); // what is too large is not kept, and an earlier text is not what was typed
    if (text) sessionStorage.setItem(key, text);
  } catch {
    // it is on the page
  }
};
