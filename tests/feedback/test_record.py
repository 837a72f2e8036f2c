import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from chat_app import __version__
from chat_app.conversation.messages import Message, assistant, user
from chat_app.conversation.turn import TurnSummary
from chat_app.errors import FeedbackError, TokenRefused
from chat_app.feedback.record import COLUMNS, FeedbackRecord, Verdict, record_of
from chat_app.feedback.signature import SignedAnswer, Signer, text_hash


@pytest.fixture
def signed(summary: TurnSummary, conversation: tuple[Message, ...]) -> SignedAnswer:
    """What the token of the answer `Blue.` says."""
    return Signer("k").read(Signer("k").sign(summary, messages=conversation, answer="Blue."))


def test_the_columns_are_those_of_the_contract() -> None:
    """Readers depend on their names and order; new ones go to the end."""
    assert ", ".join(COLUMNS) == (
        "feedback_id, recorded_at, answer_id, conversation_id, turn, rating, reasons, comment, correction, "
        "question, answer, messages, preset, endpoint, model, parameters, system_prompt_sha256, finish_reason, "
        "prompt_tokens, completion_tokens, first_token_s, total_s, attempts, user, app_version, "
        "messages_dropped, tool_calls"
    )


def test_a_record_holds_what_was_said_and_who_answered(
    signed: SignedAnswer, verdict: Verdict, conversation: tuple[Message, ...]
) -> None:
    """Enough to run the question again."""
    record = record_of(signed, verdict, messages=conversation, answer="Blue.", options=["Like"])

    assert (record.rating, record.user, record.feedback_id) == ("Like", "ada", "feedback-1")
    assert (record.question, record.answer) == ("Why is the sky blue?", "Blue.")
    assert (record.preset, record.endpoint, record.model, record.turn) == ("Assistant", "ollama", "llama3.2", 2)
    assert json.loads(record.parameters) == {"temperature": 0.7, "stop": ["\n\n"]}
    assert record.system_prompt_sha256 == text_hash("Be kind.")
    assert record.app_version == __version__


def test_messages_are_json_without_the_system_prompt(
    signed: SignedAnswer, verdict: Verdict, conversation: tuple[Message, ...]
) -> None:
    """Roles and contents as they were sent; the prompt is the preset's, its hash tells which."""
    record = record_of(signed, verdict, messages=conversation[1:], answer="Blue.", options=["Like"])

    assert json.loads(record.messages) == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Why is the sky blue?"},
    ]


def test_messages_stay_readable_in_any_language(summary: TurnSummary, verdict: Verdict) -> None:
    """Whoever opens the file sees the words, not escapes."""
    signed = Signer("k").read(Signer("k").sign(summary, messages=[user("Grüße 你好")], answer=""))

    record = record_of(signed, verdict, messages=[user("Grüße 你好")], answer="", options=["Like"])

    assert "Grüße 你好" in record.messages


def test_times_are_utc_with_z(signed: SignedAnswer, verdict: Verdict, conversation: tuple[Message, ...]) -> None:
    """Wherever the server stands."""
    moment = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))

    record = record_of(
        signed, replace(verdict, recorded_at=moment), messages=conversation, answer="Blue.", options=["Like"]
    )

    assert record.recorded_at == "2025-12-31T23:00:00.000Z"


def test_a_verdict_can_be_taken_back(signed: SignedAnswer, verdict: Verdict, conversation: tuple[Message, ...]) -> None:
    """Its row has an empty rating."""
    record = record_of(signed, replace(verdict, rating=""), messages=conversation, answer="Blue.", options=["Like"])

    assert record.rating == ""


def test_comments_reasons_and_corrections_are_kept(
    signed: SignedAnswer, verdict: Verdict, conversation: tuple[Message, ...]
) -> None:
    """Exactly as they were given."""
    full = replace(verdict, reasons="Wrong", comment="  =1+1\n", correction="Blue, mostly.")

    record = record_of(signed, full, messages=conversation, answer="Blue.", options=["Like"])

    assert (record.reasons, record.comment, record.correction) == ("Wrong", "  =1+1\n", "Blue, mostly.")


@pytest.mark.parametrize("rating", ["like", "Love", " "])
def test_a_rating_that_cannot_be_given_is_refused(
    signed: SignedAnswer, verdict: Verdict, conversation: tuple[Message, ...], rating: str
) -> None:
    """Only the configured options are data."""
    with pytest.raises(FeedbackError, match="flagging_options"):
        record_of(signed, replace(verdict, rating=rating), messages=conversation, answer="Blue.", options=["Like"])


@pytest.mark.parametrize(
    ("messages", "answer"),
    [
        ([user("Hi"), assistant("Hello!"), user("Why is the sky blue?")], "Green."),
        ([user("Hi"), assistant("Hullo!"), user("Why is the sky blue?")], "Blue."),
        ([user("Why is the sky blue?")], "Blue."),
        ([user("Hi"), user("Hello!"), user("Why is the sky blue?")], "Blue."),
        ([], "Blue."),
    ],
)
def test_a_token_does_not_vouch_for_other_words(
    signed: SignedAnswer, verdict: Verdict, messages: list[Message], answer: str
) -> None:
    """A real token beside an invented conversation is refused."""
    with pytest.raises(TokenRefused, match="not the one"):
        record_of(signed, verdict, messages=messages, answer=answer, options=["Like"])


def test_a_record_is_a_value(record: Callable[..., FeedbackRecord]) -> None:
    """Two of the same verdict are equal."""
    assert record() == record()
    assert record(rating="Dislike") != record()
