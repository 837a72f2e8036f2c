"""What Gradio hands over, as messages of the conversation.

Posted history is not to be trusted: whoever calls the page's events writes it. Only the roles `user` and `assistant`
count, only text parts, and nothing with a title (thoughts and notices are shown, never sent). It reaches us as lists
of parts from the page and as plain strings from older API clients. The answer's token travels in `metadata.log` of a
message without a title, where Gradio shows nothing and keeps it through the round trip (read in Gradio 6.31).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chat_app.conversation.messages import Message, Text

GradioMessage = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RatedAnswer:
    """An answer that a verdict is about: its text, its token, and what was said before it."""

    answer: str
    token: str
    conversation: tuple[Message, ...]


def messages_of(history: Sequence[GradioMessage] | None) -> tuple[Message, ...]:
    """The conversation in `history`: questions and answers in order, text exactly as it stands there."""
    return tuple(message for entry in history or () if (message := _message_of(entry)) is not None)


def last_token(history: Sequence[GradioMessage] | None) -> str:
    """The token of the last answer that has one, else an empty string. It is not verified here."""
    return next((token for entry in reversed(history or ()) if (token := _token_of(entry))), "")


def rated_answer(history: Sequence[GradioMessage], index: int) -> RatedAnswer | None:
    """The answer that a verdict at `index` is about, or None when no finished answer stands there.

    Gradio's index is that of the first message in a group of the assistant's: of the thought, where there is one.
    """
    for position in range(max(index, 0), len(history)):
        entry = history[position]
        message = _message_of(entry)
        if message is not None and message.role == "user":
            return None
        if message is not None and (token := _token_of(entry)):
            return RatedAnswer(message.text, token, messages_of(history[:position]))
    return None


def _message_of(entry: Any) -> Message | None:
    if (
        not isinstance(entry, Mapping)
        or entry.get("role") not in ("user", "assistant")
        or _metadata(entry).get("title")
    ):
        return None
    content = entry.get("content")
    parts = [content] if isinstance(content, str | Mapping) else content if isinstance(content, Sequence) else []
    texts = [text for part in parts if (text := _text_of(part)) is not None]
    return Message(entry["role"], tuple(Text(text) for text in texts)) if texts else None


def _text_of(part: Any) -> str | None:
    match part:
        case str():
            return part
        case {"type": "text", "text": str(text)}:
            return text
        case _:
            return None


def _token_of(entry: Any) -> str:
    if not isinstance(entry, Mapping) or entry.get("role") != "assistant" or _metadata(entry).get("title"):
        return ""
    token = _metadata(entry).get("log")
    return token if isinstance(token, str) else ""


def _metadata(entry: GradioMessage) -> Mapping[str, Any]:
    metadata = entry.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}
