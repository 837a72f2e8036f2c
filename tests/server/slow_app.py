"""A process like ours, in small: `python -m tests.server.slow_app GRACE_S` prints its port and serves."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from time import monotonic

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chat_app.server import logs
from chat_app.server.process import serve
from chat_app.server.turns import RunningTurns


def app_with(running: RunningTurns) -> Starlette:
    """Its routes: an event stream that never ends, turns of any length, an end to them, and a question."""
    enough = asyncio.Event()

    async def heartbeat(_request: Request) -> Response:
        async def beats() -> AsyncIterator[str]:
            while True:
                yield "data: ALIVE\n\n"
                await asyncio.sleep(30)

        return StreamingResponse(beats(), media_type="text/event-stream")

    async def turn(request: Request) -> Response:
        seconds = float(request.query_params["seconds"])
        deaf = "deaf" in request.query_params

        async def words() -> AsyncIterator[str]:
            with running.begin("ada", "1") as stop:
                until = monotonic() + seconds
                while monotonic() < until and not enough.is_set() and (deaf or not stop.is_set()):
                    yield "word "
                    await asyncio.sleep(0.05)
                yield "stopped" if stop.is_set() else "done"

        return StreamingResponse(words(), media_type="text/event-stream")

    async def end_turns(_request: Request) -> Response:
        enough.set()
        return PlainTextResponse("ok")

    async def draining(_request: Request) -> Response:
        return PlainTextResponse(str(running.draining))

    answers = {"/heartbeat": heartbeat, "/turn": turn, "/enough": end_turns, "/draining": draining}
    return Starlette(routes=[Route(path, answer) for path, answer in answers.items()])


def main() -> None:
    """Serve."""
    logs.configure({})
    running = RunningTurns()

    def listening(port: int) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    asyncio.run(
        serve(app_with(running), "127.0.0.1", 0, running=running, listening=listening, grace_s=float(sys.argv[1]))
    )


if __name__ == "__main__":
    main()
