"""What the page asks of the rest of the program: the port between `ui/` and everything behind it.

`chat_app/service.py` fills it with the catalog of endpoints, the turn and the feedback store.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chat_app.conversation.deltas import Answer
from chat_app.conversation.messages import Message, Part
from chat_app.conversation.tools import Decision


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation that waits for an answer, and with what it is to be answered."""

    conversation: tuple[Message, ...]
    """What was said, without the system prompt; the last message is the visitor's."""
    preset: str
    """A preset's name; empty for the default."""
    model: str
    """A model's name; empty for the preset's."""
    session: str
    """Who waits: Gradio's session hash, by which `stop` finds the turn."""
    turn: str = ""
    """The page's own name for the turn, by which `stop` tells it from others of the session."""
    conversation_token: str = ""
    """What `Reply.conversation_token` was at an earlier question of this conversation."""
    begun: Begun | None = None
    """The answer to go on with, instead of giving a new one."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What the visitor has set of `chat.parameters`, by name, as it was posted."""
    pull: bool = False
    """Whether to get the model first; only where `Reply.pullable` offered it."""


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that the token limit cut, as the page posts it; to be trusted only as far as its token goes."""

    text: str
    token: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer so far; the last one of a turn is `answer.done` and has the token that a verdict sends back."""

    answer: Answer
    answer_id: str
    token: str = ""
    conversation_token: str = ""
    """Tells at the next question which conversation this is."""
    pullable: str = ""
    """The model that is missing and could be pulled."""
    usage: str = ""
    """What the answer took, as a line; empty unless that is to be shown."""
    parts: tuple[Part, ...] = ()
    """What later turns send of a finished answer, where that is more than its text."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model to pick."""

    name: str
    takes: str = ""
    """What it takes besides text, in words: `pictures, audio`; empty when it takes nothing else or nobody knows."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a visitor thinks of one answer, as the page sends it; nothing in it is to be trusted but a valid token."""

    token: str
    rating: str
    """One of `chat.flagging_options`, or empty when the verdict is taken back."""
    conversation: tuple[Message, ...]
    """What was said before the answer, without the system prompt."""
    answer: str
    user: str
    parts: tuple[Part, ...] = ()
    """What later turns send of the answer, where that is more than its text."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One line about the servers for the top of the page; plain text."""

    sentence: str
    hint: str


@dataclass(frozen=True, slots=True)
class Status:
    """What the page says about the servers right now."""

    demo: bool
    """Whether the demo answers because nothing else does; the notice says so."""
    notices: tuple[Notice, ...]
    settled: bool
    """Whether every endpoint is up: nothing will change soon, so the page need not ask again."""


class Service(Protocol):
    """Everything the page can ask for. `ask` never raises a `ChatAppError`: what goes wrong is part of the answer."""

    def status(self) -> Status:
        """What is known of the servers now. Asks nobody, so it never waits."""
        ...

    def models(self, preset: str) -> tuple[ModelChoice, ...]:
        """The models that can be picked with a preset, the one it takes by itself first."""
        ...

    def ask(self, question: Question) -> AsyncGenerator[Reply, None]:
        """The reply as it grows, at least once a second."""
        ...

    def stop(self, session: str, turn: str) -> int:
        """End that running turn of the session with what has arrived. How many there were."""
        ...

    def decide(self, session: str, call: str, decision: Decision) -> bool:
        """Allow or deny the call of that name, which waits for it in the session. Whether there was one."""
        ...

    async def rate(self, verdict: Verdict) -> None:
        """Record a verdict. Raises `FeedbackError`."""
        ...
