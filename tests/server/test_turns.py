import asyncio

import pytest

from chat_app.server.turns import RunningTurns


async def test_stop_ends_one_turn_of_its_session_alone() -> None:
    """Two conversations of one person, another visitor whose page calls its turn the same."""
    running = RunningTurns()
    with running.begin("ada", "1") as first, running.begin("ada", "2") as second, running.begin("bob", "1") as other:
        assert running.stop("ada", "1") == 1
        assert (first.is_set(), second.is_set(), other.is_set()) == (True, False, False)
        assert running.stop("nobody", "1") == running.stop("ada", "3") == 0


async def test_a_turn_is_forgotten_however_it_ends() -> None:
    """Also by an error."""
    running = RunningTurns()

    def fail() -> None:
        with running.begin("ada", "1"):
            assert len(running) == 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(running) == 0


async def test_waiting_ends_with_the_last_turn() -> None:
    """And at once when none runs."""
    running = RunningTurns()
    await running.wait_until_idle()
    with running.begin("ada", "1"):
        waiter = asyncio.create_task(running.wait_until_idle())
        with running.begin("bob", "1"):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiter.done()

    await waiter


async def test_draining_lets_running_turns_go_on() -> None:
    """It is for others to see, until all are stopped; a turn that slips in after that ends at once."""
    running = RunningTurns()
    with running.begin("ada", "1") as stop:
        running.drain()
        assert (running.draining, stop.is_set()) == (True, False)
        running.stop_all()
        assert stop.is_set()
    with running.begin("bob", "1") as stop:
        assert stop.is_set()
