"""The bytes of `feedback.csv`: RFC 4180, UTF-8 without a byte order mark, CRLF, one header.

Holds what can be said of a line, a header or a torn end without opening anything; `store.py` does the opening. Two
things cannot be written as they are: half of a surrogate pair, for which UTF-8 has no bytes, becomes U+FFFD; and None
becomes an empty cell. Everything else, NUL and line breaks included, is read back as it was. Readers in Python raise
`csv.field_size_limit` first: a conversation may be longer than its 128 KiB.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chat_app.feedback.record import COLUMNS


@dataclass(frozen=True, slots=True)
class Ending:
    """What a crash left at the end of the file, and what closes it: drop `cut_bytes`, then append `closing`."""

    cut_bytes: int
    closing: bytes


def line_of(cells: Iterable[object]) -> bytes:
    """One record as it stands in the file, line end included."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_encodable("" if cell is None else str(cell)) for cell in cells])
    return text.getvalue().encode("utf-8")


HEADER = ",".join(COLUMNS).encode("ascii") + b"\r\n"


def columns_of(first_line: bytes) -> tuple[str, ...]:
    """The columns that a header line names. A byte order mark, which spreadsheets add when they save, is no column."""
    text = first_line.decode("utf-8-sig", "replace").rstrip("\r\n")
    return tuple(next(csv.reader([text]), []))


def ending_of(chunks: Iterable[bytes]) -> Ending:
    """How a file with these bytes ends."""
    quotes, tail = 0, b""
    for chunk in chunks:
        quotes += chunk.count(b'"')
        tail = (tail + chunk)[-4:]
    cut = _half_character(tail)
    tail = tail[: len(tail) - cut]
    if quotes % 2:
        return Ending(cut, b'"\r\n')
    if not tail or tail.endswith(b"\n"):
        return Ending(cut, b"")
    return Ending(cut, b"\n" if tail.endswith(b"\r") else b"\r\n")


def widened(lines: Iterable[bytes], header: bytes, more: int) -> Iterator[bytes]:
    """The lines of a file with `header` instead of its own, and `more` empty cells at the end of each record."""
    quotes = 0
    for number, line in enumerate(lines):
        if number == 0:
            yield header
            continue
        quotes += line.count(b'"')
        yield line if quotes % 2 else line.rstrip(b"\r\n") + b"," * more + b"\r\n"


def cells_in(columns: Sequence[str], values: dict[str, object]) -> list[object]:
    """`values` in the order of `columns`, empty where a newer version's column is not ours."""
    return [values.get(column) for column in columns]


def _half_character(tail: bytes) -> int:
    """How many bytes at the end belong to a character that is not whole."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(tail)
    return len(decoder.getstate()[0])


def _encodable(text: str) -> str:
    """`text` with U+FFFD for each half of a surrogate pair; two halves that belong together become their character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
