"""Bytes to server-sent events, in pieces of any size: a decoder without I/O.

Follows https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream, with two liberties that
servers of models need: an event that the end of the stream cuts short is given out by `end`, because some leave out the
last blank line, and a field named `error` (older llama.cpp) makes an event of that name. Lines end at CR, LF and CRLF
only: `str.splitlines`, which is usual for this, also cuts at U+2028 and others that may stand inside a JSON string.
Bytes that are no UTF-8 become U+FFFD: one bad character is no reason to lose an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_EVENT_BYTES: Final = 16 * 1024 * 1024
"""An event larger than this is an attack or a defect, no piece of an answer."""

ERROR: Final = "error"
_FIELDS: Final = (b"data", b"event", b"error", b"id", b"retry")
_ONE_EVENT: Final = re.compile(rb"data: ([^\r\n]*+)\n\n")
"""What nearly every piece is; taking it for that makes reading it faster, and nothing else."""
_STRAY_CHARACTERS: Final = 1000
_BOM: Final = b"\xef\xbb\xbf"


class EventTooLarge(ValueError):
    """An event, or a line, is larger than `MAX_EVENT_BYTES`."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, empty for most, and its `data` lines joined with line feeds."""

    name: str
    data: str


class Decoder:
    """Turns the bytes of one response into events; `feed` it all of them in order, then ask for the `end`."""

    def __init__(self, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_event_bytes
        self._line = bytearray()
        self._first_line = True
        self._after_cr = False
        self._name = ""
        self._data: list[str] = []
        self._data_bytes = 0
        self.stray = ""
        """The lines that are none of the protocol, the first of them: the body is perhaps no stream of events."""

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that `piece` completes. Raises `EventTooLarge`."""
        if self._fresh and (line := _ONE_EVENT.fullmatch(piece)) and len(piece) <= self._max_bytes:
            yield Event("", line[1].decode("utf-8", "replace"))
            return
        # A CR at the end of one piece has ended its line already; an LF at the start of the next belongs to it.
        if self._after_cr and piece:
            piece = piece.removeprefix(b"\n")
            self._after_cr = False
        for part in piece.splitlines(keepends=True):
            self._line += part
            if len(self._line) + self._data_bytes > self._max_bytes:
                raise EventTooLarge(f"An event is larger than {self._max_bytes} bytes.")
            if part.endswith((b"\n", b"\r")):
                self._after_cr = part.endswith(b"\r")
                yield from self._end_line()
        self._after_cr = self._after_cr and piece.endswith(b"\r")

    @property
    def _fresh(self) -> bool:
        """Whether what is fed next begins an event, and not the first."""
        return not (self._first_line or self._after_cr or self._line or self._data or self._name)

    def end(self) -> Iterator[Event]:
        """The event that the end of the stream cut short, if any."""
        if self._line and any(field.startswith(self._line.strip()) for field in _FIELDS):
            self._line.clear()
        yield from self._end_line()
        yield from self._end_event()

    def _end_line(self) -> Iterator[Event]:
        line = bytes(self._line).rstrip(b"\r\n")
        self._line.clear()
        if self._first_line:
            line = line.removeprefix(_BOM)
            self._first_line = False
        if not line:
            yield from self._end_event()
            return
        field, _, value = line.decode("utf-8", "replace").partition(":")
        field = field.lstrip(" \t")
        value = value.removeprefix(" ")
        match field:
            case "data":
                self._add(value)
            case "event":
                self._name = value
            case "error":
                self._name = ERROR
                self._add(value)
            case "" | "id" | "retry":
                pass
            case _:
                self._keep(line.decode("utf-8", "replace"))

    def _keep(self, line: str) -> None:
        if len(self.stray) < _STRAY_CHARACTERS:
            self.stray += f"\n{line}" if self.stray else line

    def _add(self, value: str) -> None:
        self._data.append(value)
        self._data_bytes += len(value) + 1

    def _end_event(self) -> Iterator[Event]:
        name, data = self._name, self._data
        self._name, self._data, self._data_bytes = "", [], 0
        if data or name == ERROR:
            yield Event(name, "\n".join(data))
