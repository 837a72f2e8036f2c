// What is typed and not sent yet: it outlives a reload of the tab, as far as the browser keeps anything for the page.

/** {get(), set(text), edited}: the text box's text under `key`, and what was last typed into a message being edited. */
export const draftOf = (key) => {
  let here = "";
  return {
    edited: "",
    get() {
      try {
        return sessionStorage.getItem(key) ?? "";
      } catch {
        return here; // all of the site's data is blocked
      }
    },
    set(text) {
      here = text;
      try {
        if (text) sessionStorage.setItem(key, text);
        else sessionStorage.removeItem(key);
      } catch {
        // it is in `here`
      }
    },
  };
};
