"""Text that can be written as UTF-8.

Half of a surrogate pair cannot: a browser sends one when an emoji was cut, JSON may spell one out, and Python takes it
as a letter. Everything that is sent or answered later would fail on it, far from where it came in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

_Value = TypeVar("_Value")


def plain_text(text: str) -> str:
    """`text` with `\N{REPLACEMENT CHARACTER}` for each half of a surrogate pair."""
    if text.isascii():  # as megabytes of Base64 are
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def in_plain_text(value: _Value) -> _Value:
    """The same for every text in `value`: in lists, tuples, mappings and dataclasses."""
    plain: Any = value
    match value:
        case str():
            plain = plain_text(value)
        case list():
            plain = [in_plain_text(one) for one in value]
        case tuple():
            plain = tuple(in_plain_text(one) for one in value)
        case Mapping():
            plain = {in_plain_text(name): in_plain_text(one) for name, one in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            plain = replace(value, **{one.name: in_plain_text(getattr(value, one.name)) for one in fields(value)})
    found: _Value = plain
    return found
