"""What one visitor sees of one answer, and when: for every program that is measured, by the same clock and rules.

The fake server (`upstream.py`) writes the moment at which it began into the first word of an answer and numbers the
others, so whoever reads a word knows how late it is: word `n` was due `n / rate` after the beginning. All processes of
a benchmark run on one machine, where `time.monotonic` is the same clock for all. Nothing here knows a protocol, and
nothing but the standard library is imported, because the drivers of other programs run in environments of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import Any, Final

PACE: Final = re.compile(r"pace-(\d+)-(\d+)")
_BEGUN: Final = re.compile(r"at(\d+\.\d+)")
_WORD: Final = re.compile(r" w(\d+)")


@dataclass(frozen=True, slots=True)
class Pace:
    """How an answer is to come: `rate` tokens a second, `tokens` in all."""

    rate: int
    tokens: int

    def __str__(self) -> str:
        return f"pace-{self.rate}-{self.tokens}"

    @property
    def lasts_s(self) -> float:
        """From the first token to the last."""
        return (self.tokens - 1) / self.rate


def pace_of(text: str) -> Pace | None:
    """The pace that `text` asks for: `pace-50-300` is 300 tokens at 50 a second. None when it names none."""
    found = PACE.search(text)
    return Pace(int(found[1]), int(found[2])) if found else None


def word(number: int, begun_s: float) -> str:
    """Token `number`, from 0, of an answer begun at `begun_s`."""
    return f" w{number}" if number else f"at{begun_s:.4f}"


def is_whole(text: str, tokens: int) -> bool:
    """Whether `text` has all words of an answer of `tokens`, each once and in order."""
    begun = _BEGUN.search(text)
    return begun is not None and list(map(int, _WORD.findall(text, begun.end()))) == list(range(1, tokens))


@dataclass(slots=True)
class Watch:
    """What one visitor saw of one answer, noted as it comes."""

    pace: Pace
    asked_s: float = field(default_factory=monotonic)
    begun_s: float = 0.0
    updates: list[tuple[float, int]] = field(default_factory=list)
    """When something new was read, and the number of the last word in it."""
    ended_s: float = 0.0
    requests: int = 0
    body_bytes: int = 0
    wire_bytes: int = 0
    error: str = ""

    def read(self, text: str) -> None:
        """Note `text`, some piece of what was sent: the newest word in it, if it is news.

        An earlier answer may stand in it too; this one began after it was asked for.
        """
        if not self.begun_s:
            for begun in _BEGUN.finditer(text):
                if float(begun[1]) >= self.asked_s:
                    self.begun_s, text = float(begun[1]), text[begun.end() :]
                    self.updates.append((monotonic(), 0))
                    break
        if not self.begun_s:
            return
        words = _WORD.findall(text)
        if words and (number := int(words[-1])) > self.updates[-1][1]:
            self.updates.append((monotonic(), number))

    def end(self, text: str) -> None:
        """Note that the answer is over; `text` is what stands on the page then."""
        self.ended_s = self.ended_s or monotonic()
        if not is_whole(text, self.pace.tokens):
            self.error = f"The answer is not whole: {text[-200:]!r}"

    @property
    def first_s(self) -> float:
        """From the question to the first token."""
        return self.updates[0][0] - self.asked_s

    @property
    def stretch(self) -> float:
        """How long the whole turn took, over how long the server wrote."""
        return (self.ended_s - self.asked_s) / self.pace.lasts_s

    @property
    def late_s(self) -> list[float]:
        """Of every update, how late its newest word was."""
        return [at - self.begun_s - number / self.pace.rate for at, number in self.updates]

    @property
    def tokens_late_s(self) -> list[float]:
        """Of every token, how late it was: what waited for an update with others is later than that update."""
        late, before = [], -1
        for at, last in self.updates:
            late += [at - self.begun_s - number / self.pace.rate for number in range(before + 1, last + 1)]
            before = last
        return late

    @property
    def longest_gap_s(self) -> float:
        """The longest time without an update, from the question to the last one."""
        times = [self.asked_s, *(at for at, _ in self.updates)]
        return max((after - before for before, after in pairwise(times)), default=0.0)


def summary(watches: Sequence[Watch]) -> dict[str, Any]:
    """What all visitors of a wave saw, as JSON: lists by visitor, percentiles over everybody's updates."""
    good = [watch for watch in watches if not watch.error]
    late = [late for watch in good for late in watch.late_s]
    tokens_late = [late for watch in good for late in watch.tokens_late_s]
    return {
        "tokens": sum(watch.pace.tokens for watch in good),
        "errors": [watch.error for watch in watches if watch.error],
        "first_s": [watch.first_s for watch in good],
        "stretch": [watch.stretch for watch in good],
        "gap_s": [watch.longest_gap_s for watch in good],
        "late_p95_s": percentile(late, 95),
        "token_late_p95_s": percentile(tokens_late, 95),
        "updates": len(late) / max(len(good), 1),
        "requests": sum(watch.requests for watch in good) / max(len(good), 1),
        "body_bytes": sum(watch.body_bytes for watch in good) / max(len(good), 1),
        "wire_bytes": sum(watch.wire_bytes for watch in good) / max(len(good), 1),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of `values` do not exceed; infinite when there are none."""
    if not values:
        return float("inf")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
