"""An answer becomes Gradio's messages, and the API's value."""

from dataclasses import replace
from functools import partial
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.config_sources.words_file import texts_of
from chat_app.conversation.deltas import (
    Answer,
    Asked,
    Dropped,
    Loading,
    PassedOver,
    Postponed,
    Pulling,
    Queued,
    Truncated,
    Waiting,
)
from chat_app.conversation.messages import ToolCall
from chat_app.errors import ConnectionRefused, LengthLimit, ModelMissing, Stopped, ToolCallWanted
from chat_app.ui import render
from chat_app.ui.history import messages_of as read
from chat_app.ui.markdown import hint_of, plain
from chat_app.ui.render import CONTINUE, PULL, TRY_AGAIN, user_message
from chat_app.ui.service import Reply
from chat_app.ui.words import Words

WORDS = Words(texts_of("en"))
messages_of = partial(render.messages_of, words=WORDS)
api_value = partial(render.api_value, words=WORDS)
notice = partial(render.notice, words=WORDS)

REFUSED = ConnectionRefused(
    "ollama refused the connection.", hint="Start it with `ollama serve`.", endpoint="ollama", detail="<b>no</b> *way*"
)


def titles(messages: list[dict[str, Any]]) -> list[str | None]:
    """The titles of messages; None for one that has none."""
    return [(message["metadata"] or {}).get("title") for message in messages]


@given(st.text(min_size=1))
def test_what_is_shown_is_read_back_unaltered(text: str) -> None:
    """Question and answer survive the way to the page and back, whatever they hold."""
    shown = [user_message(text), *messages_of(Reply(Answer(text=text), "id"))]
    assert [message.text for message in read(shown)] == [text, text]


def test_a_growing_answer_has_no_token_and_a_finished_one_has() -> None:
    """Only what is finished is signed."""
    growing, finished = Reply(Answer(text="Hel"), "id"), Reply(Answer(text="Hello", total_s=1.0), "id", "token")
    assert messages_of(growing)[0]["metadata"] is None
    assert messages_of(finished)[0]["metadata"] == {"id": "id", "log": "token"}


def test_a_thought_is_open_while_it_grows_and_closed_when_the_answer_begins() -> None:
    """Reasoning stands apart from the answer, with how long it took."""
    thinking = Answer(reasoning="hm", reasoning_from_s=0.3, reasoning_until_s=0.7)
    assert messages_of(Reply(thinking, "id"))[0]["metadata"] == {"title": "Thinking…", "status": "pending"}
    thought, answer = messages_of(Reply(replace(thinking, text="42"), "id"))
    assert thought["metadata"] == {"title": "Thought", "status": "done", "duration": 0.4}
    assert answer["content"] == [{"type": "text", "text": "42"}]


def test_a_notice_stands_below_what_had_arrived_and_offers_to_try_again() -> None:
    """Nothing that was received is taken away by an error."""
    messages = messages_of(Reply(Answer(text="Half", problem=REFUSED, total_s=1.0), "id", "token"))
    assert titles(messages) == [None, "⚠ ollama refused the connection&#46;"]
    assert messages[-1]["options"] == [{"label": TRY_AGAIN, "value": TRY_AGAIN}]


def test_the_servers_own_words_are_text_and_never_markup() -> None:
    """Neither HTML nor Markdown from an error is rendered."""
    text = notice(REFUSED)["content"][0]["text"]
    assert "<b>" not in text
    assert "The server said&#58; &#60;b&#62;no&#60;/b&#62; &#42;way&#42;" in text


def test_the_servers_own_words_are_not_said_twice() -> None:
    """A sentence often holds them already."""
    problem = ConnectionRefused("It said no.", hint="Wait.", endpoint="ollama", detail="no")
    assert notice(problem)["content"][0]["text"] == "Wait&#46;"


def test_code_in_a_hint_stays_code() -> None:
    """Commands and settings are easy to see and to copy."""
    assert hint_of(REFUSED.hint) == "Start it with `ollama serve`&#46;"
    assert hint_of("an odd ` one") == "an odd &#96; one"


@pytest.mark.parametrize(
    "text",
    [
        "![x](https://example.invalid/p.png)",
        "<img src=x>",
        "$x$",
        r"\(x\)",
        "www.example.com",
        "a@b.example",
        "[a](b)",
        "# h",
        "`c`",
        "&amp;",
    ],
)
def test_plain_text_has_no_markup_left(text: str) -> None:
    """Every sign that can begin markup is a character reference, which is what it says when it is shown."""
    assert not set(plain(text)) & set("!`[]$<>()*_\\")
    assert unescape(plain(text)) == text


def test_a_stopped_answer_is_said_without_alarm() -> None:
    """The visitor did it."""
    assert titles([notice(Stopped("You stopped this answer.", hint="Kept."))]) == ["You stopped this answer&#46;"]


def test_the_api_returns_a_string_for_an_answer_that_is_only_text() -> None:
    """Also while it grows, and when it is finished and signed."""
    assert api_value(Reply(Answer(text="Hello", total_s=1.0), "id", "token")) == "Hello"
    assert api_value(Reply(Answer(), "id")) == ""


