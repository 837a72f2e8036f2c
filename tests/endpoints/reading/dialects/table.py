"""What a row of the table of dialects is, and how its bytes are written down.

Samples are shortened: ids, times, fingerprints and repeated chunks are left out, what a reader looks at is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from chat_app.conversation.deltas import Usage
from chat_app.conversation.messages import Audio, Image, ToolCall
from chat_app.errors import ChatAppError

Kind: TypeAlias = Literal[
    "recorded here", "recorded by others", "source code", "documentation", "issue report", "made by hand"
]
"""How near to the server: run by us, published as bytes, read off its code or its manual, told by a user, or thought
up by us after one of these."""

UNCOUNTED = Usage(None, None)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One body that a server sends, and what must be shown of it."""

    name: str
    server: str
    version: str
    kind: Kind
    source: str
    body: bytes
    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    media: tuple[Image | Audio, ...] = ()
    usage: Usage = UNCOUNTED
    outcome: str = "complete"
    """As in `TurnSummary.outcome`."""
    error: type[ChatAppError] | None = None
    says: str = ""
    """A part of the error's sentence."""
    content_type: str = "text/event-stream"

    @property
    def title(self) -> str:
        """The server and what it does."""
        return f"{self.server}: {self.name}"


def sse(*payloads: str, end: str = "\n\n") -> bytes:
    """The payloads as events."""
    return "".join(f"data: {payload}{end}" for payload in payloads).encode()


def chunk(finish: str | None = None, **delta: Any) -> str:
    """A chunk with one choice that adds `delta`, and no more."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return json.dumps({"model": "m", "choices": [choice]}, ensure_ascii=False)


def stream(*deltas: dict[str, Any] | str, finish: str | None = "stop", done: bool = True) -> bytes:
    """A whole stream of `deltas`, texts standing for their `content`."""
    said = [chunk(**(delta if isinstance(delta, dict) else {"content": delta})) for delta in deltas]
    return sse(*said, *([chunk(finish)] if finish else []), *(["[DONE]"] if done else []))


def usage(prompt: int, completion: int, **more: Any) -> str:
    """A last chunk with the counts and no choices."""
    counts = {"prompt_tokens": prompt, "completion_tokens": completion}
    return json.dumps({"model": "m", "choices": [], "usage": counts, **more})
