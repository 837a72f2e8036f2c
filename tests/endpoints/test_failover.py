from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from chat_app.conversation.deltas import Delta, Started, TextDelta
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Request
from chat_app.endpoints.failover import Failover
from chat_app.errors import ConnectionRefused, EndpointError, KeyRefused, RateLimited, StreamBroken
from tests.doubles import ScriptedEndpoint, refused, says

REQUEST = Request((user("Hi"),), "toy")


async def _answered(*endpoints: ScriptedEndpoint) -> list[Delta]:
    return [delta async for delta in Failover(endpoints).stream(REQUEST)]


async def test_the_first_endpoint_answers_while_it_can() -> None:
    """The others are not asked."""
    main, spare = ScriptedEndpoint(says("Hello", endpoint="main")), ScriptedEndpoint()
    assert await _answered(main, spare) == list(says("Hello", endpoint="main"))
    assert spare.requests == []


async def test_the_next_endpoint_answers_when_one_cannot() -> None:
    """With the same request, and under its own name."""
    main, spare = ScriptedEndpoint([refused("main")]), ScriptedEndpoint(says("Hello", endpoint="spare"))
    assert await _answered(main, spare) == list(says("Hello", endpoint="spare"))
    assert main.requests == spare.requests == [REQUEST]


async def test_an_error_that_no_retry_helps_passes_the_question_on_too() -> None:
    """The next server may have another key."""
    main = ScriptedEndpoint([KeyRefused("No.", hint="", endpoint="main")])
    assert await _answered(main, ScriptedEndpoint(says("Hello"))) == list(says("Hello"))


async def test_an_answer_that_has_begun_is_never_continued_by_another() -> None:
    """What one model began, another must not end."""
    broken = StreamBroken("It broke.", hint="", endpoint="main")
    main, spare = ScriptedEndpoint([Started("main", "toy"), TextDelta("Hel"), broken]), ScriptedEndpoint()
    with pytest.raises(StreamBroken):
        await _answered(main, spare)
    assert spare.requests == []


async def test_the_error_of_a_single_endpoint_is_its_own() -> None:
    """Its class tells the page and the logs what it was."""
    error = refused("main")
    with pytest.raises(ConnectionRefused) as raised:
        await _answered(ScriptedEndpoint([error]))
    assert raised.value is error


async def test_when_all_fail_the_error_says_what_each_said() -> None:
    """One sentence each in their order, what to do about the first, and the shortest wait that one asks for."""
    busy = RateLimited("spare is busy.", hint="Wait.", endpoint="spare", detail="slow down", retry_after_s=20)
    with pytest.raises(EndpointError) as raised:
        await _answered(ScriptedEndpoint([refused("main")]), ScriptedEndpoint([busy]))
    assert raised.value.sentence == (
        "None of the 2 endpoints could answer. main refused the connection. spare is busy."
    )
    assert raised.value.hint == "Start main."
    assert raised.value.endpoint == "main"
    assert raised.value.detail == "spare: slow down"
    assert raised.value.retry_after_s == 20


async def test_closing_it_closes_the_stream_that_answers() -> None:
    """Stop reaches the server that is talking."""
    spare = ScriptedEndpoint([Started("spare", "toy"), asyncio.Event()])
    async with aclosing(Failover([ScriptedEndpoint([refused()]), spare]).stream(REQUEST)) as stream:
        await anext(stream)
    assert spare.open == 0
