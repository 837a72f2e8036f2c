"""Whether a server refuses a request because its model takes no pictures, or no recordings.

Holds the words for it, of which each server has its own; the sources stand beside their samples in the tests.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Input: TypeAlias = Literal["image", "audio"]

_NOT: Final = r"(?:does not|doesn't|do not|don't|cannot|not) "
_WORDS: Final = (
    ("image", r"image[_ ]?(?:url)?s?|vision|pictures?"),
    ("audio", r"(?:input[_ ])?audios?"),
)


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b(?:{words})(?: inputs?| content| parts?)?[`'\"]? (?:is|are) "
        r"(?:not (?:currently )?supported|only supported by)"
        rf"|{_NOT}(?:support|accept|take)s? (?:the )?[`'\"]?(?:{words})\b"
        rf"|no endpoints found that support (?:{words})"
        rf"|unknown variant [`'\"]*(?:{words})\b"
        rf"|\bat most 0 (?:{words})"
        rf"|missing data required for (?:{words}) input",
        re.IGNORECASE,
    )


_REFUSED: Final[tuple[tuple[Input, re.Pattern[str]], ...]] = (
    ("audio", _pattern(_WORDS[1][1])),
    (
        "image",
        re.compile(f"{_pattern(_WORDS[0][1]).pattern}|not a multimodal model|not support multimodal", re.IGNORECASE),
    ),
)


def refused_input_in(words: str) -> Input | None:
    """What the model does not take, where the server's `words` say that of pictures or recordings."""
    return next((kind for kind, pattern in _REFUSED if pattern.search(words)), None)
