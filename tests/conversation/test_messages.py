from __future__ import annotations

import dataclasses

import pytest

from chat_app.conversation.messages import Message, Text, assistant, system, user


def test_a_message_made_of_text_says_exactly_that_text() -> None:
    """Nothing is stripped or dedented, since tabs and blank lines mean something in code."""
    text = "\n\n\tdef f():\r\n\t    pass  \n"
    assert [message.text for message in (system(text), user(text), assistant(text))] == [text] * 3


def test_each_constructor_names_its_role() -> None:
    """So that a dialogue in a test reads like one."""
    assert [m.role for m in (system("a"), user("b"), assistant("c"))] == ["system", "user", "assistant"]


def test_the_text_of_a_message_is_its_parts_joined_as_they_stand() -> None:
    """No separator is invented between parts."""
    assert Message("user", (Text("one "), Text(""), Text("two"))).text == "one two"


def test_a_message_without_parts_says_nothing() -> None:
    """It is allowed: a turn that failed leaves one behind."""
    assert Message("assistant", ()).text == ""


def test_a_message_cannot_be_changed() -> None:
    """Messages are values: whoever holds one can rely on it, and equal ones are equal."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        user("a").role = "system"  # type: ignore[misc]
    assert user("a") == user("a") != assistant("a")
