"""What a document's text is gathered on: so many bytes, so much time, and the sentence that says what is missing.

Readers add piece by piece and stop when it is `full`. So a long document costs what is sent of it, not what it is.
"""

from __future__ import annotations

from time import process_time
from typing import Final

from chat_app.uploads.limits import Limits

READING_SHARE: Final = 0.6
"""How much of the CPU time goes to reading on; the rest is for what cannot be left in the middle."""


class Paper:
    """Text that grows until it is full. For one document."""

    def __init__(self, limits: Limits) -> None:
        self._pieces: list[str] = []
        self._left = limits.text_max_bytes
        self._until = process_time() + READING_SHARE * limits.cpu_s
        self.written = 0
        """Bytes of UTF-8 that stand on it."""
        self.cut = False
        """Whether a piece did not fit."""

    @property
    def full(self) -> bool:
        """Whether nothing more should be added: no room is left, or no time."""
        return self._left <= 0 or process_time() > self._until

    @property
    def room(self) -> int:
        """Bytes that still fit."""
        return max(0, self._left)

    @property
    def text(self) -> str:
        """All that stands on it."""
        return "".join(self._pieces)

    def add(self, piece: str) -> None:
        """Write `piece`, or as much of it as there is room for. Half a surrogate pair becomes `?`."""
        encoded = piece.encode(errors="replace")
        self.cut = self.cut or len(encoded) > self._left
        kept = encoded[: self._left]
        self._left -= len(encoded)
        self.written += len(kept)
        self._pieces.append(kept.decode(errors="ignore"))


def missing_pages(read: int, count: int, pages: str, *, in_part: bool) -> str:
    """What of `count` `pages` (a plural) is missing when `read` of them were, the last one perhaps only `in_part`."""
    if read >= count and not in_part:
        return ""
    part = ", the last of them in part" if in_part else ""
    if count == 1:
        return f"Only the beginning of the only {pages.removesuffix('s')} is here."
    if read == 1:
        return f"Only the {'beginning of the ' if in_part else ''}first of {count:,} {pages} is here."
    return f"Only the first {read:,} of {count:,} {pages} are here{part}."


def missing_share(share: float) -> str:
    """What is missing of a text of which the first `share` (from 0 to 1) is here."""
    percent = max(1, min(99, round(100 * share)))
    return f"Only about the first {percent} % of the text is here."
