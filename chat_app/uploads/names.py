"""The name of a file as it may be shown and sent: one line, no path, nothing that turns the text around it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 120
_LONGEST_ENDING: Final = 16
_NAMELESS: Final = "file"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that have no place in a name: controls, direction marks, surrogates, line ends, …"""


def clean_name(name: str) -> str:
    """The last component of `name`, at most `LONGEST` characters with its ending; `file` when nothing is left."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in _UNSEEN)
    plain = re.sub(r"\s+", " ", seen).strip(" .") or _NAMELESS
    if len(plain) <= LONGEST:
        return plain
    stem, dot, ending = plain.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING:
        return plain[:LONGEST]
    return f"{stem[: LONGEST - len(ending) - 2]}…{dot}{ending}"


def ending_of(name: str) -> str:
    """What stands behind the last dot of `name`, in lower case; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""
