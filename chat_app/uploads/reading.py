"""Reading a visitor's file: what it is told by, who reads it, and for how long.

Everything but the first look happens in a process of its own (`child.py`), a few at a time, so that the page answers
others meanwhile. Its CPU time is a tenth of `uploads.parse_timeout_s`: 2 s, in which every document of every kind is
read as far as it is sent; what takes longer was made to. Its memory is 200 MB for documents. For a picture it is what
`uploads.image_max_pixels` of it take, since these are decoded at once.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Any, Final, TypeAlias

from chat_app.config import UploadsConfig
from chat_app.conversation.messages import Audio, File, Image
from chat_app.errors import FileRefused
from chat_app.uploads import recordings
from chat_app.uploads.kinds import Found, kind_of
from chat_app.uploads.limits import Limits
from chat_app.uploads.names import clean_name
from chat_app.uploads.paper import Paper, missing_share
from chat_app.uploads.refusals import broken, no_text, too_slow

Transcribe: TypeAlias = Callable[[str, bytes], Awaitable[str]]
"""What makes text of a recording: its name and bytes in, the text out."""

AT_ONCE: Final = 2
"""How many files are read at the same time; others wait for their turn."""
MEMORY_BYTES: Final = 200_000_000
_PER_PIXEL: Final = 16
"""Bytes of memory for a pixel: four decoded, and as many for each copy between. A JPEG takes eight, grey that is
see-through twelve, WebP sixteen, whose library holds the whole picture twice beside Pillow's own."""
_PIXELS_A_SECOND: Final = 20_000_000
_BYTES_A_TOKEN: Final = 4
_WORK_SHARE: Final = 0.1
_OURS: Final = Path(__file__).parents[2]
_OUT_OF_TIME: Final = frozenset(
    {-int(number) for name in ("SIGXCPU", "SIGKILL") if (number := getattr(signal, name, None)) is not None}
)


class FileReader:
    """Reads files by the settings; made once. `at_once` of them are read at the same time."""

    def __init__(self, config: UploadsConfig, *, at_once: int = AT_ONCE) -> None:
        self._config = config
        self._turns = asyncio.Semaphore(at_once)

    async def read(self, name: str, content: bytes, *, transcribe: Transcribe | None = None) -> Image | Audio | File:
        """What a model is shown of the file. Raises `FileRefused`, and what `transcribe` raises.

        With `transcribe`, a recording of any kind is a `File` with its text; else WAV and MP3 are an `Audio`.
        """
        name = clean_name(name)
        found = kind_of(name, content)
        if found.kind == "recording":
            return await self._recording(name, found.mime_type, content, transcribe)
        async with self._turns:
            answer = await _asked(found, content, self._config)
        match answer:
            case {"image": dict(image)}:
                return Image(name=name, **image)
            case {"document": dict(document)}:
                return File(name=name, **document)
        raise FileRefused(str(answer["sentence"]), hint=str(answer["hint"]))

    async def _recording(
        self, name: str, mime_type: str, content: bytes, transcribe: Transcribe | None
    ) -> Audio | File:
        if transcribe is None:
            recordings.refuse_unless_sent(mime_type, len(content))
            return Audio(mime_type, b64encode(content).decode(), name)
        text = await transcribe(name, content)
        if not text.strip():
            raise no_text("recording")
        paper = Paper(limits_of("recording", len(content), self._config))
        paper.add(text)
        return File(name, mime_type, paper.text, missing_share(paper.written / len(text.encode())) if paper.cut else "")


def limits_of(kind: str, length: int, config: UploadsConfig) -> Limits:
    """What the reading of `length` bytes of that kind may cost."""
    cpu_s, memory_bytes = max(1, ceil(_WORK_SHARE * config.parse_timeout_s)), MEMORY_BYTES
    if kind == "picture":
        cpu_s += ceil(config.image_max_pixels / _PIXELS_A_SECOND)
        memory_bytes += _PER_PIXEL * config.image_max_pixels
    return Limits(
        cpu_s=cpu_s,
        memory_bytes=memory_bytes + 2 * max(0, length - MEMORY_BYTES // 10),
        text_max_bytes=_BYTES_A_TOKEN * config.text_max_tokens,
        max_pages=config.max_pages,
        image_max_px=config.image_max_px,
        image_max_pixels=config.image_max_pixels,
    )


def request_of(found: Found, length: int, config: UploadsConfig) -> bytes:
    """The line that stands before a file on the child's standard input."""
    limits = asdict(limits_of(found.kind, length, config))
    return json.dumps({"kind": found.kind, "mime_type": found.mime_type, "limits": limits}).encode() + b"\n"


def command() -> list[str]:
    """What starts the child."""
    return [sys.executable, "-P", "-m", "chat_app.uploads.child"]


def environment() -> dict[str, str]:
    """All that the child is told of this machine; no keys and no settings."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "PYTHONPATH": str(_OURS)}


async def _asked(found: Found, content: bytes, config: UploadsConfig) -> dict[str, Any]:
    """What the child says of the file. Raises `FileRefused` when it did not live to say it, or not in time."""
    child = await asyncio.create_subprocess_exec(
        *command(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(),
    )
    try:
        async with asyncio.timeout(config.parse_timeout_s):
            said, _ = await child.communicate(request_of(found, len(content), config) + content)
    except TimeoutError as error:
        raise too_slow() from error
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if child.returncode:
        raise too_slow() if child.returncode in _OUT_OF_TIME else broken()
    answer: dict[str, Any] = json.loads(said)
    return answer
