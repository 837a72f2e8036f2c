"""Names for the protocol, and results of a size that a model can be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.messages import File
from chat_app.conversation.tools import Table, ToolOutput
from chat_app.tools.offers import Offer, by_name, cut, protocol_name


def offer(listed: str) -> Offer:
    """An offer of that tool."""

    async def run(_arguments: Mapping[str, Any]) -> ToolOutput:
        return ToolOutput(listed)

    return Offer(listed, protocol_name(listed), "", {}, "always", run)


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("files.read_file", "files__read_file"),
        ("show_plot", "show_plot"),
        ("files.a/b.c d", "files__a_b_c_d"),
        ("files.größe", "files__gr__e"),
    ],
)
def test_a_name_says_where_the_tool_is_from(listed: str, name: str) -> None:
    """In letters that the protocol takes."""
    assert protocol_name(listed) == name


@given(st.lists(st.text(min_size=1, max_size=90), max_size=8, unique=True))
def test_every_name_can_be_sent_and_is_unique(tools: list[str]) -> None:
    """Whatever a server calls its tools."""
    named = by_name(offer(f"files.{tool}") for tool in tools)
    assert len(named) == len(tools)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) and one.name == name for name, one in named.items())


def test_a_long_result_is_cut_and_says_so() -> None:
    """In bytes, since a token of another script is fewer letters; not within a letter."""
    output = cut(ToolOutput("é" * 1000, (File("a.txt", "text/plain", "x" * 1000),), failed=True), 100)
    head, _, note = output.text.partition("\n\n")
    assert head == "é" * 200
    assert note == (
        "[The result was cut here: it has 2000 bytes, and the last 1600 of them are left out."
        " Ask for a smaller part to see the rest.]"
    )
    assert output.media == (File("a.txt", "text/plain", "x" * 400, "The last 600 bytes are left out."),)
    assert output.failed


def test_a_short_result_stays_as_it_is() -> None:
    """The same value."""
    output = ToolOutput("short", (File("a", "text/plain", "b"),))
    assert cut(output, 100) == output


def test_half_an_emoji_is_replaced_wherever_it_stands() -> None:
    """In what the model is told, in files, in what is shown, and in what a server says of a tool."""
    half, whole = "a\ud83d", "a�"
    output = cut(ToolOutput(half, (File(half, "text/plain", half),), (Table((half,), ((half, "😀"),)),)), 100)
    assert output == ToolOutput(whole, (File(whole, "text/plain", whole),), (Table((whole,), ((whole, "😀"),)),))
    tool = replace(offer("a"), description=half, parameters={"properties": {half: {"enum": [half, 1]}}}).tool
    assert (tool.description, tool.parameters) == (whole, {"properties": {whole: {"enum": [whole, 1]}}})
