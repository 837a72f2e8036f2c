from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from chat_app.conversation.deltas import Delta, Started, TextDelta
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Request
from chat_app.endpoints.retry import LONGEST_WAIT_S, Retrying
from chat_app.errors import ConnectionRefused, KeyRefused, RateLimited, StreamBroken
from tests.doubles import Round, ScriptedEndpoint, refused, says

REQUEST = Request((user("Hi"),), "toy")


class _Waits:
    """Waits without waiting, and keeps how long it was asked to."""

    def __init__(self) -> None:
        self.waited_s: list[float] = []

    async def __call__(self, wait_s: float) -> None:
        self.waited_s.append(wait_s)


def _busy(retry_after_s: float | None, *, retryable: bool | None = None) -> RateLimited:
    return RateLimited("Busy.", hint="", endpoint="scripted", retry_after_s=retry_after_s, retryable=retryable)


async def _answered(attempts: int, *rounds: Round) -> tuple[list[Delta], _Waits, ScriptedEndpoint]:
    endpoint, waits = ScriptedEndpoint(*rounds), _Waits()
    stream = Retrying(endpoint, attempts, sleep=waits).stream(REQUEST)
    return [delta async for delta in stream], waits, endpoint


async def test_an_answer_at_the_first_attempt_passes_through_unchanged() -> None:
    """Nothing is waited for, and one request is made."""
    deltas, waits, endpoint = await _answered(3, says("Hello"))
    assert deltas == list(says("Hello"))
    assert waits.waited_s == []
    assert endpoint.requests == [REQUEST]


async def test_a_failure_before_the_first_delta_is_tried_again_and_counted() -> None:
    """The page and the feedback row tell how many attempts an answer took."""
    deltas, waits, _ = await _answered(3, [refused()], [refused()], says("Hello"))
    assert deltas[0] == Started("scripted", "toy", attempts=3)
    assert deltas[1:] == list(says("Hello"))[1:]
    assert len(waits.waited_s) == 2


async def test_the_waits_grow_and_differ() -> None:
    """Doubling with jitter, so that a crowd of visitors does not come back all at once."""
    _, waits, _ = await _answered(4, [refused()], [refused()], [refused()], says("Hello"))
    for wait_s, least_s in zip(waits.waited_s, (0.5, 1, 2), strict=True):
        assert least_s <= wait_s <= least_s + 0.5


async def test_the_last_error_is_raised_after_all_attempts() -> None:
    """As it is, not wrapped in an error of tenacity."""
    last = refused()
    with pytest.raises(ConnectionRefused) as raised:
        await _answered(2, [refused()], [last])
    assert raised.value is last


async def test_one_attempt_means_never_again() -> None:
    """`attempts: 1` includes the first."""
    with pytest.raises(ConnectionRefused):
        await _answered(1, [refused()])


async def test_what_no_retry_can_help_is_raised_at_once() -> None:
    """A wrong key stays wrong, and a quota that is used up stays so whatever the class of its error says."""
    with pytest.raises(KeyRefused):
        await _answered(3, [KeyRefused("No.", hint="", endpoint="scripted")])
    with pytest.raises(RateLimited):
        await _answered(3, [_busy(None, retryable=False)])


async def test_after_the_first_delta_nothing_is_asked_again() -> None:
    """The visitor has seen part of an answer; what follows must be the same answer's."""
    broken = StreamBroken("It broke.", hint="", endpoint="scripted", retryable=True)
    endpoint = ScriptedEndpoint([Started("scripted", "toy"), TextDelta("Hel"), broken])
    stream = Retrying(endpoint, 3).stream(REQUEST)
    assert [await anext(stream), await anext(stream)] == [Started("scripted", "toy"), TextDelta("Hel")]
    with pytest.raises(StreamBroken):
        await anext(stream)
    assert len(endpoint.requests) == 1


async def test_a_server_that_says_when_to_come_back_is_obeyed() -> None:
    """`Retry-After` counts instead of the growing wait, nought seconds included."""
    _, waits, _ = await _answered(3, [_busy(7)], [_busy(0)], says("Hello"))
    assert waits.waited_s == [7, 0]


async def test_a_server_that_wants_a_longer_wait_is_not_asked_again() -> None:
    """The next endpoint, or a visitor who knows when to come back, is better than silence."""
    with pytest.raises(RateLimited) as raised:
        await _answered(3, [_busy(LONGEST_WAIT_S + 1)])
    assert raised.value.retry_after_s == LONGEST_WAIT_S + 1


async def test_closing_it_closes_the_stream_below() -> None:
    """Stop reaches the server."""
    endpoint = ScriptedEndpoint([Started("scripted", "toy"), asyncio.Event()])
    async with aclosing(Retrying(endpoint, 3).stream(REQUEST)) as stream:
        await anext(stream)
        assert endpoint.open == 1
    assert endpoint.open == 0


async def test_it_can_be_cancelled_while_it_waits_for_the_next_attempt() -> None:
    """Stop ends the waiting too; the cancellation is not taken for a failure."""
    waiting = asyncio.Event()

    async def wait_for_ever(_: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    endpoint = ScriptedEndpoint([refused()], says("never asked"))
    task = asyncio.create_task(anext(Retrying(endpoint, 3, sleep=wait_for_ever).stream(REQUEST)))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(endpoint.requests) == 1


async def test_it_can_be_cancelled_while_it_waits_for_the_server() -> None:
    """A model may load for minutes; the stream below is closed with it."""
    endpoint = ScriptedEndpoint([asyncio.Event()], says("never asked"))
    task = asyncio.create_task(anext(Retrying(endpoint, 3).stream(REQUEST)))
    await asyncio.sleep(0)
    assert endpoint.open == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert endpoint.open == 0
    assert len(endpoint.requests) == 1


async def test_an_empty_stream_stays_empty() -> None:
    """An endpoint that yields nothing is not asked again and is no error here."""
    deltas, _, _ = await _answered(3, [])
    assert deltas == []
