"""The visitors that can be driven from this environment: of our page, of `gr.load_chat`'s, of their APIs, of the model.

    python -m benchmarks.wave ours http://127.0.0.1:7860 --visitors 10 --pace pace-50-300

What the process says and waits for stands in `wave_process.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from benchmarks.gradio_page import ApiVisitor, LoadChatVisitor, OurVisitor
from benchmarks.timing import Pace, Watch
from benchmarks.wave_process import Kind, main
from benchmarks.wire import Page


class StraightVisitor:
    """A program that asks the model's server itself: what all others are compared with."""

    def __init__(self, base_url: str) -> None:
        self._page = Page(base_url)

    async def open(self) -> None:
        """Have a connection."""
        await self._page.get("/models")

    async def ask(self, pace: Pace) -> Watch:
        """Read the answer from its events."""
        watch, pieces = Watch(pace), []
        question = {"model": str(pace), "stream": True, "messages": [{"role": "user", "content": str(pace)}]}
        try:
            async for line in self._page.lines("/chat/completions", question):
                if line.startswith("data: {"):
                    piece = json.loads(line[6:])["choices"][0]["delta"].get("content", "")
                    watch.read(piece)
                    pieces.append(piece)
            watch.end("".join(pieces))
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what is counted
            watch.error = f"{type(error).__name__}: {error}"
        return watch

    async def close(self) -> None:
        """Close the connection."""
        self._page.close()


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "ours": OurVisitor,
        "load_chat": LoadChatVisitor,
        "our_api": lambda url, _: ApiVisitor(url, "chat", "QUESTION", None, None, None, None, None),
        "load_chat_api": lambda url, _: ApiVisitor(url, "open_api_stream", {"text": "QUESTION", "files": []}),
        "straight": lambda url, _: StraightVisitor(url),
    }
)


if __name__ == "__main__":
    main(KINDS)
