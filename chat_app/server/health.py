"""`/health`: this process runs; it asks nobody. `/ready`: which endpoint answers, as it was last seen.

A container's health check asks the first: a chat page whose model server is down must not be restarted for it. A proxy
that picks a replica asks the second, which is 503 while no endpoint answers and while the process is stopping.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

HEALTH, READY = "/health", "/ready"
_HEADERS = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """What is known of an endpoint."""

    name: str
    state: Literal["up", "down", "unknown"]
    """`unknown` until it was asked for the first time."""
    models: int
    """How many it offers."""
    sentence: str = ""
    """What is wrong with it; empty when nothing is."""
    hint: str = ""
    """What to do about it."""


def routes(
    version: str,
    statuses: Callable[[], Sequence[EndpointHealth]],
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> list[Route]:
    """The two routes. `statuses` must answer at once, from what was learnt before."""

    async def health(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "version": version}, headers=_HEADERS)

    async def ready(_request: Request) -> JSONResponse:
        known = statuses()
        is_up = any(status.state == "up" for status in known)
        word = "stopping" if stopping() else "ready" if is_up else "not_ready"
        answer = {"status": word, "endpoints": [asdict(status) for status in known]}
        return JSONResponse(answer, status_code=200 if word == "ready" else 503, headers=_HEADERS)

    return [Route(HEALTH, health, name="health"), Route(READY, ready, name="ready")]
