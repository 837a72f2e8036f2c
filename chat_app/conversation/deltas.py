"""Increments of an answer, and the answer they make.

A delta is neutral: no wire format and no page in it. An endpoint yields `Started` first, then text and reasoning in
the order they arrived, with `Usage` and `Finish` at any later place. `fold` adds one delta to an immutable `Answer`;
folding merged deltas gives the same answer as folding them one by one (a property test keeps that).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from chat_app.errors import ChatAppError


@dataclass(frozen=True, slots=True)
class Started:
    """The first delta: which endpoint answers, with which model, at which attempt (1 is the first)."""

    endpoint: str
    model: str
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written, as the server counted them; the last one said counts."""

    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True)
class Finish:
    """The server says that the answer is over, and why: `stop`, `length`, `content_filter`, …"""

    reason: str


Delta: TypeAlias = Started | TextDelta | ReasoningDelta | Usage | Finish


@dataclass(frozen=True, slots=True)
class Answer:
    """The assistant's answer while it grows and when it is done. Times are seconds since the turn began."""

    endpoint: str = ""
    model: str = ""
    attempts: int = 0
    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    usage: Usage = Usage(None, None)
    first_token_s: float | None = None
    reasoning_until_s: float | None = None
    """When the last piece of reasoning had come."""
    total_s: float | None = None
    """When the turn ended; None while the answer grows."""
    problem: ChatAppError | None = None
    """What went wrong, if the turn did not end with a whole answer. What had arrived stays."""

    @property
    def done(self) -> bool:
        """Whether the turn is over."""
        return self.total_s is not None


def fold(answer: Answer, delta: Delta, at_s: float) -> Answer:
    """`answer` with `delta` added, which arrived `at_s` seconds after the turn began."""
    match delta:
        case Started(endpoint, model, attempts):
            return replace(answer, endpoint=endpoint, model=model, attempts=attempts)
        case TextDelta(text):
            return replace(answer, text=answer.text + text, first_token_s=_first(answer, at_s))
        case ReasoningDelta(text):
            return replace(
                answer,
                reasoning=answer.reasoning + text,
                first_token_s=_first(answer, at_s),
                reasoning_until_s=at_s,
            )
        case Usage():
            return replace(answer, usage=delta)
        case Finish(reason):
            return replace(answer, finish_reason=reason)


def merge(deltas: Iterable[Delta]) -> tuple[Delta, ...]:
    """The same deltas with neighbours of one kind joined: fewer, larger, in the same order."""
    merged: list[Delta] = []
    pieces: list[str] = []
    kind: type[TextDelta | ReasoningDelta] | None = None

    for delta in deltas:
        if isinstance(delta, TextDelta | ReasoningDelta) and type(delta) is kind:
            pieces.append(delta.text)
            continue
        if kind is not None:
            merged.append(kind("".join(pieces)))
            kind = None
        if isinstance(delta, TextDelta | ReasoningDelta):
            kind, pieces = type(delta), [delta.text]
        else:
            merged.append(delta)
    if kind is not None:
        merged.append(kind("".join(pieces)))
    return tuple(merged)


def _first(answer: Answer, at_s: float) -> float:
    return at_s if answer.first_token_s is None else answer.first_token_s
