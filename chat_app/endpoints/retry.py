"""The same endpoint again: tenacity is the only loop, and this file the only one that knows it.

Asked again is only before the first delta, for errors that may pass (`EndpointError.retryable`), after a wait that
grows and is not the same for everybody. A server that says how long to wait is obeyed up to `LONGEST_WAIT_S`; one that
asks for more is not asked again: the next endpoint, or a visitor who knows when to come back, is better than silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Final, TypeAlias

import tenacity

from chat_app.conversation.deltas import Delta, Started
from chat_app.conversation.turn import Endpoint, Request
from chat_app.errors import EndpointError

LONGEST_WAIT_S: Final = 10.0

Sleep: TypeAlias = Callable[[float], Awaitable[None]]

_growing = tenacity.wait_exponential_jitter(multiplier=0.5, max=LONGEST_WAIT_S, jitter=0.5)


class Retrying:
    """An endpoint that asks `endpoint` up to `attempts` times. `sleep` waits; a test gives one that does not."""

    def __init__(self, endpoint: Endpoint, attempts: int, *, sleep: Sleep = asyncio.sleep) -> None:
        self.endpoint = endpoint
        self.attempts = attempts
        self._sleep = sleep

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The endpoint's answer; `Started.attempts` says how many requests it took. Raises the last attempt's error."""
        attempt = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            retry=tenacity.retry_if_exception(_may_pass),
            wait=_wait_s,
            sleep=self._sleep,
            reraise=True,
        )
        first: Delta | None
        stream: AsyncGenerator[Delta, None]
        first, stream = await attempt(self._begin, request)
        async with aclosing(stream):
            match first:
                case Started():
                    yield replace(first, attempts=attempt.statistics["attempt_number"])
                case None:
                    return
                case _:
                    yield first
            async for delta in stream:
                yield delta

    async def _begin(self, request: Request) -> tuple[Delta | None, AsyncGenerator[Delta, None]]:
        stream = self.endpoint.stream(request)
        return await anext(stream, None), stream


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, EndpointError) and error.retryable and (error.retry_after_s or 0) <= LONGEST_WAIT_S


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, EndpointError) else None
    return _growing(state) if asked_s is None else asked_s
