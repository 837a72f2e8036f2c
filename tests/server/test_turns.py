import asyncio

import pytest

from chat_app.server.turns import RunningTurns


async def test_stop_ends_the_turns_of_its_session_alone() -> None:
    """Two windows of one person, another visitor."""
    running = RunningTurns()
    with running.begin("ada") as first, running.begin("ada") as second, running.begin("bob") as other:
        assert running.stop("ada") == 2
        assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)
        assert running.stop("nobody") == 0


async def test_a_turn_is_forgotten_however_it_ends() -> None:
    """Also by an error."""
    running = RunningTurns()

    def fail() -> None:
        with running.begin("ada"):
            assert len(running) == 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(running) == 0


async def test_waiting_ends_with_the_last_turn() -> None:
    """And at once when none runs."""
    running = RunningTurns()
    await running.wait_until_idle()
    with running.begin("ada"):
        waiter = asyncio.create_task(running.wait_until_idle())
        with running.begin("bob"):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiter.done()

    await waiter


async def test_draining_lets_running_turns_go_on() -> None:
    """It is for others to see, until all are stopped; a turn that slips in after that ends at once."""
    running = RunningTurns()
    with running.begin("ada") as stop:
        running.drain()
        assert (running.draining, stop.is_set()) == (True, False)
        running.stop_all()
        assert stop.is_set()
    with running.begin("bob") as stop:
        assert stop.is_set()
