"""What the scripted server says while the page is measured: prose and Markdown, token by token, at a rate that is kept.

A pause between two tokens is always a little longer than it was asked to be; so the pauses are reckoned from when the
answer began, and what is late is made up for. Five tokens go out together, each as a chunk of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from time import monotonic
from typing import Final

from tests.browser.upstream import Reply, Step, chunk, event, stream

FIRST_WORD: Final = "Firstly"
LAST_WORDS: Final = "And that is all."
_TOGETHER: Final = 5

_PROSE: Final = (
    "It follows the wind along the harbour wall, past nets that dry between the boats, and nobody who has seen it once "
    "would say that it is in a hurry. What was carried up in the morning comes down again in the evening, lighter by a "
    "few words, and is put where it stood before.\n\n"
)
_MARKDOWN: Final = (
    "## How it is counted\n\nEach of *these* is read **once**, in the order of `names`:\n\n"
    "- the first, which is short,\n- the second, with a [link](https://example.org/second),\n"
    "- the third: it has\n  - an item below it,\n  - and another.\n\n"
    "```python\ndef count(words: list[str]) -> dict[str, int]:\n    found: dict[str, int] = {}\n"
    "    for word in words:  # each of them\n        found[word] = found.get(word, 0) + 1\n    return found\n```\n\n"
    "| name | count |\n| --- | ---: |\n| one | 1 |\n| two | 22 |\n\n1. Then it is sorted.\n2. Then it is told.\n\n"
)


@dataclass(frozen=True, slots=True)
class Paced:
    """The steps of an answer of `tokens`, without end where that is None, at `rate_per_s`, behind `after_s`."""

    tokens: int | None
    rate_per_s: float
    after_s: float = 0.0

    def __iter__(self) -> Iterator[Step]:
        yield self.after_s
        began_s = monotonic()
        yield chunk({"role": "assistant", "content": f"{FIRST_WORD} "})
        for number, token in enumerate(islice(_tokens(), self.tokens), start=1):
            yield chunk({"content": token})
            if number % min(_TOGETHER, max(1, int(self.rate_per_s / 20))) == 0:
                yield max(0.0, began_s + number / self.rate_per_s - monotonic())
        yield chunk({"content": f"\n\n{LAST_WORDS}"})
        yield chunk({}, finish="stop")
        yield event({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": self.tokens or 0}})
        yield b"data: [DONE]\n\n"


def answer(tokens: int | None, rate_per_s: float, *, after_s: float = 0.0) -> Reply:
    """An answer of that length and rate."""
    return stream(Paced(tokens, rate_per_s, after_s))


def _tokens() -> Iterator[str]:
    """Words with the space behind them, of five letters on average: prose, then Markdown, and so on."""
    for text in cycle((_PROSE, _PROSE, _MARKDOWN)):
        rest = text
        while rest:
            cut = rest.find(" ") + 1 or len(rest)
            yield rest[:cut]
            rest = rest[cut:]
