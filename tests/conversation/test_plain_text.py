"""Text that can be sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.plain_text import in_plain_text, plain_text


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_can_be_sent_and_what_can_be_stays(text: str) -> None:
    """Halves that stand together are the letter that they make."""
    plain_text(text).encode()
    assert plain_text(plain_text(text)) == plain_text(text)


@given(st.text())
def test_text_that_has_utf_8_stays_as_it_is(text: str) -> None:
    """Every letter of it."""
    assert plain_text(text) == text


def test_values_keep_their_shape() -> None:
    """What is no text stays the same."""
    value = {"a": [1, None, ("b", 2.5)], "c": {"d": True}, "e": str}
    assert in_plain_text(value) == value
    assert in_plain_text("\ud83d\ude00") == "😀"
