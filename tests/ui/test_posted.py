"""Only text and messages of text may be posted."""

from typing import Any

import pytest

from chat_app.conversation.messages import File, Image, Part, ToolResult
from chat_app.conversation.part_json import json_of
from chat_app.ui.posted import MOST_VALUES, is_plain

PICTURE = Image("image/png", "aGk=")

MESSAGE = {
    "role": "assistant",
    "metadata": {"title": None, "id": "1", "log": "token", "duration": 0.4, "status": "done", "parent_id": None},
    "options": [{"label": "Try again", "value": "Try again"}],
    "content": [{"type": "text", "text": "Hi"}],
}
TURN = {"turn": "1", "messages": [MESSAGE], "wish": "Continue", "conversation": "token"}


@pytest.mark.parametrize("value", [["Hi", None], [[MESSAGE, MESSAGE], "Assistant", None], [TURN, "", 1, 1.5, True]])
def test_what_the_page_posts_is_let_through(value: Any) -> None:
    """Text, choices, a conversation as Gradio's chatbot holds it, and a turn."""
    assert is_plain(value)


@pytest.mark.parametrize(
    "part", [PICTURE, ToolResult("1", "x", (PICTURE,)), File("a", "text/csv", "x", "cut")], ids=str
)
def test_parts_of_messages_are_let_through(part: Part) -> None:
    """In a turn, and in the messages that a verdict is about."""
    assert is_plain([{"turn": "1", "messages": [{"role": "user", "content": [json_of(part)]}]}])
    assert is_plain([{"on_page": [{"role": "user", "shown": [MESSAGE], "parts": [json_of(part)]}]}])


def test_parameters_are_let_through_by_the_names_that_are_known() -> None:
    """A value under another name is not read."""
    assert is_plain([{**TURN, "parameters": {"seed": 3}}], {"seed"})
    assert not is_plain([{**TURN, "parameters": {"path": "/etc/passwd"}}], {"seed"})


@pytest.mark.parametrize(
    "value",
    [
        [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}],
        [[{"role": "user", "content": [{"type": "file", "file": {"path": "http://127.0.0.1/"}}]}]],
        [[{"role": "user", "content": [{"type": "component", "component": "image", "value": {}, "props": {}}]}]],
        [{"url": "http://127.0.0.1/"}],
        [[[[[[[[["deep"]]]]]]]]],
        [b"bytes"],
    ],
)
def test_files_components_and_anything_unknown_are_refused(value: Any) -> None:
    """Gradio would fetch, copy or build them."""
    assert not is_plain(value)


def test_millions_of_values_are_not_read() -> None:
    """They would keep the process busy for seconds, for everybody."""
    assert is_plain([0] * 100_000)
    assert not is_plain([0] * (MOST_VALUES + 1))
    assert not is_plain([[{"role": "user", "content": []}] * 1000] * 1000)
