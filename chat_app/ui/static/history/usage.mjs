// What the panel says about the room that conversations take, and whether the browser promised to keep them.
//
// WebKit deletes what a site's scripts have kept after seven days of use without a visit, but not for a page on the
// Home Screen (https://webkit.org/blog/10218/full-third-party-cookie-blocking-and-more/). On iPhones all are WebKit.

const UNITS = ["B", "kB", "MB", "GB", "TB"];
const LOST = "This browser keeps nothing for this page: these conversations are gone when the tab is closed.";
const SEVEN_DAYS =
  "Safari deletes what a site keeps after seven days without a visit: " +
  "save it to a file, or add the page to the Home Screen.";

/** `bytes` as "912 B", "1.2 MB" or "2 GB". */
export const sizeOf = (bytes) => {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${Number(value.toFixed(value < 9.95 && unit ? 1 : 0))} ${UNITS[unit]}`;
};

/** Whether the browser with these globals deletes after seven days. */
export const deletesAfterSevenDays = (scope) => "GestureEvent" in scope && !scope.navigator?.standalone;

/** The sentences, and whether the browser can be asked to keep it all. `kept` is null when the browser does not say. */
export const usageOf = ({ used, quota, kept }, { persistent, sevenDays }) => {
  if (!persistent) return { text: LOST, canAsk: false };
  const use = quota ? `${sizeOf(used)} of ${sizeOf(quota)} used` : `${sizeOf(used)} used`;
  const promise = { true: " · kept by the browser", false: " · may be deleted by the browser when space is short" };
  const text = `${use}${promise[kept] ?? ""}`;
  return { text: sevenDays ? `${text}. ${SEVEN_DAYS}` : text, canAsk: kept === false };
};
