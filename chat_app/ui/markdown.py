"""Text as Markdown that shows just this text. What models, tools and servers say about themselves is never markup."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|<>~$&:.@-]")
_FENCE = re.compile(r"`{3,}")


def plain(text: str) -> str:
    """Text as Markdown that shows just this text: no markup, no link, no formula.

    Signs become character references and get no backslash, which would begin a formula before a parenthesis.
    """
    return _MARKUP.sub(lambda sign: f"&#{ord(sign[0])};", re.sub(r"\s+", " ", text))


def hint_of(hint: str) -> str:
    """A hint as Markdown: text between backticks stays code, everything else is escaped."""
    pieces = hint.split("`")
    if len(pieces) % 2 == 0:
        return plain(hint)
    return "".join(f"`{piece}`" if position % 2 else plain(piece) for position, piece in enumerate(pieces))


def code_block(text: str, language: str = "") -> str:
    """A block of code that `text` cannot end."""
    fence = "`" * max((len(found) + 1 for found in _FENCE.findall(text)), default=3)
    return f"{fence}{language}\n{text}\n{fence}"
