"""Increments of an answer, and the answer they make.

A delta is neutral: no wire format and no page in it. An endpoint yields `Started`, then text, reasoning and tool calls
in the order they arrived, with `Usage`, `Finish` and remarks at any later place. Before `Started` it may tell what is
being waited for, which commits to nothing. `fold` adds one delta to an immutable `Answer`; folding merged deltas gives
the same answer as folding them one by one (a property test keeps that).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from chat_app.conversation.messages import Audio, Image, ToolCall
from chat_app.conversation.tools import Step
from chat_app.errors import ChatAppError


@dataclass(frozen=True, slots=True)
class Asked:
    """Waiting: the endpoint has the request, and no word of an answer has come yet."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class Loading:
    """Waiting: the endpoint is loading the model."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting: the endpoint answers as many others as it may; `position` 1 is the next to be asked."""

    endpoint: str
    position: int


@dataclass(frozen=True, slots=True)
class Postponed:
    """Waiting: the endpoint could not answer, and is asked again in `wait_s` seconds."""

    endpoint: str
    because: str
    """What went wrong, as a sentence."""
    wait_s: float


@dataclass(frozen=True, slots=True)
class Pulling:
    """Waiting: the endpoint gets the model first. `step` is what it says it does."""

    endpoint: str
    model: str
    step: str
    received_bytes: int = 0
    total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An endpoint could not answer after `attempts` requests, so the next one is asked."""

    endpoint: str
    because: str
    """What went wrong, as a sentence."""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """The answer begins: which endpoint gives it, with which model, at which attempt (1 is the first)."""

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
class WasReasoning:
    """All text so far was reasoning: only its end is marked in what some models send."""


@dataclass(frozen=True, slots=True)
class WasText:
    """The last `characters` of the reasoning were none: `text`, as the model wrote it, belongs to the answer."""

    characters: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """More of a call that the model wants to be made. Pieces with one `index` belong together, in order."""

    index: int
    name: str = ""
    arguments: str = ""
    """A piece of JSON, as the model wrote it."""
    call_id: str = ""
    extra: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a recording that is part of the answer, whole."""

    part: Image | Audio


@dataclass(frozen=True, slots=True)
class Dropped:
    """A remark: the conversation was too long for the model, so its first `messages` were not sent."""

    messages: int


@dataclass(frozen=True, slots=True)
class Truncated:
    """A remark: the server read fewer tokens than it was sent, so it cut the conversation without a word."""

    read_tokens: int
    sent_tokens: int
    """An estimate."""
    hint: str
    """What makes this server read more."""


@dataclass(frozen=True, slots=True)
class ToolsNotTaken:
    """A remark: the endpoint takes no tools for this model, so it was asked without them."""

    endpoint: str
    model: str


@dataclass(frozen=True, slots=True)
class ToolsUnreached:
    """A remark: this server of tools could not be reached, so the model was not told of its tools."""

    server: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written, as the server counted them; the last one said counts."""

    prompt_tokens: int | None
    completion_tokens: int | None


@dataclass(frozen=True, slots=True)
class Finish:
    """The server says that the answer is over, and why: `stop`, `length`, `content_filter`, …"""

    reason: str


Waiting: TypeAlias = Asked | Loading | Queued | Postponed | Pulling
Remark: TypeAlias = Dropped | Truncated | ToolsNotTaken | ToolsUnreached
Delta: TypeAlias = (
    Waiting
    | PassedOver
    | Started
    | TextDelta
    | ReasoningDelta
    | WasReasoning
    | WasText
    | ToolCallDelta
    | Media
    | Usage
    | Finish
    | Remark
)


def commits(delta: Delta) -> bool:
    """Whether the answer has begun with `delta`: from then on it is neither asked for again nor given to another."""
    return not isinstance(delta, Waiting | PassedOver)


@dataclass(frozen=True, slots=True)
class Answer:
    """The assistant's answer while it grows and when it is done. Times are seconds since the turn began."""

    waiting: Waiting | None = None
    """What is being waited for; None once the answer has begun."""
    waiting_since_s: float = 0.0
    elapsed_s: float = 0.0
    """How long the turn has taken so far."""
    passed_over: tuple[PassedOver, ...] = ()
    """The endpoints that could not answer."""
    remarks: tuple[Remark, ...] = ()
    steps: tuple[Step, ...] = ()
    """What came before in this turn: each time the model was asked, and called tools instead of ending its answer. The
    fields below are of the last time that it was asked."""

    endpoint: str = ""
    model: str = ""
    attempts: int = 0
    """How many requests it took, over all endpoints."""
    text: str = ""
    continued: int = 0
    """How many characters of the text stood there before this turn, which goes on with them."""
    reasoning: str = ""
    tool_calls: Mapping[int, ToolCall] = field(default_factory=dict)
    """By their index, in the order they began."""
    media: tuple[Image | Audio, ...] = ()
    finish_reason: str = ""
    usage: Usage = Usage(None, None)
    read_tokens: int | None = None
    """The prompt's tokens of all requests of the turn together, where there were several; None where one is missing."""
    first_token_s: float | None = None
    reasoning_from_s: float | None = None
    """When the first piece of reasoning had come."""
    reasoning_until_s: float | None = None
    """When the last piece of reasoning had come."""
    total_s: float | None = None
    """When the turn ended; None while the answer grows."""
    problem: ChatAppError | None = None
    """What went wrong, if the turn did not end with a whole answer. What had arrived stays."""

    @property
    def last_said(self) -> str:
        """Its text, or where the model said nothing behind its last calls, what it said last before them."""
        return next((text for text in (self.text, *(step.text for step in reversed(self.steps))) if text.strip()), "")

    @property
    def done(self) -> bool:
        """Whether the turn is over."""
        return self.total_s is not None


