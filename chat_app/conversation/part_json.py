"""The parts of a message as JSON: as they travel between the page and the server, and as the browser keeps them.

One object for each part, told apart by its `type`; pictures and recordings are Base64. What comes back from a browser
is not to be trusted: anything that is none of these, or not for whoever speaks, is passed over. It is our own form and
no server's (those are `endpoints/request.py` and `endpoints/reading`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from chat_app.conversation.messages import Audio, File, Image, Part, Reasoning, Text, ToolCall, ToolResult

_LONGEST_NAME: Final = 255
_MOST_PIXELS: Final = 100_000
_MIME_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
"""The kinds of pictures that models take."""
RECORDINGS: Final = frozenset({"audio/wav", "audio/mpeg"})
"""The kinds of recordings that the protocol takes."""


def parts_of(content: Any, role: str) -> tuple[Part, ...]:
    """The parts in the content of a posted message: what is none, or not for this role, is passed over.

    A string is text. Visitors say text and add files; answers have thoughts, calls, what came of them, and pictures.
    """
    pieces = [content] if isinstance(content, str | Mapping) else content if isinstance(content, Sequence) else []
    return tuple(part for piece in pieces if (part := _part(piece, role)) is not None)


def json_of(part: Part) -> dict[str, Any]:  # noqa: PLR0911 -- one case for each kind
    """A part as it travels to the page, and back."""
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Reasoning(text):
            return {"type": "reasoning", "text": text}
        case Image(mime_type, data, name, width, height):
            picture = {"mime_type": mime_type, "data": data, "name": name, "width": width, "height": height}
            return {"type": "image", **picture}
        case Audio(mime_type, data, name):
            return {"type": "audio", "mime_type": mime_type, "data": data, "name": name}
        case File(name, mime_type, text, cut):
            return {"type": "document", "name": name, "mime_type": mime_type, "text": text, "cut": cut}
        case ToolCall(name, arguments, call_id):
            return {"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}
        case ToolResult(call_id, text, images):
            return {"type": "tool_result", "id": call_id, "text": text, "images": [json_of(image) for image in images]}


def _part(piece: Any, role: str) -> Part | None:  # noqa: PLR0911 -- one case for each kind
    match piece:
        case str(text) | {"type": "text", "text": str(text)}:
            return Text(text)
        case _ if role == "user":
            return _added(piece)
        case {"type": "reasoning", "text": str(text)}:
            return Reasoning(text)
        case {"type": "tool_call", "id": str(call_id), "name": str(name), "arguments": str(arguments)}:
            return ToolCall(name, arguments, call_id)
        case {"type": "tool_result", "id": str(call_id), "text": str(text), **more}:
            return ToolResult(call_id, text, tuple(_pictures(more.get("images"))))
        case {"type": "image"}:
            return _added(piece)
        case _:
            return None


def _added(piece: Any) -> Image | Audio | File | None:
    match piece:
        case {"type": "image", "mime_type": str(mime_type), "data": str(data), **more}:
            if mime_type not in PICTURES or not _BASE64.fullmatch(data):
                return None
            return Image(mime_type, data, _line(more.get("name")), _size(more.get("width")), _size(more.get("height")))
        case {"type": "audio", "mime_type": str(mime_type), "data": str(data), **more}:
            if mime_type not in RECORDINGS or not _BASE64.fullmatch(data):
                return None
            return Audio(mime_type, data, _line(more.get("name")))
        case {"type": "document", "mime_type": str(mime_type), "text": str(text), **more}:
            kind = mime_type if _MIME_TYPE.fullmatch(mime_type) else "text/plain"
            return File(_line(more.get("name")), kind, text, _line(more.get("cut")))
        case _:
            return None


def _pictures(pieces: Any) -> Iterator[Image]:
    for piece in pieces if isinstance(pieces, list | tuple) else ():
        if isinstance(picture := _added(piece), Image):
            yield picture


def _line(said: Any) -> str:
    return " ".join(said.split())[:_LONGEST_NAME] if isinstance(said, str) else ""


def _size(pixels: Any) -> int:
    return pixels if isinstance(pixels, int) and not isinstance(pixels, bool) and 0 < pixels < _MOST_PIXELS else 0
