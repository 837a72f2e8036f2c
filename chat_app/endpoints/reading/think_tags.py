"""The text of an answer, split where its model marks what it thinks with tags, however the text is cut.

A model also writes *about* tags, so not every tag counts. One that opens does at the beginning of the answer or of a
line, outside code; names that prompts ask for (`<reasoning>`) at the beginning of the answer only, since documents have
elements of these names. One that closes, with none before it, means that the text so far was reasoning, if its line
ends with it or begins with it: the templates of DeepSeek-R1 and others put the opening tag into the prompt. Inside
reasoning, a closing tag is only passed over where it is clearly a mention: hiding the answer inside the thought is the
worse mistake. What is never closed is corrected at the end (`WasText`): the last closing tag that was passed over was
meant then, and a block that began behind some text was none. Else it is all reasoning.

Blanks around a block belong to neither side. Nothing is held back but what may still become a tag, blanks before the
first word, and those directly behind a tag.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, TypeAlias

from chat_app.conversation.deltas import ReasoningDelta, TextDelta, WasReasoning, WasText
from chat_app.endpoints.reading.code_marks import CodeMarks
from chat_app.endpoints.reading.tags import (
    ASKED,
    BEGINNINGS,
    CLOSES,
    ELEMENT_ENDS,
    ELEMENTS,
    FIRSTS,
    HARMONY,
    HARMONY_TEXT,
    LEFT_BEHIND,
    LONGEST,
    OPENS,
    TAG,
    WITH_ATTRIBUTES,
    WRAPS,
    Tags,
)

Split: TypeAlias = TextDelta | ReasoningDelta | WasReasoning | WasText

_STOP: Final = re.compile(r"[<\[◁`~\n]")
_BLANKS: Final = re.compile(r"\s*")
TO_THE_END: Final = 3
"""A tag with fewer blanks, and no more, behind it ends the answer."""


class ThinkTags:
    """Splits one answer: `feed` it all text in order, then ask for the `end`."""

    def __init__(self) -> None:
        self._held = ""
        self._blanks: list[str] | None = []
        """Blanks before the first word, or directly behind a tag; None in the middle of text."""
        self._at_beginning = True
        self._behind_thought = False
        self._inside: Tags | None = None
        self._wrapper: Tags | None = None
        self._harmony = False
        self._code = CodeMarks()
        self._mentioned: Counter[Tags] = Counter()
        self._excuses = 0
        """How many closing tags may follow opening ones in the code that began as number `_excused_in`."""
        self._excused_in = 0
        self._doubt: list[str] | None = None
        """All from where the thought may be over, or may not have begun; None without doubt."""
        self._doubted = 0
        """How many characters of it were given as reasoning."""
        self._reasoned = False
        self._said = False
        self._separate = False

    def reasoning_came(self) -> None:
        """Reasoning has come beside the text, so what a lone closing tag stands behind is no reasoning."""
        self._reasoned = True

    def feed(self, text: str) -> Iterator[Split]:
        """What `text` adds, in order."""
        yield from self._read(self._held + text, at_end=False)

    def passes(self, text: str) -> bool:
        """Whether `text` is taken as nothing but text, because nothing in it or before it can be of a tag."""
        busy = self._held or self._blanks is not None or self._inside or self._doubt is not None or self._separate
        if busy or not text or _STOP.search(text):
            return False
        self._code.plain(text)
        self._said = True
        return True

    def end(self, *, cut: bool = False) -> Iterator[Split]:
        """What was held back when no more follows; `cut` if more should have, so that a thought may have no end."""
        blank = self._blanks and self._at_beginning and not self._reasoned
        yield from self._read(self._held, at_end=True)
        if blank and self._blanks:
            yield from self._begun()
        if self._inside and self._doubt and not cut:
            text = "".join(self._doubt)
            if bare := text.lstrip():
                yield WasText(self._doubted, _indentation(text[: -len(bare)]) + bare)
                self._doubt = None

    def _read(self, text: str, *, at_end: bool) -> Iterator[Split]:
        begin = doubt = at = 0
        self._held = ""
        while at < len(text):
            if self._blanks is None:
                at = self._plain_until(text, at)
            else:
                begin = at = self._blanks_until(text, at, self._blanks)
                if at < len(text) and text[at] not in FIRSTS:
                    yield from self._begun()
                    continue
            if at == len(text):
                break
            tag, end = _tag_at(text, at)
            if end > len(text) and at_end:
                end = at
            if not at_end and (end > len(text) or self._waits(tag, text[end : end + TO_THE_END])):
                self._held = text[at:]
                break
            if tag and self._counts(tag, text[end : end + TO_THE_END]):
                yield from self._given(text[begin:at])
                yield from self._passed(tag, text[at:end])
                begin = doubt = at = end
                continue
            yield from self._begun()
            if self._may_end(tag):
                yield from self._given(text[begin:at])
                self._doubt, self._doubted = [], 0
                begin, doubt = at, end
            self._mention(tag, text, at)
            self._code.plain(tag or text[at])
            at = end if tag else at + 1
        read = len(text) - len(self._held)
        yield from self._given(text[begin:read])
        if self._doubt is not None:
            self._doubt.append(text[doubt:read])

    def _plain_until(self, text: str, at: int) -> int:
        """Where the next possible tag begins, or the end of `text`; code on the way is noted."""
        while stop := _STOP.search(text, at):
            if stop.start() > at:
                self._code.plain(text[at : stop.start()])
            match text[stop.start()]:
                case "\n":
                    self._code.newline()
                case "`" | "~" as mark:
                    self._code.tick(mark)
                case _:
                    return stop.start()
            at = stop.end()
        if at < len(text):
            self._code.plain(text[at:])
        return len(text)

    @staticmethod
    def _blanks_until(text: str, at: int, blanks: list[str]) -> int:
        found = _BLANKS.match(text, at)
        end = found.end() if found else at
        if end > at:
            blanks.append(text[at:end])
        return end

    def _waits(self, tag: str, behind: str) -> bool:
        """Whether what follows `tag` decides, and too little of it is `behind`."""
        if self._inside is not None:
            wanted = 0
            if tag in self._inside.closing:
                wanted = 1 if self._code.after_backtick else 2 if self._excuses and self._code.bare else 0
        else:
            wanted = TO_THE_END if self._may_trail(tag) else 1 if tag in CLOSES else 0
        return len(behind) < wanted and not behind.strip()

    def _may_trail(self, tag: str) -> bool:
        """Whether `tag` is left out where the answer ends with it."""
        return tag in LEFT_BEHIND or (self._reasoned and tag in CLOSES) or self._ends_asked(tag)

    def _ends_asked(self, tag: str) -> bool:
        return self._wrapper in ASKED and self._wrapper is not None and tag in self._wrapper.closing

    def _counts(self, tag: str, behind: str) -> bool:
        """Whether `tag` is meant, and not only written about."""
        enclosed = self._code.after_backtick and behind.startswith("`")
        self._code.settle()
        if self._inside is not None:
            return tag in self._inside.closing and not self._mentions_end(behind, enclosed=enclosed)
        if self._code.in_code:
            return False
        fresh = self._blanks is not None
        trails = self._may_trail(tag) and len(behind) < TO_THE_END and not behind.strip()
        if self._ends_asked(tag):
            return trails
        if kind := OPENS.get(tag):
            at_line = self._code.unindented and not self._code.in_element
            return self._at_beginning if kind.first else fresh or at_line or (self._harmony and kind is HARMONY)
        if kind := WRAPS.get(tag):
            return (fresh and (kind not in ASKED or self._behind_thought)) or (self._harmony and kind is HARMONY_TEXT)
        return trails or self._ends_wrapper(tag) or self._ends_all(tag, behind)

    def _mentions_end(self, behind: str, *, enclosed: bool) -> bool:
        """Whether a closing tag inside reasoning is only written about."""
        if not self._code.in_code or enclosed:
            return enclosed and self._code.in_code
        if self._code.bare and behind[:2] in {"", "\n", "\n\n"}:
            return False
        excused = self._excuses > 0 and self._excused_in == self._code.opened
        self._excuses -= excused
        return excused

    def _ends_all(self, tag: str, behind: str) -> bool:
        """Whether all before `tag`, which closes what nothing opened, was reasoning."""
        kind = CLOSES.get(tag)
        if kind is None or not kind.alone:
            return False
        if self._blanks is not None:
            return True
        if self._reasoned or self._code.in_row:
            return False
        if self._mentioned[kind]:
            self._mentioned[kind] -= 1
            return False
        return self._code.unindented or behind[:1] in {"", "\n", "\r"}

    def _may_end(self, tag: str) -> bool:
        """Whether `tag`, which was passed over inside reasoning, may yet have closed it."""
        if self._inside is None:
            return False
        foreign = self._inside in ELEMENTS and tag in ELEMENT_ENDS and not self._code.in_code
        return tag in self._inside.closing or foreign

    def _ends_wrapper(self, tag: str) -> bool:
        return self._wrapper is not None and tag in self._wrapper.closing

    def _passed(self, tag: str, written: str) -> Iterator[Split]:
        """What follows from `tag`, which counts; it is itself never shown."""
        fresh = self._blanks is not None
        self._doubt = None
        self._harmony = self._harmony or OPENS.get(tag) is HARMONY or WRAPS.get(tag) is HARMONY_TEXT
        self._behind_thought = self._inside is not None
        if self._inside is not None:
            self._inside = None
            self._wrapper = WRAPS.get(tag)
        elif tag in OPENS:
            self._inside, self._separate = OPENS[tag], self._reasoned
            if not (fresh or self._harmony):
                self._doubt, self._doubted = [written], 0
        elif tag in WRAPS:
            self._wrapper = WRAPS[tag]
        elif self._ends_wrapper(tag) or tag in LEFT_BEHIND or (self._reasoned and not fresh):
            self._wrapper = None
            if not self._harmony:
                return
        else:
            if not fresh:
                yield WasReasoning()
            self._reasoned = self._behind_thought = True
        if self._inside is None:
            self._separate = self._harmony and self._said
        self._at_beginning = False
        self._blanks = []
        self._code = CodeMarks()
        self._excuses = 0

    def _mention(self, tag: str, text: str, at: int) -> None:
        """Note an opening tag that the model writes about."""
        if not tag and (found := WITH_ATTRIBUTES.match(text, at)):
            tag = f"<{found.group(1).lower()}>"
        if kind := OPENS.get(tag):
            self._mentioned[kind] += 1
            if self._code.in_code and kind is self._inside:
                self._excuses = self._excuses + 1 if self._excused_in == self._code.opened else 1
                self._excused_in = self._code.opened

    def _begun(self) -> Iterator[Split]:
        """The blanks before the first word, as far as they belong to it."""
        if self._blanks is None:
            return
        blanks, self._blanks = "".join(self._blanks), None
        if not self._at_beginning or self._reasoned:
            blanks = _indentation(blanks)
        self._at_beginning = False
        yield from self._given(blanks)

    def _given(self, text: str) -> Iterator[Split]:
        if not text:
            return
        text, self._separate = f"\n\n{text}" if self._separate else text, False
        if self._inside is None:
            self._said = True
            yield TextDelta(text)
            return
        self._reasoned = True
        self._doubted += len(text)
        yield ReasoningDelta(text)


def _indentation(blanks: str) -> str:
    return blanks[blanks.rfind("\n") + 1 :] if "\n" in blanks else ""


def _tag_at(text: str, at: int) -> tuple[str, int]:
    """The tag at `at`, in lower case, and where it ends: behind the end of `text` if it may still become one."""
    if found := TAG.match(text, at):
        return found.group().lower(), found.end()
    if len(text) - at < LONGEST and text[at:].lower() in BEGINNINGS:
        return "", len(text) + 1
    return "", at
