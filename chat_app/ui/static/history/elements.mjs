// Elements without a framework: what is text stays text, whatever stands in it.

/** An element. Functions among the attributes listen to that event; `true` is there, false and null are not. */
export const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else setAttribute(made, name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
};

/** Set or take an attribute, and leave it alone when it is as it should be. */
export const setAttribute = (of, name, value) => {
  const wanted = value === false || value === null || value === undefined ? null : value === true ? "" : String(value);
  if (of.getAttribute(name) === wanted) return;
  if (wanted === null) of.removeAttribute(name);
  else of.setAttribute(name, wanted);
};

/** Set an element's text, and leave it alone when it is as it should be: whoever watches the page hears of no change. */
export const setText = (of, text) => {
  if (of.textContent !== text) of.textContent = text;
};

/** Call `use` with the element of that id: now, or as soon as it is on the page. */
export const withElement = (id, use) => {
  const found = document.getElementById(id);
  if (found) return void use(found);
  const observer = new MutationObserver(() => {
    const made = document.getElementById(id);
    if (!made) return;
    observer.disconnect();
    use(made);
  });
  observer.observe(document.body, { childList: true, subtree: true });
};

/** Text that only a screen reader has. */
export const unseen = (text) => element("span", { class: "unseen" }, text);

const PATHS = {
  menu: "M4 6h16M4 12h16M4 18h16",
  begin: "M12 5v14M5 12h14",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  close: "M6 6l12 12M18 6L6 18",
  rename: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  pin: "M9 4h6l-1 6 4 4H6l4-4zM12 14v6",
  save: "M12 4v11M7 11l5 5 5-5M5 20h14",
  load: "M12 16V5M7 9l5-5 5 5M5 20h14",
  attach: "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.8l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4L14.8 7",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  sound: "M5 10v4h3l4 4V6l-4 4zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  document: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  remove: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
};

/** A drawing beside a word, or in a button that has a name. */
export const icon = (name) => {
  const namespace = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(namespace, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(namespace, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
};

/** Move the focus among `stops` as the key says; whether it was such a key. */
export const moveFocus = (event, stops, { around = false } = {}) => {
  const at = stops.indexOf(document.activeElement);
  const last = stops.length - 1;
  const targets = { ArrowDown: at + 1, ArrowUp: at < 0 ? last : at - 1, Home: 0, End: last };
  if (!(event.key in targets) || last < 0) return false;
  event.preventDefault();
  const target = targets[event.key];
  stops[around ? (target + stops.length) % stops.length : Math.min(Math.max(target, 0), last)].focus();
  return true;
};
