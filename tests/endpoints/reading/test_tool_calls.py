from __future__ import annotations

from typing import Any

import pytest

from chat_app.conversation.deltas import Answer, fold
from chat_app.conversation.messages import ToolCall
from chat_app.endpoints.reading.tool_calls import CallPiece, ToolCalls, call_pieces_in


def call(name: str = "", arguments: object = "", **more: Any) -> dict[str, Any]:
    """One entry of `tool_calls`, without what is empty."""
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value != ""}
    return {**more, "function": function}


# who sends it so; the lists of `tool_calls` of its chunks; the calls they mean
SAMPLES: tuple[tuple[str, list[list[dict[str, Any]]], tuple[ToolCall, ...]], ...] = (
    (
        "numbers, interleaved",
        [
            [call("f", index=0, id="a"), call("g", index=1, id="b")],
            [call(arguments="{", index=1)],
            [call(arguments="[", index=0)],
        ],
        (ToolCall("f", "[", "a"), ToolCall("g", "{", "b")),
    ),
    (
        "the name and id on each piece",
        [[call("f", "{", index=0, id="a")], [call("f", "}", index=0, id="a")]],
        (ToolCall("f", "{}", "a"),),
    ),
    (
        "neither number nor id, each call whole",
        [[call("f", {"x": "é"})], [call("f", {})]],
        (ToolCall("f", '{"x": "é"}', ""), ToolCall("f", "{}", "")),
    ),
    (
        "neither number nor id, in pieces with the name",
        [[call("f", '{"x":')], [call("f", "1}")]],
        (ToolCall("f", '{"x":1}', ""),),
    ),
    (
        "empty id behind the first piece",
        [[call("f", "{", id="a")], [call("", "}", id="")]],
        (ToolCall("f", "{}", "a"),),
    ),
    (
        "neither number nor id nor arguments",
        [[call("f")], [call("g")], [call("g")]],
        (ToolCall("f", "", ""), ToolCall("g", "", ""), ToolCall("g", "", "")),
    ),
    (
        "a name in two pieces",
        [[call("get_", index=0, id="a")], [call("time", index=0)], [call("get_time", "{}", index=0)]],
        (ToolCall("get_time", "{}", "a"),),
    ),
    (
        "numbers as text",
        [[call("f", index="0")], [call("g", index="1")], [call(arguments="{", index="0")]],
        (ToolCall("f", "{", ""), ToolCall("g", "", "")),
    ),
    (
        "OpenAI's custom tools",
        [[{"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}]],
        (ToolCall("f", "x", "a"),),
    ),
    ("numbers that begin at 1", [[call("f", "{}", index=1)]], (ToolCall("f", "{}", ""),)),
    ("a number that is none", [[call("f", "{}", index="0", id=7)]], (ToolCall("f", "{}", ""),)),
)


@pytest.mark.parametrize(("chunks", "calls"), [sample[1:] for sample in SAMPLES], ids=[sample[0] for sample in SAMPLES])
def test_the_pieces_of_a_call_come_together(chunks: list[list[dict[str, Any]]], calls: tuple[ToolCall, ...]) -> None:
    """And those of two calls do not, whatever tells them apart."""
    told, answer = ToolCalls(), Answer()
    assert not told
    for entries in chunks:
        for piece in call_pieces_in({"tool_calls": entries}):
            answer = fold(answer, told.delta(piece), 0.0)
    assert told
    assert tuple(answer.tool_calls.values()) == calls
    assert list(answer.tool_calls) == [*range(len(calls))]


@pytest.mark.parametrize(
    "said", [{}, {"tool_calls": None}, {"tool_calls": [None, {}, {"function": 7}, {"index": 0, "function": {}}]}]
)
def test_what_is_no_call_is_passed_over(said: dict[str, Any]) -> None:
    """Empty lists, nulls, and pieces that hold only a signature."""
    assert [*call_pieces_in(said)] == []


def test_one_call_may_stand_without_its_list() -> None:
    """As some proxies send it."""
    assert [*call_pieces_in({"tool_calls": call("f", "{}")})] == [CallPiece(None, "f", "{}")]


def test_the_older_kind_of_call_is_read_too() -> None:
    """One call, without a number."""
    assert [*call_pieces_in({"function_call": {"name": "f", "arguments": "{}"}})] == [CallPiece(0, "f", "{}")]
