"""What a request may post to the page's events: text, and messages of text. Everything else is refused unread.

Gradio copies whatever looks like a file in *any* posted value into its cache, and fetches it first when its path is an
address; its chatbot builds any component that a posted message names, with arguments of the caller's choice (read in
Gradio 6.31: `blocks.preprocess_data`, `Chatbot._preprocess_content`). This page takes no files, so an allow-list of
keys stands before both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MESSAGE = {"role", "content", "type", "text", "metadata", "options"}
_METADATA = {"title", "id", "parent_id", "log", "duration", "status"}
_OPTION = {"label", "value"}
_TURN = {"turn", "messages", "conversation", "wish"}
_KEYS = frozenset(_MESSAGE | _METADATA | _OPTION | _TURN)
_DEPTH = 7
"""Values, turn, conversation, message, content, part: and one to spare."""


def is_plain(value: Any, depth: int = _DEPTH) -> bool:
    """Whether a posted value is made of text, numbers and messages of text alone."""
    match value:
        case None | str() | bool() | int() | float():
            return True
        case Mapping():
            return depth > 0 and _KEYS.issuperset(value) and all(is_plain(item, depth - 1) for item in value.values())
        case list() | tuple():
            return depth > 0 and all(is_plain(item, depth - 1) for item in value)
        case _:
            return False


def posted_name(picked: Any) -> str:
    """What was picked as a name, empty for none. Whoever posts JSON may post a number or a list."""
    return "" if picked is None else str(picked)
