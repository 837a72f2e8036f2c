"""Recordings: told by their headers, never decoded. WAV and MP3 are what the protocol takes as `input_audio`.

Formats: http://soundfile.sapp.org/doc/WaveFormat/ and http://www.mp3-tech.org/programmer/frame_header.html.
"""

from __future__ import annotations

from typing import Final

from chat_app.errors import FileRefused

SENT: Final = frozenset({"audio/wav", "audio/mpeg"})
"""The types that models take as they are."""

LARGEST_BYTES: Final = 7_500_000
"""Of a recording as it is sent: 10 MB in Base64, which every later turn posts again."""
_MOST_CHUNKS: Final = 100
_MOST_PADDING: Final = 8192
_MPEG_1: Final = 3
_RESERVED: Final = 1
_LAYER_3: Final = 1
_KBITS_1: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HERTZ: Final = (44100, 48000, 32000)
_OTHERS: Final = (
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypM4B", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AIFC", "audio/aiff"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
)


def type_of(content: bytes) -> str:
    """The type of a recording or film; empty for what is none. Raises `FileRefused` for a broken WAV."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        if not _has_sound(content):
            raise FileRefused("The WAV file has no sound in it.", hint="Save it again, and add that.")
        return "audio/wav"
    if _is_mp3(content):
        return "audio/mpeg"
    return next((kind for at, magic, kind in _OTHERS if content.startswith(magic, at)), "")


def refuse_unless_sent(mime_type: str, length: int) -> None:
    """Raises `FileRefused` for recordings that models do not take as they are, or that are too long to be sent."""
    if mime_type not in SENT:
        raise FileRefused(
            "Only WAV and MP3 recordings can be sent to a model.",
            hint="Save it as WAV or MP3. Whoever runs this page can name a model that makes text of it: the preset's "
            "`transcription_model`.",
        )
    if length > LARGEST_BYTES:
        raise FileRefused(
            f"Recordings that are larger than {LARGEST_BYTES / 1e6:g} MB cannot be sent to a model.",
            hint="Cut it, or save it as MP3. Whoever runs this page can name a model that makes text of it: the "
            "preset's `transcription_model`.",
        )


def _has_sound(content: bytes) -> bool:
    """Whether a WAV has a format and data behind it."""
    at, has_format = 12, False
    for _ in range(_MOST_CHUNKS):
        match content[at : at + 4]:
            case b"fmt ":
                has_format = True
            case b"data":
                return has_format and at + 8 < len(content)
            case b"":
                return False
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return False


def _is_mp3(content: bytes) -> bool:
    if content[:3] == b"ID3":
        tag = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=False))
        at = content.find(b"\xff", tag, tag + _MOST_PADDING)
        return at >= 0 and _frame_length(content, at) > 0
    length = _frame_length(content, 0)
    return length > 0 and (length >= len(content) or _frame_length(content, length) > 0)


def _frame_length(content: bytes, at: int) -> int:
    """The bytes of the MPEG layer III frame that begins at `at`; 0 where none does."""
    head = content[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - the sync word of a frame
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    rate, hertz = head[2] >> 4, head[2] >> 2 & 3
    if version == _RESERVED or layer != _LAYER_3 or not 0 < rate < len(_KBITS_1) or hertz == len(_HERTZ):
        return 0
    bits = 1000 * (_KBITS_1 if version == _MPEG_1 else _KBITS_2)[rate]
    samples, slower = (144, 0) if version == _MPEG_1 else (72, 2 if version == 0 else 1)
    return samples * bits // (_HERTZ[hertz] >> slower) + (head[2] >> 1 & 1)
