"""Pictures and recordings that come from outside, looked at before they are shown or sent to a model.

What a server or a model calls a picture is only taken for one when its first bytes say so: browsers believe the type,
and SVG, which can hold scripts, is refused with everything else that is no plain picture.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Final

from chat_app.conversation.messages import Audio, Image

LARGEST_BYTES: Final = 7_500_000
"""In Base64 these are 10 MB, which every later turn posts again."""
_KINDS: Final = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
    ("audio/wav", re.compile(rb"RIFF....WAVE", re.DOTALL)),
    ("audio/mpeg", re.compile(rb"ID3|\xff[\xe2-\xff]")),
    ("audio/ogg", re.compile(rb"OggS")),
    ("audio/flac", re.compile(rb"fLaC")),
)
_DATA_URL: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?;base64,(.*)", re.DOTALL)


def media_of(data: str, name: str = "") -> Image | Audio | None:
    """The picture or recording that `data` holds as base64; None when it holds neither, or more than is shown."""
    if len(data) > LARGEST_BYTES * 4 // 3 + 4:
        return None
    try:
        content = b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return None
    for mime_type, beginning in _KINDS:
        if beginning.match(content):
            kind = Image if mime_type.startswith("image/") else Audio
            return kind(mime_type, data, name)
    return None


def picture_of(url: str) -> Image | None:
    """The picture in a data URL; None when it is no such URL, or what it holds is no picture."""
    match = _DATA_URL.fullmatch(url.strip())
    found = media_of("".join(match[2].split())) if match else None
    return found if isinstance(found, Image) else None
