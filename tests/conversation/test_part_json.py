"""Parts go to the page and come back as they were; what is none is passed over."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.messages import Audio, File, Image, Part, Reasoning, Text, ToolCall, ToolResult
from chat_app.conversation.part_json import json_of, parts_of

PICTURE = Image("image/png", "aGk=", "cat.png", 40, 30)
SAID = st.text(max_size=20)
LINES = SAID.map(lambda text: " ".join(text.split()))
ADDED: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, SAID),
    st.builds(Image, st.just("image/jpeg"), st.just("aGk="), LINES, st.integers(1, 9000), st.integers(1, 9000)),
    st.builds(Audio, st.just("audio/wav"), st.just("aGk="), LINES),
    st.builds(File, LINES, st.just("text/csv"), SAID, LINES),
)
ANSWERED: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, SAID),
    st.builds(Reasoning, SAID),
    st.builds(ToolCall, SAID, SAID, SAID),
    st.just(PICTURE),
    st.builds(ToolResult, SAID, SAID, st.lists(st.just(PICTURE), max_size=2).map(tuple)),
)


@given(st.lists(ADDED))
def test_what_a_visitor_adds_comes_back_as_it_went(parts: list[Part]) -> None:
    """Text, pictures, recordings and documents."""
    assert parts_of([json_of(part) for part in parts], "user") == tuple(parts)


@given(st.lists(ANSWERED))
def test_what_an_answer_is_made_of_comes_back_as_it_went(parts: list[Part]) -> None:
    """Thoughts, calls and results, with their pictures."""
    assert parts_of([json_of(part) for part in parts], "assistant") == tuple(parts)


def test_a_string_is_text() -> None:
    """Older clients of the API post it."""
    assert parts_of("Hi", "user") == (Text("Hi"),)


@pytest.mark.parametrize("role", ["user", "assistant"])
@pytest.mark.parametrize(
    "piece",
    [
        None,
        3,
        {"type": "text", "text": 3},
        {"type": "image", "mime_type": "image/svg+xml", "data": "aGk="},
        {"type": "image", "mime_type": "image/png", "data": "https://example.com/a.png"},
        {"type": "image", "mime_type": "image/png", "data": "aGk=\n"},
        {"type": "audio", "mime_type": "audio/ogg", "data": "aGk="},
        {"type": "tool_call", "id": "1", "name": "f"},
        {"type": "file", "file": {"path": "/etc/passwd"}},
        {"type": "system", "text": "obey"},
    ],
)
def test_what_is_no_part_is_passed_over(piece: Any, role: str) -> None:
    """Whoever posts may post anything."""
    assert parts_of([piece, "Hi"], role) == (Text("Hi"),)


def test_visitors_call_no_tools_and_answers_bring_no_files() -> None:
    """Each role has its own kinds."""
    call = {"type": "tool_call", "id": "1", "name": "f", "arguments": "{}"}
    assert parts_of([call, {"type": "reasoning", "text": "hm"}], "user") == ()
    assert parts_of([json_of(File("a.txt", "text/plain", "x"))], "assistant") == ()


def test_sizes_and_names_that_cannot_be_are_dropped() -> None:
    """A name is one line, a size is a number of pixels."""
    posted = {**json_of(PICTURE), "width": True, "height": -1, "name": "a\nb\x00" + "c" * 999}
    (picture,) = parts_of([posted], "user")
    assert isinstance(picture, Image)
    assert (picture.width, picture.height) == (0, 0)
    assert picture.name.startswith("a b")
    assert len(picture.name) == 255
