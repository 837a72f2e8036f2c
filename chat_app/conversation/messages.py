"""What a conversation is made of: messages, each with a role and parts.

Holds plain immutable values. Refuses wire formats (those are `endpoints/request.py`), Gradio's message dictionaries
(`ui/history.py`) and anything about the page: notices and thoughts are not messages of the conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Text:
    """Text, exactly as it was typed or received: no stripping, no dedenting."""

    text: str


Part: TypeAlias = Text


@dataclass(frozen=True, slots=True)
class Message:
    """One message: who speaks, and what it says, part by part."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The text of all its parts, joined as they stand."""
        return "".join(part.text for part in self.parts)


def system(text: str) -> Message:
    """The system prompt as a message."""
    return Message("system", (Text(text),))


def user(text: str) -> Message:
    """What the visitor says."""
    return Message("user", (Text(text),))


def assistant(text: str) -> Message:
    """What the model said."""
    return Message("assistant", (Text(text),))
