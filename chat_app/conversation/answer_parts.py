"""An answer as a message: what a model is told later of what it thought, said and called, and of what came of it.

While a turn goes on and in every later one the same parts are sent, so a server finds them in its cache. What only
the visitor was shown (plots, tables, recordings) is no part of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chat_app.conversation.deltas import Answer
from chat_app.conversation.messages import Audio, Image, Part, Reasoning, Text, ToolCall, ToolResult
from chat_app.conversation.tools import Call, Step

NOT_MADE = "This call was not made."


def parts_of(answer: Answer, *, reasoning: bool = False, pictures: bool = True) -> tuple[Part, ...]:
    """What later turns send of `answer`, in order; its text alone where there is no more to it.

    `reasoning` says whether what was thought is wanted, `pictures` whether those that tools gave are.
    """
    called = parts_of_steps(answer.steps, reasoning=reasoning, pictures=pictures)
    return (*called, *_said(answer.reasoning if reasoning else "", answer.text, answer.media))


def parts_of_steps(
    steps: Sequence[Step], *, reasoning: bool = True, pictures: bool = True, so_far: str = ""
) -> tuple[Part, ...]:
    """What a model is told of `steps` when it is asked again; without `so_far`, which was told to it already."""
    parts: list[Part] = []
    for number, step in enumerate(steps):
        text = step.text if number else step.text.removeprefix(so_far)
        parts += _said(step.reasoning if reasoning else "", text, step.media)
        parts += (call.call for call in step.calls)
        parts += (_result(call, pictures=pictures) for call in step.calls)
    return tuple(parts)


def call_ids(parts: Iterable[Part]) -> Iterator[str]:
    """The ids of the calls among `parts`."""
    return (part.call_id for part in parts if isinstance(part, ToolCall))


def _said(reasoning: str, text: str, media: Iterable[Image | Audio]) -> Iterator[Part]:
    if reasoning:
        yield Reasoning(reasoning)
    if text:
        yield Text(text)
    yield from (part for part in media if isinstance(part, Image))


def _result(call: Call, *, pictures: bool) -> ToolResult:
    output = call.output
    if output is None:
        return ToolResult(call.call.call_id, NOT_MADE)
    images = tuple(part for part in output.media if isinstance(part, Image))
    if images and not pictures:
        unseen = "[The visitor sees the pictures that this call gave; you cannot.]"
        return ToolResult(call.call.call_id, f"{output.text}\n\n{unseen}")
    return ToolResult(call.call.call_id, output.text, images)
