"""The pictures and recordings of a conversation as files beside `feedback.csv`: where each is, and what it holds.

A name is the SHA-256 of the bytes, so the same picture is one file however often it was sent, and a row that names it
can be checked. Writes nothing: that is `store.py`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from chat_app.conversation.messages import Audio, Image, Message, ToolResult

FOLDER: Final = "files"
_ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
}


def place_of(media: Image | Audio) -> str:
    """The file of `media`, as a path from the feedback folder: `files/<sha256>.<ending>`."""
    digest = hashlib.sha256(_bytes_of(media)).hexdigest()
    return f"{FOLDER}/{digest}.{_ENDINGS.get(media.mime_type, 'bin')}"


def files_of(messages: Iterable[Message]) -> dict[str, bytes]:
    """The bytes of all pictures and recordings in `messages`, by their places."""
    return {place_of(media): _bytes_of(media) for message in messages for media in _media_of(message)}


def _media_of(message: Message) -> Iterator[Image | Audio]:
    for part in message.parts:
        match part:
            case Image() | Audio():
                yield part
            case ToolResult(images=images):
                yield from images


def _bytes_of(media: Image | Audio) -> bytes:
    try:
        return base64.b64decode(media.data)
    except (binascii.Error, ValueError):
        return media.data.encode("utf-8", "replace")
