"""What a conversation is made of: messages, each with a role and parts.

Holds plain immutable values. Refuses wire formats (those are `endpoints/request.py`), Gradio's message dictionaries
(`ui/history.py`) and anything about the page: notices are not messages of the conversation. An answer that called tools
is one message: its parts tell in order what was thought, said, called and what came back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text, exactly as it was typed or received: no stripping, no dedenting."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture."""

    mime_type: str
    """`image/jpeg`, `image/png`, …"""
    data: str
    """Base64."""
    name: str = ""
    width: int = 0
    """In pixels; 0 when it is not known."""
    height: int = 0


@dataclass(frozen=True, slots=True)
class Audio:
    """Something to hear."""

    mime_type: str
    """`audio/wav` or `audio/mpeg`, which are what the protocol takes; answers may have others."""
    data: str
    """Base64."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A document, as the text that was read from it."""

    name: str
    mime_type: str
    """Of the file that was read."""
    text: str
    cut: str = ""
    """What of it is not in `text`, as a sentence; empty when all of it is."""


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought before it went on."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model wants to be made."""

    name: str
    arguments: str
    """JSON, as the model wrote it; it may be broken."""
    call_id: str
    extra: str = ""
    """JSON that its server wants back with it in the same turn: Gemini's `extra_content`."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the model was told of a call."""

    call_id: str
    text: str
    images: tuple[Image, ...] = ()


Part: TypeAlias = Text | Image | Audio | File | Reasoning | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One message: who speaks, and what it says, part by part."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The text of all its text parts, joined as they stand."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def plain(self) -> bool:
        """Whether it is made of text alone."""
        return all(isinstance(part, Text) for part in self.parts)


def system(text: str) -> Message:
    """The system prompt as a message."""
    return Message("system", (Text(text),))


def user(text: str, *files: Image | Audio | File) -> Message:
    """What the visitor says; what goes with it stands before the text."""
    return Message("user", (*files, Text(text)))


def assistant(text: str) -> Message:
    """What the model said."""
    return Message("assistant", (Text(text),))
