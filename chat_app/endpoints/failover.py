"""The next endpoint when one cannot answer.

An endpoint made of endpoints. Only before the first delta: an answer that has begun is never continued by another
model. Any `EndpointError` passes the question on, also one that a retry would not help against (a wrong key, a model
that is missing), because the next server may have both.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from chat_app.conversation.deltas import Delta
from chat_app.conversation.turn import Endpoint, Request
from chat_app.errors import AllFailed, EndpointError


class Failover:
    """An endpoint that asks `endpoints` one after the other, in their order, until one begins to answer."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.endpoints = tuple(endpoints)

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer of the first endpoint that gives one. Raises one error that says why each did not."""
        errors: list[EndpointError] = []
        for endpoint in self.endpoints:
            stream = endpoint.stream(request)
            try:
                first = await anext(stream, None)
            except EndpointError as error:
                errors.append(error)
                continue
            async with aclosing(stream):
                if first is not None:
                    yield first
                async for delta in stream:
                    yield delta
            return
        raise _joined(errors)


def _joined(errors: Sequence[EndpointError]) -> EndpointError:
    """The one error, or one that carries what each endpoint said and what to do about the first."""
    first = errors[0]
    if len(errors) == 1:
        return first
    waits_s = [error.retry_after_s for error in errors if error.retry_after_s is not None]
    return AllFailed(
        f"None of the {len(errors)} endpoints could answer. {' '.join(error.sentence for error in errors)}",
        hint=first.hint,
        endpoint=first.endpoint,
        detail="\n".join(f"{error.endpoint}: {error.detail}" for error in errors if error.detail),
        retry_after_s=min(waits_s, default=None),
    )
