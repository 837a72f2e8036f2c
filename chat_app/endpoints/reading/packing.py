"""The JSON values in the data of one event, or in a body that is no stream, however a server packed them.

One value is the rule, over as many `data:` lines as it likes. Besides there are several events without the blank lines
between them, several objects on one line, one object a line (NDJSON), and lists (Gemini's errors).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

DONE: Final = "[DONE]"
_BETWEEN: Final = re.compile(r"\s*")
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Packed:
    """What some data holds."""

    chunks: tuple[dict[str, Any], ...] = ()
    """The objects, in order; values of other types are passed over."""
    done: bool = False
    """Whether `[DONE]` stands behind them."""
    problem: ValueError | RecursionError | None = None
    """What makes the rest unreadable."""


def packed_in(data: str) -> Packed:
    """What `data` holds, up to `[DONE]` or to what cannot be read."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        values: list[Any] = []
    else:
        return Packed((value,) if isinstance(value, dict) else _chunks([value]))
    at = _next(data, 0)
    while at < len(data):
        if data.startswith(DONE, at):
            return Packed(_chunks(values), done=True)
        try:
            value, end = _DECODER.raw_decode(data, at)
        except (ValueError, RecursionError) as problem:
            return Packed(_chunks(values), problem=problem)
        values.append(value)
        at = _next(data, end)
    return Packed(_chunks(values))


def _next(data: str, at: int) -> int:
    found = _BETWEEN.match(data, at)
    return found.end() if found else at


def _chunks(values: list[Any]) -> tuple[dict[str, Any], ...]:
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return tuple(chunk for chunk in flat if isinstance(chunk, dict))
