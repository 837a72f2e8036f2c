"""What the parts of a message cost besides its text, as far as that can be known without the model.

- A picture: width · height / 750 tokens, as Anthropic counts (https://docs.anthropic.com/en/docs/build-with-claude/vision),
  85 at the least, OpenAI's price of a small one (https://platform.openai.com/docs/guides/images-vision), and 1,000 when
  its size is not known. Models differ by a factor of four, and some servers make large ones smaller first.
- A recording: 32 tokens a second, as Gemini counts (https://ai.google.dev/gemini-api/docs/tokens); OpenAI counts 10. A
  WAV says how many bytes a second has; 16,000 stand for one of an MP3.
- A tool that is offered: its JSON, four characters a token.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Final

from chat_app.conversation.messages import Audio, File, Image, Message, Reasoning, Text, ToolCall, ToolResult
from chat_app.conversation.tools import Tool
from chat_app.conversation.written import text_of

PIXELS_A_TOKEN: Final = 750
LEAST_FOR_A_PICTURE: Final = 85
UNKNOWN_PICTURE: Final = 1000
TOKENS_A_SECOND: Final = 32
_MP3_BYTES_A_SECOND: Final = 16_000
_WAV_BYTES_A_SECOND: Final = 32_000
_CHARACTERS_A_TOKEN: Final = 4
_RATE: Final = slice(28, 32)
"""Where a WAV says how many bytes a second has (https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html)."""


def words_of(message: Message, *, reasoning: bool) -> str:
    """All text of `message` that is sent: what is said, documents, calls and results; `reasoning` where that is."""
    return message.text if message.plain else "".join(_words(message, reasoning=reasoning))


def tokens_beside_words(message: Message) -> float:
    """What its pictures and recordings cost."""
    return 0.0 if message.plain else sum(_media(message))


def tokens_of_tools(tools: Iterable[Tool]) -> float:
    """What it costs to offer `tools`."""
    offered = ([tool.name, tool.description, dict(tool.parameters)] for tool in tools)
    return sum(len(json.dumps(tool, ensure_ascii=False)) for tool in offered) / _CHARACTERS_A_TOKEN


def _words(message: Message, *, reasoning: bool) -> Iterator[str]:
    for part in message.parts:
        match part:
            case Text(text) | ToolResult(_, text):
                yield text
            case File():
                yield text_of(part)
            case ToolCall(name, arguments):
                yield name + arguments
            case Reasoning(text) if reasoning:
                yield text


def _media(message: Message) -> Iterator[float]:
    for part in message.parts:
        match part:
            case Image():
                yield _picture(part)
            case Audio():
                yield _recording(part)
            case ToolResult(images=images):
                yield from map(_picture, images)


def _picture(picture: Image) -> float:
    if not (picture.width and picture.height):
        return UNKNOWN_PICTURE
    return max(LEAST_FOR_A_PICTURE, picture.width * picture.height / PIXELS_A_TOKEN)


def _recording(recording: Audio) -> float:
    size = len(recording.data) * 3 / 4
    if recording.mime_type != "audio/wav":
        return TOKENS_A_SECOND * size / _MP3_BYTES_A_SECOND
    try:
        rate = int.from_bytes(base64.b64decode(recording.data[:60])[_RATE], "little")
    except ValueError:
        rate = 0
    return TOKENS_A_SECOND * size / (rate or _WAV_BYTES_A_SECOND)