def fold(answer: Answer, delta: Delta, at_s: float) -> Answer:  # noqa: C901, PLR0911 -- one case for each delta
    """`answer` with `delta` added, which arrived `at_s` seconds after the turn began."""
    match delta:
        case Asked() | Loading() | Queued() | Postponed() | Pulling():
            return replace(answer, waiting=delta, waiting_since_s=_since_s(answer, delta, at_s))
        case PassedOver():
            return replace(answer, passed_over=(*answer.passed_over, delta))
        case Started(endpoint, model, attempts):
            before = sum(passed.attempts for passed in answer.passed_over)
            return replace(answer, endpoint=endpoint, model=model, attempts=before + attempts, waiting=None)
        case TextDelta(text):
            return replace(answer, text=answer.text + text, first_token_s=_first(answer, at_s))
        case ReasoningDelta(text):
            return replace(
                answer,
                reasoning=answer.reasoning + text,
                first_token_s=_first(answer, at_s),
                reasoning_from_s=at_s if answer.reasoning_from_s is None else answer.reasoning_from_s,
                reasoning_until_s=at_s,
            )
        case WasReasoning():
            kept, new = answer.text[: answer.continued], answer.text[answer.continued :]
            return replace(answer, reasoning=answer.reasoning + new, text=kept, reasoning_until_s=at_s)
        case WasText(characters, text):
            kept = answer.reasoning[: max(len(answer.reasoning) - characters, 0)]
            return replace(answer, reasoning=kept, text=answer.text + text)
        case ToolCallDelta():
            return replace(answer, tool_calls=_called(answer, delta), first_token_s=_first(answer, at_s))
        case Media(part):
            return replace(answer, media=(*answer.media, part), first_token_s=_first(answer, at_s))
        case Dropped() | Truncated() | ToolsNotTaken() | ToolsUnreached():
            return replace(answer, remarks=(*answer.remarks, delta))
        case Usage():
            return replace(answer, usage=delta)
        case Finish(reason):
            return replace(answer, finish_reason=reason)


def merge(deltas: Iterable[Delta]) -> tuple[Delta, ...]:
    """The same deltas with neighbours of one kind joined: fewer, larger, in the same order."""
    return tuple(joined(deltas))


def joined(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """The same, one by one. What `deltas` raises is raised behind all that came before it."""
    pieces: list[str] = []
    kind: type[TextDelta | ReasoningDelta] | None = None
    try:
        for delta in deltas:
            if isinstance(delta, TextDelta | ReasoningDelta) and type(delta) is kind:
                pieces.append(delta.text)
                continue
            if kind is not None:
                yield kind("".join(pieces))
                kind = None
            if isinstance(delta, TextDelta | ReasoningDelta):
                kind, pieces = type(delta), [delta.text]
            else:
                yield delta
    except (ChatAppError, ValueError):
        if kind is not None:
            yield kind("".join(pieces))
        raise
    if kind is not None:
        yield kind("".join(pieces))


def _since_s(answer: Answer, delta: Waiting, at_s: float) -> float:
    before = answer.waiting
    goes_on = before is not None and type(delta) is type(before) and delta.endpoint == before.endpoint
    return answer.waiting_since_s if goes_on else at_s


def _called(answer: Answer, delta: ToolCallDelta) -> Mapping[int, ToolCall]:
    before = answer.tool_calls.get(delta.index, ToolCall("", "", ""))
    call = ToolCall(
        name=before.name + delta.name,
        arguments=before.arguments + delta.arguments,
        call_id=before.call_id or delta.call_id,
        extra=before.extra or delta.extra,
    )
    return {**answer.tool_calls, delta.index: call}


def _first(answer: Answer, at_s: float) -> float:
    return at_s if answer.first_token_s is None else answer.first_token_s
