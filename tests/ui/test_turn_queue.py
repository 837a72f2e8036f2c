from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable

import gradio as gr
import httpx2
import pytest

from chat_app.ui import turn_queue
from tests.ui.queued_page import LONG_S, Visitor, grows, page_of, until


def test_it_is_used_with_the_version_it_was_written_for() -> None:
    """A new version of Gradio has its own queue until ours has been read against it; then this is set anew."""
    assert turn_queue.APPLIES
    assert gr.__version__.startswith("6.31.")


async def test_updates_are_differences_and_the_last_is_whole() -> None:
    """As Gradio sends them: nothing is said twice but at the end."""
    async with page_of(grows) as (visitor, _):
        await visitor.join()
        told = await visitor.told("process_generating", "process_completed")
    assert [message["output"]["data"] for message in told] == [
        [{"text": "Hi", "turn": "1"}],
        [[["append", ["text"], " there"]]],
        [[["append", ["text"], "."]]],
        [{"text": "Hi there.", "turn": "1"}],
    ]
    assert told[-1]["success"] is True


async def test_other_events_are_gradios_own() -> None:
    """They are processed as ever."""
    async with page_of(grows) as (visitor, _):
        await visitor.join("other")
        [ended] = await visitor.told("process_completed")
    assert ended["output"]["data"] == ["HI"]


async def test_a_queue_without_events_looks_for_none() -> None:
    """Gradio's looks a thousand times a second."""
    async with page_of(grows) as (visitor, queue):
        await asyncio.sleep(0.1)
        assert queue.looks == 0
        await visitor.join()
        await visitor.told("process_completed")
        assert 0 < queue.looks < 10


async def test_a_page_that_takes_nothing_gets_no_second_update() -> None:
    """What comes meanwhile is one update when it takes the first: the turn is asked again only then."""
    asked: list[int] = []

    async def counts(_said: str, _request: gr.Request) -> AsyncGenerator[int, None]:
        for number in range(5):
            asked.append(number)
            yield number

    async with page_of(counts) as (visitor, _):
        await visitor.join()
        await until(lambda: asked == [0])
        await asyncio.sleep(0.1)
        assert asked == [0]
        await visitor.told("process_completed")
        assert asked == [0, 1, 2, 3, 4]


async def test_a_turn_that_raises_says_nothing_of_it_but_that(caplog: pytest.LogCaptureFixture) -> None:
    """The page is told that it failed, the log why, and the next one is answered."""
    rounds = [RuntimeError("sk-secret"), None]

    async def fails(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        yield said
        if error := rounds.pop(0):
            raise error

    async with page_of(fails, limit=1) as (visitor, _):
        with caplog.at_level(logging.ERROR):
            await visitor.join()
            [ended] = await visitor.told("process_completed")
        assert ended["success"] is False
        assert ended["output"] == {"error": None}
        assert "sk-secret" in caplog.text
        await visitor.join()
        [ended] = await visitor.told("process_completed")
        assert ended["success"] is True


async def test_a_refusal_is_told_in_its_words() -> None:
    """What `gr.Error` says is for the page."""

    async def refuses(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        if said:
            raise gr.Error("Not that.", print_exception=False)
        yield said

    async with page_of(refuses) as (visitor, _):
        await visitor.join()
        [ended] = await visitor.told("process_completed")
    assert (ended["success"], ended["output"]["error"]) == (False, "Not that.")


async def test_no_more_turns_run_than_may() -> None:
    """The second begins when the first has ended."""
    running, go_on = [], asyncio.Event()

    async def waits(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        running.append(said)
        await go_on.wait()
        yield said

    async with page_of(waits, limit=1) as (visitor, queue):
        other = Visitor(visitor.http, "somebody else")
        await visitor.join(said="first")
        await other.join(said="second")
        await until(lambda: running == ["first"])
        await asyncio.sleep(0.05)
        assert running == ["first"]
        go_on.set()
        ended = await asyncio.gather(visitor.told("process_completed"), other.told("process_completed"))
        assert [message["output"]["data"] for [message] in ended] == [["first"], ["second"]]
        await until(lambda: not queue.active_jobs)
        assert not queue.event_ids_to_events


async def test_a_turn_whose_page_has_gone_is_closed() -> None:
    """When its next update finds nobody."""
    closed = asyncio.Event()

    async def goes_on(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        try:
            while True:
                yield said
                await asyncio.sleep(0.01)
                said += "."
        finally:
            closed.set()

    async with page_of(goes_on) as (visitor, queue):
        await visitor.join()
        messages = visitor.messages()
        while (await anext(messages))["msg"] != "process_generating":
            pass
        await messages.aclose()
        async with asyncio.timeout(LONG_S):
            await closed.wait()
        await until(lambda: not queue.active_jobs)


async def test_pages_that_asked_once_are_not_remembered_for_ever() -> None:
    """But for the last few, and those whose answer has not been read."""
    async with page_of(grows, pages=4) as (visitor, queue):
        unread = await Visitor(visitor.http, "unread").join()
        for number in range(20):
            asking = Visitor(visitor.http, f"page {number}")
            await asking.join()
            assert len(await asking.told("process_completed")) == 1
            assert len(queue.pending_event_ids_session) <= 8
        assert queue.pending_event_ids_session["unread"] == {unread}


async def test_a_turn_whose_page_never_came_is_closed() -> None:
    """It asked and was gone, also when it had read an answer before; who comes late is told that it failed."""
    closed = asyncio.Event()

    async def goes_on(_said: str, _request: gr.Request) -> AsyncGenerator[int, None]:
        try:
            for number in range(100 if closes else 2):
                yield number
        finally:
            closed.set()

    async with page_of(goes_on, limit=1, late_s=0.5) as (visitor, _):
        for closes in (False, True):
            closed.clear()
            await visitor.join()
            if not closes:
                assert (await visitor.told("process_completed"))[0]["success"]
            async with asyncio.timeout(LONG_S):
                await closed.wait()
        *_, ended = await visitor.told("process_generating", "process_completed")
        assert ended["success"] is False


async def test_a_turn_that_is_cancelled_is_closed() -> None:
    """By a client that asks Gradio for it; ours has another way to stop."""
    begun, closed = asyncio.Event(), asyncio.Event()

    async def hangs(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        try:
            begun.set()
            await asyncio.sleep(LONG_S)
            yield said
        finally:
            closed.set()

    async with page_of(hangs) as (visitor, _):
        event = await visitor.join()
        await begun.wait()
        config: Awaitable[httpx2.Response] = visitor.http.get("/config")
        [number] = [each["id"] for each in (await config).json()["dependencies"] if each["api_name"] == "turn"]
        body = {"session_hash": visitor.session, "fn_index": number, "event_id": event}
        (await visitor.http.post("/gradio_api/cancel", json=body)).raise_for_status()
        async with asyncio.timeout(LONG_S):
            await closed.wait()
