"""Whether an endpoint keeps failing, so that the others are asked first for a while.

After `FAILURES` questions in a row that failed because the server is unwell, the breaker is open for `cool_down_s`.
Then one question may try the server again, while all others still go elsewhere; an answer closes the breaker, a failure
begins the wait anew. What says nothing of the server's health (a refused request, a missing model, a wrong key, 429,
the visitor's Stop) neither counts nor clears. An answer that has begun clears: what breaks later may be its own fault.

It counts by server, not by model: one model that fails each time (it is too big for the memory, say) has the others of
its server asked elsewhere first, too, as far as there is an elsewhere. An answer of any of them closes the breaker.

It only knows and tells: an open breaker refuses nobody, `failover.py` puts the endpoint last. A preset with a single
endpoint would gain nothing from a refusal but the wait.

Own code, because of the streams: pybreaker 1.4.1 wraps calls (and Tornado's coroutines), purgatory 3.0.1 puts a
context around the whole answer, where its half-open state lets everybody through, a cancellation counts as a failure,
and its clock is `time.time`. Both refuse by raising, which is what is not wanted here.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic
from typing import Final

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Delta, commits
from chat_app.conversation.turn import Endpoint, Request
from chat_app.endpoints.failures.hints import in_words
from chat_app.errors import (
    ConnectionFailed,
    ConnectionRefused,
    EndpointError,
    NameUnknown,
    NotOpenAI,
    ServerFailed,
    StreamBroken,
    StreamCut,
    TimedOut,
)

FAILURES: Final = 3
"""So many questions in a row have to fail; each has been asked `attempts` times."""
UNWELL: Final = (
    *(NameUnknown, ConnectionRefused, ConnectionFailed, TimedOut),
    *(NotOpenAI, ServerFailed, StreamBroken, StreamCut),
)
"""The errors that say that the server is unwell."""

_log = logging.getLogger(__name__)


class Breaker:
    """`endpoint`, with a memory of how it fares. One for the life of a server; `clock` tells seconds."""

    def __init__(self, endpoint: Endpoint, config: EndpointConfig, *, clock: Callable[[], float] = monotonic) -> None:
        self.endpoint = endpoint
        self.config = config
        self._clock = clock
        self._failures = 0
        self._because = ""
        self._open_until: float | None = None
        self._trial: object | None = None

    def against(self) -> str:
        """What went wrong last, as a sentence, while the breaker is open; else empty."""
        return self._because if self._is_open() else ""

    def notice(self, *, alone: bool) -> EndpointError | None:
        """What to tell while it is open: what went wrong, and who is asked meanwhile; nobody else if it is `alone`."""
        if self._open_until is None or not self._is_open():
            return None
        failed = f"It failed {self._failures} times in a row"
        left = in_words(self._open_until - self._clock())
        again = "It is being tried again now." if self._trial else f"It is tried again in {left}."
        hint = f"{failed}. It is still asked." if alone else f"{failed}, so the others are asked before it. {again}"
        return EndpointError(self._because, hint=hint, endpoint=self.config.name)

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The endpoint's answer, unchanged. Raises its errors."""
        begun = False
        trial = object()
        if self._open_until is not None and not self._is_open():
            self._trial = trial
        try:
            async with aclosing(self.endpoint.stream(request)) as stream:
                async for delta in stream:
                    if not begun and commits(delta):
                        begun = True
                        self._answered()
                    yield delta
        except UNWELL as error:
            if not begun:
                self._failed(error)
            raise
        finally:
            if self._trial is trial:
                self._trial = None

    def _is_open(self) -> bool:
        if self._open_until is None:
            return False
        return self._trial is not None or self._clock() < self._open_until

    def _answered(self) -> None:
        if self._open_until is not None:
            _log.info("endpoint_back", extra={"endpoint": self.config.name})
        self._failures, self._open_until, self._trial = 0, None, None

    def _failed(self, error: EndpointError) -> None:
        # The words alone are kept: the error holds on to the stack it was raised in, so to what was said.
        self._failures += 1
        self._because = error.sentence
        if self._failures < FAILURES:
            return
        if self._open_until is None:
            fields = {"failures": self._failures, "reason": error.code, "cool_down_s": self.config.cool_down_s}
            _log.warning("endpoint_skipped", extra={"endpoint": self.config.name, **fields})
        self._open_until = self._clock() + self.config.cool_down_s