def test_the_api_returns_messages_when_there_are_thoughts_or_notices() -> None:
    """Thoughts and notices are told by their title; tokens and buttons are the page's business."""
    answer = Answer(reasoning="hm", text="Half", problem=REFUSED, total_s=1.0)
    value = api_value(Reply(answer, "id", "token"))
    assert isinstance(value, list)
    assert value == [
        {"role": "assistant", "content": "hm", "metadata": {"title": "Thought"}},
        {"role": "assistant", "content": "Half"},
        {"role": "assistant", "content": REFUSED.hint, "metadata": {"title": "ollama refused the connection."}},
    ]


@pytest.mark.parametrize(
    ("waiting", "elapsed_s", "said"),
    [
        (None, 0.0, "Waiting for the answer…"),
        (Asked("main"), 3.9, "Waiting for the answer…"),
        (Asked("main"), 14.3, "No answer yet from main, 12 s"),
        (Loading("main"), 14.3, "main is loading the model, 12 s"),
        (Queued("main", 1), 5.0, "main is busy: you are next, 3 s"),
        (Queued("main", 4), 5.0, "main is busy: 3 before you, 3 s"),
        (
            Postponed("main", "main gets too many requests.", 5.0),
            4.5,
            "main gets too many requests. Asking again in 3 s",
        ),
        (Postponed("main", "main failed.", 0.2), 9.0, "main failed. Asking again in 1 s"),
        (Pulling("main", "llama3.2", "pulling manifest"), 1.0, "main gets llama3.2: pulling manifest"),
        (
            Pulling("main", "llama3.2", "pulling 6a07", 1_200_000_000, 2_000_000_000),
            1.0,
            "main gets llama3.2: pulling 6a07, 1.2 / 2.0 GB",
        ),
    ],
)
def test_what_is_waited_for_is_said_and_how_long_already(waiting: Waiting | None, elapsed_s: float, said: str) -> None:
    """A cold model, a full line and a server that asks for patience do not look like a dead page."""
    answer = Answer(waiting=waiting, waiting_since_s=2.0, elapsed_s=elapsed_s)
    (message,) = messages_of(Reply(answer, "id"))
    assert unescape(message["metadata"]["title"]) == said
    assert message["metadata"]["status"] == "pending"


def test_while_the_next_endpoint_is_asked_the_page_says_what_the_last_one_did() -> None:
    """Failover is not silent."""
    answer = Answer(waiting=Asked("spare"), passed_over=(PassedOver("main", "main refused the connection."),))
    (message,) = messages_of(Reply(answer, "id"))
    assert unescape(message["content"][0]["text"]) == "main refused the connection. Asking the next."


def test_an_answer_says_who_gave_it_and_why_when_it_was_not_the_first() -> None:
    """Before the answer, and never sent to a model."""
    answer = Answer(
        endpoint="spare", text="Hello", passed_over=(PassedOver("main", "main refused the connection."),), total_s=1.0
    )
    messages = messages_of(Reply(answer, "id", "token"))
    assert [unescape(title or "") for title in titles(messages)] == [
        "Answered by spare: main refused the connection.",
        "",
    ]
    assert [message.text for message in read(messages)] == ["Hello"]
    assert isinstance(api_value(Reply(answer, "id")), list)


@pytest.mark.parametrize(
    ("remark", "said"),
    [
        (Dropped(1), "The first message no longer fits into what llama3.2 reads."),
        (Dropped(6), "The first 6 messages no longer fit into what llama3.2 reads."),
        (
            Truncated(4096, 9000, "Set `OLLAMA_CONTEXT_LENGTH`."),
            "main read only 4,096 of about 9,000 tokens: it cut the conversation.",
        ),
    ],
)
def test_what_the_model_did_not_read_is_said(remark: Dropped | Truncated, said: str) -> None:
    """Nothing is forgotten in silence."""
    answer = Answer(endpoint="main", model="llama3.2", text="Hello", remarks=(remark,), total_s=1.0)
    assert unescape(titles(messages_of(Reply(answer, "id")))[0] or "") == said


def test_an_answer_that_the_limit_cut_can_be_continued() -> None:
    """As long as it is signed, so that nobody can have something of their own continued."""
    cut = Answer(text="Half", problem=LengthLimit("Cut.", hint="Go on."), total_s=1.0)
    assert [each["value"] for each in messages_of(Reply(cut, "id", "token"))[-1]["options"]] == [CONTINUE, TRY_AGAIN]
    assert [each["value"] for each in messages_of(Reply(cut, "id"))[-1]["options"]] == [TRY_AGAIN]


def test_a_model_that_may_be_pulled_is_offered() -> None:
    """Only where the service says so."""
    missing = Answer(problem=ModelMissing("None.", hint="Get it.", endpoint="ollama"), total_s=1.0)
    notices = [messages_of(Reply(missing, "id", pullable=pullable))[-1] for pullable in ("llama3.2", "")]
    assert [[each["value"] for each in notice["options"]] for notice in notices] == [[PULL, TRY_AGAIN], [TRY_AGAIN]]


def test_a_tool_call_is_shown_as_text() -> None:
    """Its name and arguments are the model's, so they are no markup."""
    wanted = Answer(
        tool_calls={0: ToolCall("get_<b>", '{"city": "*Bern*"}', "1")},
        problem=ToolCallWanted("A tool.", hint="None."),
        total_s=1.0,
    )
    text = messages_of(Reply(wanted, "id"))[-1]["content"][0]["text"]
    assert "<b>" not in text
    assert 'get_<b>({"city": "*Bern*"})' in unescape(text)
