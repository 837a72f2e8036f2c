"""An answer becomes Gradio's messages, and the API's value."""

from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.deltas import Answer
from chat_app.errors import ConnectionRefused, EmptyAnswer, Stopped
from chat_app.ui.history import messages_of as read
from chat_app.ui.render import TRY_AGAIN, api_value, hint_of, messages_of, notice, plain, user_message
from chat_app.ui.service import Reply

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
    thinking = Answer(reasoning="hm", reasoning_until_s=0.4)
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
    assert "The server said: &#60;b&#62;no&#60;/b&#62; &#42;way&#42;" in text


def test_the_servers_own_words_are_not_said_twice() -> None:
    """A sentence often holds them already."""
    problem = ConnectionRefused("It said no.", hint="Wait.", endpoint="ollama", detail="no")
    assert notice(problem)["content"][0]["text"] == "Wait&#46;"


def test_code_in_a_hint_stays_code() -> None:
    """Commands and settings are easy to see and to copy."""
    assert hint_of(REFUSED) == "Start it with `ollama serve`&#46;"
    assert hint_of(EmptyAnswer("x", hint="an odd ` one")) == "an odd &#96; one"


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
