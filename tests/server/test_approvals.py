import asyncio

import pytest

from chat_app.server.approvals import Approvals


async def test_a_call_waits_until_its_session_decides() -> None:
    """Another session cannot, and a second click finds nothing any more."""
    approvals = Approvals()
    asked = asyncio.create_task(approvals.ask("mine", "a:1"))
    await asyncio.sleep(0)
    assert not approvals.decide("other", "a:1", "allow")
    assert not approvals.decide("mine", "a:2", "allow")
    assert approvals.decide("mine", "a:1", "deny")
    assert not approvals.decide("mine", "a:1", "allow")
    assert await asked == "deny"
    assert not approvals.decide("mine", "a:1", "allow")


async def test_a_call_whose_turn_ends_waits_no_more() -> None:
    """A cancelled wait leaves nothing behind."""
    approvals = Approvals()
    asked = asyncio.create_task(approvals.ask("mine", "a:1"))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not approvals.decide("mine", "a:1", "allow")
