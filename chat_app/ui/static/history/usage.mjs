// What the panel says about the room that conversations take, and whether the browser promised to keep them.
//
// WebKit deletes what a site's scripts have kept after seven days of use without a visit, but not for a page on the
// Home Screen (https://webkit.org/blog/10218/full-third-party-cookie-blocking-and-more/). On iPhones all are WebKit.

import { word } from "./words.mjs";

const UNITS = ["B", "kB", "MB", "GB", "TB"];
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
  if (!persistent) return { text: word("nothing_kept"), canAsk: false };
  const use = quota ? word("used_of", { used: sizeOf(used), quota: sizeOf(quota) }) : word("used", { used: sizeOf(used) });
  const promise = { true: ` · ${word("kept_by_browser")}`, false: ` · ${word("may_be_deleted")}` };
  const text = `${use}${promise[kept] ?? ""}`;
  return { text: sevenDays ? `${text}. ${word("safari_deletes")}` : text, canAsk: kept === false };
};
