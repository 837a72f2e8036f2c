from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chat_app.conversation.messages import Message, assistant, system, user
from chat_app.conversation.turn import TurnSummary
from chat_app.feedback.record import FeedbackRecord, Verdict, record_of
from chat_app.feedback.signature import Signer

CONVERSATION = (system("Be kind."), user("Hi"), assistant("Hello!"), user("Why is the sky blue?"))
ANSWER = "Because of\n\tRayleigh scattering."
OPTIONS = ("Like", "Dislike")


@pytest.fixture
def conversation() -> tuple[Message, ...]:
    """What was sent upstream, the question last."""
    return CONVERSATION


@pytest.fixture
def summary() -> TurnSummary:
    """What is known of the answer."""
    return TurnSummary(
        answer_id="answer-1",
        conversation_id="conversation-1",
        turn=2,
        preset="Assistant",
        endpoint="ollama",
        model="llama3.2",
        parameters={"temperature": 0.7, "stop": ["\n\n"]},
        finish_reason="stop",
        outcome="complete",
        prompt_tokens=31,
        completion_tokens=7,
        first_token_s=0.123456,
        total_s=1.98765,
        attempts=1,
    )


@pytest.fixture
def verdict() -> Verdict:
    """A thumb up."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    return Verdict(feedback_id="feedback-1", recorded_at=moment, rating="Like", user="ada")


@pytest.fixture
def record(summary: TurnSummary, verdict: Verdict) -> Callable[..., FeedbackRecord]:
    """A record with the given columns changed."""
    signer = Signer("secret")
    signed = signer.read(signer.sign(summary, messages=CONVERSATION, answer=ANSWER))
    plain = record_of(signed, verdict, messages=CONVERSATION, answer=ANSWER, options=OPTIONS)

    def changed(**columns: Any) -> FeedbackRecord:
        return replace(plain, **columns)

    return changed
