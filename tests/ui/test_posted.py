"""Only text and messages of text may be posted."""

from typing import Any

import pytest

from chat_app.ui.posted import is_plain

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
