"""What a request may post to the page's events: text, and messages of text and files. All else is refused unread.

Gradio copies whatever looks like a file in *any* posted value into its cache, and fetches it first when its path is an
address; its chatbot builds any component that a posted message names, with arguments of the caller's choice (read in
Gradio 6.31: `blocks.preprocess_data`, `Chatbot._preprocess_content`). What visitors add travels as values of our own
(`conversation/part_json.py`), so an allow-list of keys stands before both: with these no value looks like a file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

_MESSAGE = {"role", "content", "type", "text", "metadata", "options"}
_METADATA = {"title", "id", "parent_id", "log", "duration", "status"}
_OPTION = {"label", "value"}
_TURN = {"turn", "messages", "conversation", "wish", "parameters", "on_page", "shown", "parts"}
_PART = {"mime_type", "data", "name", "width", "height", "cut", "arguments", "images"}
KEYS = frozenset(_MESSAGE | _METADATA | _OPTION | _TURN | _PART)
MOST_VALUES = 200_000
"""A conversation of 1,000 messages has about 20,000."""
_DEPTH = 8
"""Values, turn, conversation, message, content, part, pictures of a result: and one to spare."""


def is_plain(value: Any, names: Collection[str] = ()) -> bool:
    """Whether a posted value is made of text, numbers and messages alone; `names` may be keys as well.

    Of millions of values, which would keep the process busy for seconds, it is not.
    """
    left, count = [(value, _DEPTH)], 1
    while left:
        item, depth = left.pop()
        match item:
            case None | str() | bool() | int() | float():
                continue
            case Mapping() if depth and all(key in KEYS or key in names for key in item):
                inner: Collection[Any] = item.values()
            case list() | tuple() if depth:
                inner = item
            case _:
                return False
        count += len(inner)
        if count > MOST_VALUES:
            return False
        left += [(each, depth - 1) for each in inner]
    return True


def posted_name(picked: Any) -> str:
    """What was picked as a name, empty for none. Whoever posts JSON may post a number or a list."""
    return "" if picked is None else str(picked)
