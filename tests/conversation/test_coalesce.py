from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.coalesce import LATE_TIMES, Pause, batches
from chat_app.conversation.deltas import Asked, Delta, Finish, ReasoningDelta, Started, TextDelta, merge
from tests.conversation.scripted import Script

LONG_S = 30.0
"""Longer than any test may take: a pause or beat of this length that is waited for fails it."""


def run(
    script: Script, *, stop: asyncio.Event | None = None, every_s: float = 0.0, beat_s: float = LONG_S
) -> AsyncGenerator[tuple[Delta, ...], None]:
    """The batches of a script, without pauses and beats unless asked for."""
    return batches(script.deltas(), stop=stop or asyncio.Event(), every_s=every_s, beat_s=beat_s)


async def collected(stream: AsyncGenerator[tuple[Delta, ...], None]) -> list[tuple[Delta, ...]]:
    """All batches, in far less time than `LONG_S`."""
    async with asyncio.timeout(3):
        return [batch async for batch in stream]


@pytest.fixture(autouse=True)
async def _no_task_is_left() -> AsyncGenerator[None, None]:
    before = len(asyncio.all_tasks())
    yield
    assert len(asyncio.all_tasks()) == before, "A task was left running."


async def test_everything_arrives_in_order() -> None:
    """Whatever is joined, the batches together are the stream."""
    script = Script(
        Started("e", "m"), ReasoningDelta("a"), 0.001, TextDelta("b"), 0.001, TextDelta("c"), Finish("stop")
    )
    got = [delta for batch in await collected(run(script)) for delta in batch]
    assert merge(got) == (Started("e", "m"), ReasoningDelta("a"), TextDelta("bc"), Finish("stop"))


async def test_what_comes_together_goes_out_as_one() -> None:
    """Three pieces without a pause between them are one update."""
    script = Script(TextDelta("a"), TextDelta("b"), TextDelta("c"))
    assert await collected(run(script)) == [(TextDelta("abc"),)]


async def test_a_fast_stream_makes_few_batches() -> None:
    """Hundreds of pieces within one pause are one or two updates: each update of the page is paid for."""
    steps = [step for _ in range(200) for step in (TextDelta("x"), 0.0)]
    got = await collected(run(Script(*steps), every_s=0.1))
    assert len(got) <= 4
    assert merge(delta for batch in got for delta in batch) == (TextDelta("x" * 200),)


async def test_the_first_piece_does_not_wait_for_a_pause() -> None:
    """The pause is between updates; the first word is shown at once."""
    async with aclosing(run(Script(TextDelta("a"), asyncio.Event()), every_s=LONG_S)) as stream:
        assert await anext(stream) == (TextDelta("a"),)


async def test_the_first_piece_does_not_wait_behind_what_was_waited_for() -> None:
    """That the server is asked is an update too, but no reason to keep its first word back."""
    script = Script(Asked("e"), 0.001, Started("e", "m"), TextDelta("a"), asyncio.Event())
    async with asyncio.timeout(3), aclosing(run(script, every_s=LONG_S)) as stream:
        assert await anext(stream) == (Asked("e"),)
        assert await anext(stream) == (Started("e", "m"), TextDelta("a"))


async def took_s(pause: Pause) -> float:
    """How long it took until it was over."""
    began_s = monotonic()
    await pause.over()
    return monotonic() - began_s


async def test_the_first_pause_is_none_and_the_next_is_what_is_left() -> None:
    """Whoever comes late waits for nothing, and so misses nothing."""
    pause = Pause(LONG_S)
    async with asyncio.timeout(3):
        await pause.over()
    pause = Pause(0.2)
    await pause.over()
    await asyncio.sleep(0.1)
    rest_s = await took_s(pause)
    whole_s = await took_s(pause)
    assert rest_s < whole_s
    await asyncio.sleep(0.2)
    assert await took_s(pause) < whole_s


async def test_a_pause_behind_a_late_one_is_longer() -> None:
    """Whoever is woken late has the more time the busier the process is."""
    pause = Pause(0.02)
    await pause.over()
    asyncio.get_running_loop().call_later(0.01, time.sleep, 0.05)
    late_s = await took_s(pause) - 0.02
    assert late_s > 0.03
    assert await took_s(pause) >= (0.02 + LATE_TIMES * late_s) * 0.9


async def test_what_is_waited_for_is_told_no_faster_than_the_rest() -> None:
    """A model that is pulled reports all the time."""
    steps = [step for _ in range(200) for step in (Asked("e"), 0.0)]
    assert len(await collected(run(Script(*steps), every_s=0.1))) <= 4


async def test_a_pause_ends_sooner_when_it_has_to() -> None:
    """When the turn is stopped, say."""
    stopped, pause = asyncio.create_task(asyncio.sleep(0)), Pause(LONG_S)
    await pause.over()
    async with asyncio.timeout(3):
        await pause.over(sooner=stopped)


async def test_two_batches_are_at_least_a_pause_apart() -> None:
    """However fast the pieces come."""
    times = [monotonic() async for _ in run(Script(TextDelta("a"), 0.002, TextDelta("b")), every_s=0.03)]
    assert len(times) == 2
    assert times[1] - times[0] >= 0.029


async def test_silence_makes_empty_batches() -> None:
    """A consumer that notices a closed tab only when it yields gets the chance to."""
    async with aclosing(run(Script(asyncio.Event()), beat_s=0.005)) as stream:
        assert [await anext(stream) for _ in range(3)] == [(), (), ()]


