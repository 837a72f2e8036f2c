"""Pictures and recordings that a model sends as part of its answer.

Pictures stand in a list of their own (`images`: OpenRouter, LiteLLM) or among the parts of the content (`image_url`,
`output_image`, Gemini's `inline_data`). Recordings come as base64 beside their transcript, in pieces when streamed
(OpenAI). A request says what they are to be, the answer does not, so the bytes tell: WAV, MP3, Ogg, FLAC; else they are
what OpenAI streams: PCM of 16 bits, 24,000 a second, one channel, which becomes a WAV.

Only bytes that come with the answer are shown. A picture at an address becomes a link: loading it would tell its host
who reads the answer. Too large, too many, no base64, or a type that is no plain picture (SVG holds scripts): a sentence
stands in its place.

Sources: https://openrouter.ai/docs/features/multimodal/image-generation,
https://platform.openai.com/docs/guides/audio, https://ai.google.dev/gemini-api/docs/openai
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chat_app.conversation.deltas import Media, TextDelta
from chat_app.conversation.messages import Audio, Image

MOST_BYTES: Final = 32 * 1024 * 1024
"""Of all pictures of an answer, or its recording, as base64."""
MOST_PICTURES: Final = 16
TOO_MUCH: Final = "\n\n*A picture is left out: this answer has too many, or too large ones.*\n\n"
NOT_SHOWN: Final = "\n\n*A picture is left out: it cannot be read.*\n\n"
_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_DATA_URL: Final = re.compile(r"data:([\w.+/-]+)(?:;[\w=.+-]+)*?;base64,", re.IGNORECASE)
_PLACE: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_KINDS: Final = (
    (b"RIFF", "audio/wav"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
_RATE: Final = 24_000
_SAMPLE_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class AudioPiece:
    """A piece of a recording, as base64."""

    data: str


def pictures_in(listed: object) -> Iterator[Media | TextDelta]:
    """The pictures of a list of parts, or of one part; nothing for what is none."""
    match listed:
        case list():
            for part in listed:
                yield from pictures_in(part)
        case {"image_url": {"url": str(url)}} | {"image_url": str(url)}:
            yield _picture(url)
        case {"inline_data": {"mime_type": str(kind), "data": str(data)}}:
            yield _picture(f"data:{kind};base64,{data}")
        case {"inlineData": {"mimeType": str(kind), "data": str(data)}}:
            yield _picture(f"data:{kind};base64,{data}")
        case str():
            yield _picture(listed)


def recording_in(said: Mapping[str, Any]) -> Iterator[AudioPiece]:
    """The piece of a recording in a delta or message."""
    match said.get("audio"):
        case {"data": str(data)} if data:
            yield AudioPiece(data)


class MediaSoFar:
    """The pictures and the recording of one answer, each given out once."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._left = MOST_BYTES
        self._heard = bytearray()

    def new_in(self, picture: Media) -> Iterator[Media | TextDelta]:
        """The picture, unless it came before: a whole message may follow its pieces."""
        digest = hash(picture.part.data)
        if digest in self._seen:
            return
        self._seen.add(digest)
        self._left -= len(picture.part.data)
        fits = self._left >= 0 and len(self._seen) <= MOST_PICTURES
        yield picture if fits else TextDelta(TOO_MUCH)

    def hear(self, piece: AudioPiece, *, whole: bool) -> None:
        """Add a piece; `whole` if it is all of the recording, which may have come in pieces before."""
        if (whole and self._heard) or len(self._heard) + len(piece.data) > MOST_BYTES:
            return
        self._heard += _decoded(piece.data) or b""

    def end(self) -> Iterator[Media]:
        """The recording, when no more of it comes."""
        heard, self._heard = bytes(self._heard), bytearray()
        if heard:
            kind = next((kind for start, kind in _KINDS if heard.startswith(start)), "")
            data = base64.b64encode(heard if kind else _wav(heard)).decode("ascii")
            yield Media(Audio(kind or "audio/wav", data))


def _picture(url: str) -> Media | TextDelta:
    found = _DATA_URL.match(url)
    if found is None:
        place = _PLACE.fullmatch(url.strip())
        return TextDelta(f"\n\n[A picture](<{place.group()}>)\n\n" if place else NOT_SHOWN)
    kind, data = found[1].lower(), "".join(url[found.end() :].split())
    if kind == "image/jpg":
        kind = "image/jpeg"
    if kind not in _PICTURES or not _decoded(data):
        return TextDelta(NOT_SHOWN)
    return Media(Image(kind, data))


def _decoded(data: str) -> bytes | None:
    """The bytes; None where it is no base64. Some leave out the padding."""
    try:
        return base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _wav(samples: bytes) -> bytes:
    """PCM with the head of a WAV file (https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html)."""
    size = len(samples)
    form = struct.pack("<HHIIHH", 1, 1, _RATE, _RATE * _SAMPLE_BYTES, _SAMPLE_BYTES, 8 * _SAMPLE_BYTES)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", len(head) + size) + head + samples
