// Conversations under the headings of their days, by when they were last written, in the visitor's own time.
//
// Days are calendar days and not spans of 24 hours: what was said at 23:59 is "Yesterday" two minutes later, and on the
// days of 23 or 25 hours too. A time in the future (a clock that was wrong) counts as today.

import { language, word } from "./words.mjs";

/** Midnight before `now`, `days` days back. */
export const midnight = (now, days = 0) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);

/** The heading for what was written at `time` (milliseconds). */
const headingAt = (now) => {
  const spans = [
    [word("today"), midnight(now).getTime()],
    [word("yesterday"), midnight(now, 1).getTime()],
    [word("previous_days", { count: 7 }), midnight(now, 7).getTime()],
    [word("previous_days", { count: 30 }), midnight(now, 30).getTime()],
  ];
  const months = new Intl.DateTimeFormat(language(), { month: "long", year: "numeric" }); // dear to make: once for all
  return (time) => {
    if (Number.isNaN(time)) return word("without_date");
    const span = spans.find(([, since]) => time >= since);
    return span ? span[0] : months.format(time);
  };
};

/** [{heading, conversations}]: the pinned ones, then day by day, the newest first; no heading without any. */
export const groupsOf = (conversations, now) => {
  const timed = conversations.map((conversation) => ({ conversation, time: Date.parse(conversation.updated) }));
  const age = ({ time }) => (Number.isNaN(time) ? -Infinity : time);
  timed.sort((a, b) => (age(b) === age(a) ? 0 : age(b) - age(a)));
  const headingOf = headingAt(now);
  const groups = new Map([[word("pinned"), []]]);
  for (const { conversation, time } of timed) {
    const heading = conversation.pinned ? word("pinned") : headingOf(time);
    if (!groups.has(heading)) groups.set(heading, []);
    groups.get(heading).push(conversation);
  }
  return [...groups].filter(([, of]) => of.length).map(([heading, of]) => ({ heading, conversations: of }));
};
