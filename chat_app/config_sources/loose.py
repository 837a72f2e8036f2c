"""Reading values that may have any type: the settings as they stand in the file, before pydantic has looked at them.

Whatever has the wrong type is passed over: pydantic tells of it. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def at(value: Any, name: str) -> Any:
    """What stands under `name` in a mapping; `None` when it is none, or has no such key."""
    return value.get(name) if isinstance(value, Mapping) else None


def items(value: Any, name: str) -> Iterator[tuple[int, Any]]:
    """The items of the list under `name`, with their positions; none when there is no list."""
    found = at(value, name)
    return iter(enumerate(found) if isinstance(found, list) else ())


def is_file(path: Path) -> bool:
    """Whether there is a file that this user can see."""
    try:
        return path.is_file()
    except OSError:
        return False
