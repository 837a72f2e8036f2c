"""Answers over several rounds of tool calls: how what came before and what comes now make one answer.

Token counts: of a turn with several rounds the prompt's tokens are those of its last request, which holds all that
came before it; those of the rounds are not added, because each would count the conversation again. What the model
wrote is added up: every round wrote something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chat_app.conversation.deltas import Answer, Remark, Usage
from chat_app.conversation.messages import ToolCall
from chat_app.conversation.tools import Call, Step


def step_of(answer: Answer, calls: Sequence[ToolCall]) -> Step:
    """What `answer` holds of its last round, as a step that ends in `calls`; none of them is made yet."""
    began, ended = answer.reasoning_from_s, answer.reasoning_until_s
    return Step(
        text=answer.text,
        reasoning=answer.reasoning,
        reasoning_s=ended - began if began is not None and ended is not None else None,
        media=answer.media,
        calls=tuple(Call(call) for call in calls),
    )


def asked_again(answer: Answer, step: Step) -> Answer:
    """`answer` with `step` as the last of its steps, and nothing behind it yet."""
    return replace(
        answer,
        waiting=None,
        steps=(*answer.steps, step),
        text="",
        continued=0,
        reasoning="",
        reasoning_from_s=None,
        reasoning_until_s=None,
        tool_calls={},
        media=(),
        finish_reason="",
    )


def after(before: Answer, now: Answer) -> Answer:
    """`now`, which is of one round alone, with what came `before` it in the turn."""
    if not before.steps:
        return replace(now, remarks=(*before.remarks, *now.remarks))
    return replace(
        now,
        steps=before.steps,
        passed_over=(*before.passed_over, *now.passed_over),
        remarks=_remarks(before.remarks, now.remarks),
        endpoint=now.endpoint or before.endpoint,
        model=now.model or before.model,
        attempts=before.attempts + now.attempts,
        usage=_usage(before.usage, now.usage),
        read_tokens=_read(before, now.usage),
        first_token_s=now.first_token_s if before.first_token_s is None else before.first_token_s,
    )


def _remarks(before: Sequence[Remark], now: Sequence[Remark]) -> tuple[Remark, ...]:
    """All remarks, of each kind only what the last round says: that so much was not sent is said once."""
    kinds = {type(remark) for remark in now}
    return (*(remark for remark in before if type(remark) not in kinds), *now)


def _read(before: Answer, now: Usage) -> int | None:
    read = before.usage.prompt_tokens if len(before.steps) == 1 else before.read_tokens
    return None if read is None or now.prompt_tokens is None else read + now.prompt_tokens


def _usage(before: Usage, now: Usage) -> Usage:
    written = [count for count in (before.completion_tokens, now.completion_tokens) if count is not None]
    read = before.prompt_tokens if now.prompt_tokens is None else now.prompt_tokens
    return Usage(read, sum(written) if written else None)
