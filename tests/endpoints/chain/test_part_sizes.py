"""What files, calls and tools cost, and that estimates and contexts count them."""

from __future__ import annotations

import base64
import struct
from contextlib import aclosing

import pytest

from chat_app.conversation.deltas import Dropped, Finish, Started, TextDelta, Usage
from chat_app.conversation.messages import (
    Audio,
    File,
    Image,
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    assistant,
    user,
)
from chat_app.conversation.tools import Tool
from chat_app.conversation.turn import Request
from chat_app.endpoints.chain.context_window import FitsContext
from chat_app.endpoints.chain.part_sizes import (
    LEAST_FOR_A_PICTURE,
    UNKNOWN_PICTURE,
    tokens_beside_words,
    tokens_of_tools,
    words_of,
)
from chat_app.endpoints.chain.token_estimate import TokenEstimate
from chat_app.errors import ContextTooLong
from tests.doubles import ScriptedEndpoint, says, served

PROSE = "The quick brown fox jumps over the lazy dog. "


def seconds(count: int) -> Audio:
    """A recording so long, 1,000 bytes for each second, as its head says."""
    head = b"RIFF....WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 500, 1000, 2, 16)
    return Audio("audio/wav", base64.b64encode(head + bytes(1000 * count - len(head))).decode())


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        (Image("image/png", "x", width=750, height=1000), 1000),
        (Image("image/png", "x", width=10, height=10), LEAST_FOR_A_PICTURE),
        (Image("image/png", "x"), UNKNOWN_PICTURE),
        (seconds(60), 32 * 60),
        (Audio("audio/mpeg", "A" * 64_000), 32 * 3),
        (File("a.txt", "text/plain", "A" * 999), 0),
    ],
)
def test_pictures_and_recordings_have_a_price(part: Image | Audio | File, tokens: float) -> None:
    """By their size and length, where that is known."""
    assert round(tokens_beside_words(user("Hi", part))) == tokens


def test_a_recording_that_cannot_be_read_has_a_price_too() -> None:
    """Whatever somebody posts."""
    assert tokens_beside_words(user("", Audio("audio/wav", "é"))) > 0
    assert tokens_beside_words(user("", Audio("audio/wav", ""))) == 0


def test_all_words_that_are_sent_count() -> None:
    """Documents, calls and results; what was thought only where it is sent."""
    said = Message("assistant", (Reasoning("Hm."), Text("So."), ToolCall("f", "{}", "a"), ToolResult("a", "One.")))
    assert words_of(said, reasoning=False) == "So.f{}One."
    assert words_of(said, reasoning=True) == "Hm.So.f{}One."
    assert "x,y" in words_of(user("Sum?", File("a.csv", "text/csv", "x,y")), reasoning=False)


def test_an_estimate_counts_all_parts() -> None:
    """A long document is not a short question."""
    short, long = user("Sum?"), user("Sum?", File("a.txt", "text/plain", PROSE * 100))
    estimate = TokenEstimate()
    assert estimate.of((long,)) > estimate.of((short,)) + 1000
    seen = user("What?", Image("image/png", "x", width=750, height=1000))
    assert round(estimate.of((seen,)) - estimate.of((user("What?"),))) == 1000


def test_two_pictures_are_two_beginnings() -> None:
    """What one of them cost says nothing of the other."""
    one, other = (user("What?", Image("image/png", data)) for data in ("a", "b"))
    estimate = TokenEstimate()
    estimate.learn((one,), 300)
    assert estimate.of((one,)) == 300
    assert estimate.of((other,)) > UNKNOWN_PICTURE


def test_a_prompt_with_pictures_teaches_nothing_of_text() -> None:
    """What they cost is too unsure."""
    estimate = TokenEstimate()
    estimate.learn((user(PROSE * 100, Image("image/png", "x")),), 5000)
    assert not estimate.learnt


async def test_results_and_tools_leave_less_room_for_old_turns() -> None:
    """The oldest turn goes, with its calls; the turn in progress stays whole."""
    result = ToolResult("a", PROSE * 60)
    called = Message("assistant", (ToolCall("f", "{}", "a"), result, Text("So.")))
    conversation = (user("One?"), called, user("Two?"), assistant("Yes."), user("Three?"), called)
    endpoint = ScriptedEndpoint(says("Fine."))
    fits = FitsContext(endpoint, served("main", context_tokens=2048), ask_context=lambda _: _nothing())
    tool = Tool("f", "Does something.", {"type": "object", "properties": {}})
    async with aclosing(fits.stream(Request(conversation, "m", {}, (tool,)))) as stream:
        deltas = [delta async for delta in stream]
    (request,) = endpoint.requests
    assert request.messages == conversation[2:]
    assert Dropped(2) in deltas
    assert request.tools == (tool,)


async def test_many_tools_leave_less_room() -> None:
    """They are read before every question."""
    conversation = (user("One?"), assistant(PROSE * 60), user("Two?"))
    large = Tool("f", PROSE * 100, {"type": "object", "properties": {}})
    assert tokens_of_tools((large,)) > 1000
    dropped = []
    for tools in ((), (large,)):
        endpoint = ScriptedEndpoint(says("Fine."))
        fits = FitsContext(endpoint, served("main", context_tokens=2048), ask_context=lambda _: _nothing())
        async with aclosing(fits.stream(Request(conversation, "m", {}, tools))) as stream:
            dropped.append([delta async for delta in stream if isinstance(delta, Dropped)])
    assert dropped == [[], [Dropped(2)]]


async def _nothing() -> int | None:
    return None


async def test_what_tools_cost_is_not_learnt_as_the_cost_of_text() -> None:
    """Else later conversations would seem too long."""
    large = Tool("f", PROSE * 130, {"type": "object", "properties": {}})
    text = PROSE * 100
    read = 1006 + round(tokens_of_tools((large,)))
    first = (Started("main", "m"), TextDelta("Yes."), Finish("stop"), Usage(read, 2))
    endpoint = ScriptedEndpoint(first, says("Fine."))
    fits = FitsContext(endpoint, served("main", context_tokens=4096), ask_context=lambda _: _nothing())
    talk = (user("A" + text), assistant("B" + text), user("Why?"))
    deltas = []
    for request in (Request((user(text),), "m", {}, (large,)), Request(talk, "m")):
        async with aclosing(fits.stream(request)) as stream:
            deltas += [delta async for delta in stream]
    assert not any(isinstance(delta, Dropped) for delta in deltas)
    assert endpoint.requests[-1].messages == talk


async def test_results_that_are_too_long_are_told_with_their_setting() -> None:
    """Shortening the question would not help."""
    called = Message("assistant", (ToolCall("f", "{}", "a"), ToolResult("a", PROSE * 60)))
    error = ContextTooLong("Too long.", hint="Shorten it.", endpoint="main")
    error.context_tokens, error.prompt_tokens = 512, 700
    fits = FitsContext(ScriptedEndpoint([error]), served("main"), ask_context=lambda _: _nothing())
    with pytest.raises(ContextTooLong) as raised:
        async with aclosing(fits.stream(Request((user("Hi"), called), "m"))) as stream:
            _ = [delta async for delta in stream]
    assert "tools.max_result_tokens" in raised.value.hint