async def test_a_beat_does_not_disturb_the_read() -> None:
    """What was on its way during beats arrives whole; the read is not cancelled and begun again."""
    script = Script(0.1, TextDelta("late"))
    got = await collected(run(script, beat_s=0.005))
    assert got.count(()) >= 2
    assert got[-1] == (TextDelta("late"),)
    assert script.ended == 1


async def test_a_slow_consumer_gets_larger_batches() -> None:
    """Nothing is queued up piece by piece behind it, and nothing is lost."""
    all_said = asyncio.Event()

    async def talking() -> AsyncGenerator[Delta, None]:
        for _ in range(10):
            yield TextDelta("x")
            await asyncio.sleep(0)
        all_said.set()

    got: list[tuple[Delta, ...]] = []
    async for batch in batches(talking(), stop=asyncio.Event(), every_s=0.0, beat_s=LONG_S):
        got.append(batch)
        await all_said.wait()
    assert got == [(TextDelta("x"),), (TextDelta("x" * 9),)]


async def test_stop_ends_it_while_nothing_arrives() -> None:
    """At once, without waiting for a beat, and the stream is closed."""
    script, stop = Script(TextDelta("a"), asyncio.Event()), asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    assert await collected(run(script, stop=stop)) == [(TextDelta("a"),)]
    assert script.ended == 1


async def test_stop_ends_it_within_the_pause() -> None:
    """The pause between updates is not waited out."""
    script, stop = Script(TextDelta("a"), TextDelta("b"), asyncio.Event()), asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    assert await collected(run(script, stop=stop, every_s=LONG_S)) == [(TextDelta("ab"),)]
    assert script.ended == 1


async def test_what_came_before_a_stop_is_not_lost() -> None:
    """What arrived during the pause in which the visitor pressed Stop was received, so it is kept."""
    script, stop = Script(TextDelta("a"), 0.002, TextDelta("b"), asyncio.Event()), asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, stop.set)
    assert await collected(run(script, stop=stop, every_s=LONG_S)) == [(TextDelta("a"),), (TextDelta("b"),)]


async def test_a_stop_before_it_began_gives_nothing() -> None:
    """And reads nothing that would have to be waited for."""
    stop = asyncio.Event()
    stop.set()
    assert await collected(run(Script(asyncio.Event(), TextDelta("a")), stop=stop)) == []


async def test_an_error_comes_after_what_arrived_before_it() -> None:
    """The words before a broken connection are the visitor's."""
    async with aclosing(run(Script(TextDelta("a"), TextDelta("b"), ConnectionError("gone")))) as stream:
        assert await anext(stream) == (TextDelta("ab"),)
        with pytest.raises(ConnectionError, match="gone"):
            await anext(stream)


async def test_an_error_before_anything_is_raised_at_once() -> None:
    """No empty batch before it."""
    with pytest.raises(ConnectionError):
        await anext(run(Script(ConnectionError("refused"))))


async def test_closing_it_closes_the_stream() -> None:
    """A closed tab closes the connection to the server, and no task goes on reading."""
    script = Script(TextDelta("a"), asyncio.Event())
    stream = run(script)
    await anext(stream)
    await stream.aclose()
    assert script.ended == 1


async def test_cancelling_its_consumer_closes_the_stream() -> None:
    """However the consumer ends; cancellation passes through."""
    script = Script(TextDelta("a"), asyncio.Event())

    async def consume() -> None:
        async with aclosing(run(script)) as stream:
            async for _ in stream:
                pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert script.ended == 1


async def test_an_error_while_closing_does_not_hide_the_stop() -> None:
    """A connection that cannot be closed well is of no interest to somebody who has stopped."""

    async def stubborn() -> AsyncGenerator[Delta, None]:
        try:
            yield TextDelta("a")
            await asyncio.Event().wait()
        finally:
            raise ConnectionError("could not close")

    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.01, stop.set)
    got = await collected(batches(stubborn(), stop=stop, every_s=0.0, beat_s=LONG_S))
    assert got == [(TextDelta("a"),)]


@given(
    st.lists(st.sampled_from([TextDelta("a"), TextDelta("b"), ReasoningDelta("c"), Finish("stop"), 0.0]), max_size=20)
)
def test_no_pace_changes_what_is_read(steps: list[Delta | float]) -> None:
    """Wherever the stream lets the consumer run, the batches joined are the deltas joined."""

    async def read() -> list[Delta]:
        return [delta async for batch in run(Script(*steps)) for delta in batch]

    assert merge(asyncio.run(read())) == merge(step for step in steps if not isinstance(step, float))


async def test_what_came_while_the_page_was_busy_is_not_lost_at_stop() -> None:
    """It had arrived, so it is kept."""
    stop, go_on = asyncio.Event(), asyncio.Event()

    async def talking() -> AsyncGenerator[Delta, None]:
        yield TextDelta("one ")
        await go_on.wait()
        yield TextDelta("two ")
        yield Finish("stop")
        await asyncio.Event().wait()

    got: list[Delta] = []
    async for batch in batches(talking(), stop=stop, every_s=0.0, beat_s=LONG_S):
        got += batch
        if not go_on.is_set():
            go_on.set()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            stop.set()
    assert merge(got) == (TextDelta("one two "), Finish("stop"))
