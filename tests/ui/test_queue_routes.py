from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

import gradio as gr
import pytest
from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool

from chat_app.ui import queue_routes
from tests.ui.queued_page import LONG_S, Turn, Visitor, grows, page_of, until


def test_they_are_used_with_the_version_they_were_written_for() -> None:
    """A new version of Gradio has its own routes until ours have been read against them; then this is set anew."""
    assert queue_routes.APPLIES
    assert gr.__version__.startswith("6.31.")


def waits_for(event: asyncio.Event) -> Turn:
    """A turn whose one update is what was said, once `event` is set."""

    async def waits(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        await event.wait()
        yield said

    return waits


async def test_a_page_is_told_what_gradio_would_tell_it() -> None:
    """The same messages in the same order, of a turn, of another event, and to a page that nothing is there for."""

    async def fails(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        yield said
        raise gr.Error("Not that.", print_exception=False)

    async def told(turn: Any, name: str, *, routes: bool) -> list[dict[str, Any]]:
        async with page_of(turn, routes=routes) as (visitor, _):
            event = await visitor.join(name)
            text = json.dumps([message async for message in visitor.messages()])
        said: list[dict[str, Any]] = json.loads(text.replace(event, "event"))
        for message in said:  # how long it took
            for key in ("cache_duration", "avg_time"):
                message.pop(key, None)
            for key in ("duration", "average_duration"):
                message.get("output", {}).pop(key, None)
        return said

    for turn, name in ((grows, "turn"), (fails, "turn"), (grows, "other")):
        ours, gradios = [await told(turn, name, routes=routes) for routes in (True, False)]
        assert [message["msg"] for message in ours][-2:] == ["process_completed", "close_stream"]
        assert ours == gradios
    async with page_of(grows) as (visitor, _):
        [stranger] = [message async for message in Visitor(visitor.http, "stranger").messages()]
    assert (stranger["msg"], stranger["session_not_found"]) == ("unexpected_error", True)


async def test_no_thread_is_asked_about_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """FastAPI asks one for each of Gradio's routes."""
    asked: list[object] = []

    async def counted(function: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(function)
        return await run_in_threadpool(function, *args, **kwargs)

    monkeypatch.setattr("fastapi.dependencies.utils.run_in_threadpool", counted)
    body = {"data": ["Hi"], "fn_index": 0, "session_hash": "somebody"}
    for routes, threads in ((True, 0), (False, 2)):
        async with page_of(grows, routes=routes) as (visitor, _):
            (await visitor.http.post(queue_routes.JOIN, json=body)).raise_for_status()
            await visitor.told("process_completed")
            assert len(asked) == threads


async def test_what_is_there_at_the_same_time_comes_together() -> None:
    """All that an event has said before its page asks is one piece."""
    async with page_of(grows) as (visitor, queue):
        await visitor.join("other")
        await until(lambda: not queue.event_ids_to_events)
        query = {"session_hash": visitor.session}
        async with visitor.http.stream("GET", queue_routes.DATA, params=query) as response:
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert response.headers["x-accel-buffering"] == "no"
            first = await anext(response.aiter_raw())
    assert b"process_starts" in first
    assert b"process_completed" in first


async def test_an_event_that_comes_while_the_last_message_is_sent_keeps_the_stream() -> None:
    """To a slow page a large answer is on its way for seconds."""
    async with page_of(grows) as (visitor, queue):
        first, second = await visitor.join("other"), ""
        await until(lambda: not queue.event_ids_to_events)
        sent = b""

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal sent, second
            if b"process_completed" in message.get("body", b"") and not second:
                second = await visitor.join("other")
            sent += message.get("body", b"")

        queue_app = queue.server_app
        assert queue_app is not None
        scope = {"type": "http", "method": "GET", "query_string": f"session_hash={visitor.session}".encode()}
        async with asyncio.timeout(LONG_S):
            await queue_routes.Data(queue_app)(scope, asyncio.Event().wait, send)
    told = [json.loads(line[6:]) for line in sent.decode().split("\n\n") if line]
    ended = [message["event_id"] for message in told if message["msg"] == "process_completed"]
    assert ended == [first, second]
    assert [message["msg"] for message in told].count("close_stream") == 1


async def test_half_an_emoji_goes_both_ways() -> None:
    """A browser sends one when an emoji was cut; the other half of JSON's readers and writers refuse it."""
    async with page_of(grows) as (visitor, _):
        body = b'{"data": ["cut \\ud83d"], "fn_index": 0, "session_hash": "somebody"}'
        headers = {"content-type": "application/json"}
        (await visitor.http.post(queue_routes.JOIN, content=body, headers=headers)).raise_for_status()
        [ended] = await visitor.told("process_completed")
    assert ended["output"]["data"] == [{"text": "cut \ud83d there.", "turn": "1"}]


async def test_a_page_whose_body_is_refused_or_that_leaves_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """No stream is left behind by a request that is too large; of a post that did not come whole nothing is logged."""
    async with page_of(grows) as (visitor, queue):
        await visitor.join()
        queue_app = queue.server_app
        assert queue_app is not None
        scope = {"type": "http", "method": "GET", "headers": [], "query_string": b"session_hash=somebody"}

        async def too_large() -> MutableMapping[str, Any]:
            raise HTTPException(413)

        async def leaves() -> MutableMapping[str, Any]:
            return {"type": "http.disconnect"}

        async def send(_message: MutableMapping[str, Any]) -> None:
            pass

        async with asyncio.timeout(LONG_S):
            await queue_routes.Data(queue_app)(scope, too_large, send)
        assert "somebody" not in queue.pending_messages_per_session
        posted = {**scope, "method": "POST", "headers": [(b"content-type", b"application/json")]}
        with pytest.raises(HTTPException, match="did not come whole"):
            await queue_routes.Join(queue_app)(posted, leaves, send)
    assert not caplog.records


async def test_a_stream_with_nothing_to_say_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no proxy takes it for dead, as often as Gradio's settings say."""
    monkeypatch.setenv("GRADIO_HEARTBEAT_INTERVAL", "0.05")
    go_on = asyncio.Event()

    async with page_of(waits_for(go_on)) as (visitor, _):
        await visitor.join()
        beats = 0
        async with asyncio.timeout(LONG_S):
            async for message in visitor.messages():
                beats += message["msg"] == "heartbeat"
                if beats == 3:
                    go_on.set()
        assert beats >= 3
        assert message["msg"] == "close_stream"


async def test_what_a_page_has_left_behind_is_cleaned_up_at_once() -> None:
    """Its turn is told, and what was still to be sent is forgotten; also while nothing is sent."""
    closed, hold = asyncio.Event(), asyncio.Event()

    async def waits(said: str, _request: gr.Request) -> AsyncGenerator[str, None]:
        try:
            yield said
            await hold.wait()
            yield f"{said} there"
        finally:
            closed.set()

    async with page_of(waits) as (visitor, queue):
        event = await visitor.join()
        messages = visitor.messages()
        while (await anext(messages))["msg"] != "process_generating":
            pass
        running = queue.event_ids_to_events[event]
        await messages.aclose()
        await until(lambda: not running.alive)
        assert visitor.session not in queue.pending_messages_per_session
        hold.set()
        async with asyncio.timeout(LONG_S):
            await closed.wait()


async def test_a_queue_that_has_stopped_takes_nothing_and_ends_its_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is told, and does not wait."""
    monkeypatch.setenv("GRADIO_HEARTBEAT_INTERVAL", "0.05")
    hold = asyncio.Event()

    async with page_of(waits_for(hold)) as (visitor, queue):
        await visitor.join()
        told = asyncio.create_task(visitor.told("unexpected_error"))
        await asyncio.sleep(0)
        queue.close()
        [stopped] = await told
        assert stopped["message"] == "Server stopped unexpectedly."
        refused = await visitor.http.post(queue_routes.JOIN, json={"data": [], "fn_index": 0, "session_hash": "a"})
        assert (refused.status_code, refused.json()["detail"]) == (503, "Queue is stopped.")


async def test_a_full_queue_refuses_with_gradios_words() -> None:
    """The page shows them."""
    hold = asyncio.Event()

    async with page_of(waits_for(hold), limit=1) as (visitor, queue):
        queue.max_size = 1
        await visitor.join()
        await until(lambda: bool(queue.active_jobs))
        await Visitor(visitor.http, "second").join()
        body = {"data": ["Hi"], "fn_index": 0, "session_hash": "third"}
        refused = await visitor.http.post(queue_routes.JOIN, json=body)
        hold.set()
    assert refused.status_code == 503
    assert refused.json()["detail"].startswith("Queue is full.")


@pytest.mark.parametrize("routes", [pytest.param(True, id="ours"), pytest.param(False, id="Gradio's")])
async def test_what_is_no_event_is_refused_as_gradio_does(*, routes: bool) -> None:
    """With the same status, also what other sites can post without being asked."""
    event = b'{"data": ["Hi"], "fn_index": 0, "session_hash": "a"}'
    posts = (
        (event, "application/json; charset=utf-8", 200),
        (event, "text/plain", 422),
        (event, "application/x-www-form-urlencoded", 422),
        (b'{"data": ["Hi"], "fn_index": 0}', "application/json", 400),
        (b'{"data": ["Hi"], "session_hash": "a"}', "application/json", 400),
        (b'{"data": ["cut \\ud83d"], "fn_index": 0, "session_hash": "a"}', "application/json", 200),
        (b'{"data": "Hi", "fn_index": 0, "session_hash": "a"}', "application/json", 422),
        (b'["Hi"]', "application/json", 422),
        (b"{", "application/json", 422),
    )
    async with page_of(grows, routes=routes) as (visitor, _):
        for content, kind, status in posts:
            answered = await visitor.http.post(queue_routes.JOIN, content=content, headers={"content-type": kind})
            assert (content, kind, answered.status_code) == (content, kind, status)
        assert (await visitor.http.get(queue_routes.DATA)).status_code == 422
        assert (await visitor.http.head(queue_routes.DATA)).status_code == 405


async def test_only_its_own_fields_are_taken_from_what_is_posted() -> None:
    """Whoever posts can set nothing that Gradio keeps beside them."""
    async with page_of(grows) as (visitor, queue):
        body = {"data": ["Hi"], "fn_index": 0, "session_hash": "a", "request": "mine", "batch_trigger_ids": [1]}
        event = (await visitor.http.post(queue_routes.JOIN, json=body)).json()["event_id"]
        data = queue.event_ids_to_events[event].data
        assert data is not None
        assert data.request is not None
        assert (data.request.url.path, data.batch_trigger_ids) == (queue_routes.JOIN, None)
