// Conversations under the headings of their days, by when they were last written, in the visitor's own time.
//
// Days are calendar days and not spans of 24 hours: what was said at 23:59 is "Yesterday" two minutes later, and on the
// days of 23 or 25 hours too. A time in the future (a clock that was wrong) counts as today.

const MONTHS = [
  "January", "February", "March", "April", "May", "June",
  "July", "August", "September", "October", "November", "December",
];

/** Midnight before `now`, `days` days back. */
export const midnight = (now, days = 0) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);

/** The heading for what was written at `time` (milliseconds). */
const headingAt = (now) => {
  const spans = [
    ["Today", midnight(now).getTime()],
    ["Yesterday", midnight(now, 1).getTime()],
    ["Previous 7 days", midnight(now, 7).getTime()],
    ["Previous 30 days", midnight(now, 30).getTime()],
  ];
  return (time) => {
    if (Number.isNaN(time)) return "Without a date";
    const span = spans.find(([, since]) => time >= since);
    if (span) return span[0];
    const date = new Date(time);
    return `${MONTHS[date.getMonth()]} ${date.getFullYear()}`;
  };
};

/** [{heading, conversations}]: the pinned ones, then day by day, the newest first; no heading without any. */
export const groupsOf = (conversations, now) => {
  const timed = conversations.map((conversation) => ({ conversation, time: Date.parse(conversation.updated) }));
  const age = ({ time }) => (Number.isNaN(time) ? -Infinity : time);
  timed.sort((a, b) => (age(b) === age(a) ? 0 : age(b) - age(a)));
  const headingOf = headingAt(now);
  const groups = new Map([["Pinned", []]]);
  for (const { conversation, time } of timed) {
    const heading = conversation.pinned ? "Pinned" : headingOf(time);
    if (!groups.has(heading)) groups.set(heading, []);
    groups.get(heading).push(conversation);
  }
  return [...groups].filter(([, of]) => of.length).map(([heading, of]) => ({ heading, conversations: of }));
};
