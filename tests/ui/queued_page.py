"""A page with two events over our queue, served; and somebody at it, who speaks as Gradio's client does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import gradio as gr
import httpx2
from fastapi import FastAPI
from starlette.routing import Mount

from chat_app.endpoints.loopback import serving
from chat_app.ui import queue_routes
from chat_app.ui.turn_queue import TurnQueue

Turn = Callable[..., AsyncGenerator[Any, None]]
LONG_S = 10.0


class Counted(TurnQueue):
    """The queue, which counts how often it looks for events."""

    looks = 0

    def get_events(self) -> Any:
        """Those that may begin."""
        self.looks += 1
        return super().get_events()


class Visitor:
    """Somebody at a page whose two events are the turn, and `other`, which is none."""

    def __init__(self, http: httpx2.AsyncClient, session: str = "somebody") -> None:
        self.http, self.session = http, session

    async def join(self, name: str = "turn", said: str = "Hi") -> str:
        """Begin an event. Returns its id."""
        events = {event["api_name"]: event["id"] for event in (await self.http.get("/config")).json()["dependencies"]}
        body = {"data": [said], "fn_index": events[name], "session_hash": self.session}
        joined = await self.http.post("/gradio_api/queue/join", json=body)
        return str(joined.raise_for_status().json()["event_id"])

    async def messages(self) -> AsyncGenerator[dict[str, Any], None]:
        """What the page is sent, until it is told that no more comes."""
        query = {"session_hash": self.session}
        async with self.http.stream("GET", "/gradio_api/queue/data", params=query) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])

    async def told(self, *kinds: str) -> list[dict[str, Any]]:
        """All messages of these kinds."""
        async with asyncio.timeout(LONG_S):
            return [message async for message in self.messages() if message["msg"] in kinds]


@asynccontextmanager
async def page_of(
    turn: Turn, *, limit: int | None = None, routes: bool = True, **settings: Any
) -> AsyncGenerator[tuple[Visitor, Counted], None]:
    """A page with the turn, served by our queue, and by our `routes` to it or Gradio's."""

    async def other(said: str) -> str:
        return said.upper()

    with gr.Blocks(analytics_enabled=False) as blocks:
        said, value = gr.Textbox(), gr.JSON()
        gr.Button().click(turn, [said], [value], api_name="turn", concurrency_limit=limit, concurrency_id="turns")
        gr.Button().click(other, [said], [said], api_name="other")
    blocks.queue()
    blocks._queue = queue = Counted(blocks._queue, turn, **settings)  # noqa: SLF001 -- where Gradio has it
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/", show_error=False)
    if routes:
        [mounted] = [route.app for route in app.routes if isinstance(route, Mount)]
        queue_routes.put_first(mounted)
    async with (
        app.router.lifespan_context(app),
        serving(app) as address,
        httpx2.AsyncClient(base_url=address, timeout=LONG_S) as http,
    ):
        yield Visitor(http), queue


async def until(true: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(LONG_S):
        while not true():  # noqa: ASYNC110 -- of a queue that is not ours to add an event to
            await asyncio.sleep(0.005)


async def grows(said: str, request: gr.Request) -> AsyncGenerator[dict[str, str], None]:
    """An answer in three updates."""
    del request
    for text in (said, f"{said} there", f"{said} there."):
        yield {"text": text, "turn": "1"}
