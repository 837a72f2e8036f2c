"""A feedback record: one verdict about one answer, with everything needed to train, judge or run it again.

Holds the columns of `feedback.csv` and the one way to fill them. What describes the answer comes from its signed token,
what was said comes from the page and is believed only when its hashes are the token's; nothing else is recorded. Text
stays exactly as it was said, also where a spreadsheet would take it for a formula: the file is data.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from chat_app import __version__
from chat_app.conversation.messages import Message, Part
from chat_app.conversation.written import written
from chat_app.errors import FeedbackError, TokenRefused
from chat_app.feedback.files import place_of
from chat_app.feedback.signature import SignedAnswer, messages_hash, text_hash, tool_calls_hash, tool_calls_in

TAKEN_BACK = ""
"""The rating of a verdict that was taken back."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a visitor thinks of an answer, who it is, and when it was said."""

    feedback_id: str
    recorded_at: datetime
    """With its time zone."""
    rating: str
    """The name of the option, or `TAKEN_BACK`."""
    user: str
    """Empty when visitors have no names."""
    reasons: str = ""
    comment: str = ""
    correction: str = ""


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """One row of the file. The fields are its columns, in their order; new ones are only ever added at the end."""

    feedback_id: str
    recorded_at: str
    """UTC, ISO 8601, with `Z`."""
    answer_id: str
    conversation_id: str
    turn: int
    rating: str
    reasons: str
    comment: str
    correction: str
    question: str
    """The text of the last message before the answer."""
    answer: str
    messages: str
    """JSON: `[{"role": …, "content": …}]` as it was sent, without the system prompt; the question is its last. Where a
    message had pictures or recordings, they are files of the folder (`files/<sha256>.png`)."""
    preset: str
    endpoint: str
    model: str
    parameters: str
    """JSON."""
    system_prompt_sha256: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_s: float | None
    total_s: float
    attempts: int
    user: str
    app_version: str
    messages_dropped: int
    """How many of the first `messages` the model was not shown, because they no longer fitted."""
    tool_calls: str
    """JSON: `[{"name": …, "arguments": …, "result": …}]`, the tools called for this answer; empty when none was."""


COLUMNS = tuple(field.name for field in fields(FeedbackRecord))


def record_of(
    signed: SignedAnswer,
    verdict: Verdict,
    *,
    messages: Sequence[Message],
    answer: str,
    options: Collection[str],
    parts: Sequence[Part] = (),
) -> FeedbackRecord:
    """The record of `verdict` about the answer that `signed` describes.

    `messages` and `answer` are what the page posted: the conversation as it was sent, with or without the system
    prompt, and the answer's text; `parts` is what later turns send of the answer, where that is more. Raises
    `TokenRefused` when they are not what was signed, and `FeedbackError` when the rating is none of `options`.
    """
    if verdict.rating != TAKEN_BACK and verdict.rating not in options:
        raise FeedbackError(
            "This verdict is not one of those that can be given.",
            hint="Reload the page: `chat.flagging_options` has changed since it was opened.",
        )
    check_ours(signed, messages=messages, answer=answer)
    if tool_calls_hash(parts) != signed.tool_calls_sha256:
        raise _not_ours("The tools are not those that were called for this answer.")
    said = [message for message in messages if message.role != "system"]
    return FeedbackRecord(
        feedback_id=verdict.feedback_id,
        recorded_at=_utc(verdict.recorded_at),
        answer_id=signed.answer_id,
        conversation_id=signed.conversation_id,
        turn=signed.turn,
        rating=verdict.rating,
        reasons=verdict.reasons,
        comment=verdict.comment,
        correction=verdict.correction,
        question=next((message.text for message in reversed(said) if message.role == "user"), ""),
        answer=answer,
        messages=_json(written(said, tools=True, place_of=place_of, joined=False)),
        preset=signed.preset,
        endpoint=signed.endpoint,
        model=signed.model,
        parameters=_json(dict(signed.parameters)),
        system_prompt_sha256=signed.system_prompt_sha256,
        finish_reason=signed.finish_reason,
        prompt_tokens=signed.prompt_tokens,
        completion_tokens=signed.completion_tokens,
        first_token_s=signed.first_token_s,
        total_s=signed.total_s,
        attempts=signed.attempts,
        user=verdict.user,
        app_version=__version__,
        messages_dropped=signed.messages_dropped,
        tool_calls=_json(calls) if (calls := tool_calls_in(parts)) else "",
    )


def check_ours(signed: SignedAnswer, *, messages: Sequence[Message], answer: str) -> None:
    """Raises `TokenRefused` unless `answer` was given to `messages` as `signed` says."""
    if messages_hash(messages) != signed.messages_sha256 or text_hash(answer) != signed.answer_sha256:
        raise _not_ours("The conversation is not the one that this answer was given in.")


def _not_ours(what: str) -> TokenRefused:
    return TokenRefused(what, hint="Ask again: a new answer can be rated, and gone on with.")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
