"""What every endpoint that is made of another keeps to, whatever it adds.

A wrapper is one row in `WRAPPERS`; scripts of waits, answers and errors are played below it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Final, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import (
    Asked,
    Delta,
    Finish,
    Loading,
    PassedOver,
    Pulling,
    ReasoningDelta,
    Started,
    TextDelta,
    Usage,
    commits,
)
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Endpoint, Request
from chat_app.endpoints.chain.breaker import Breaker
from chat_app.endpoints.chain.context_window import FitsContext
from chat_app.endpoints.chain.failover import Candidate, Failover
from chat_app.endpoints.chain.line import Line
from chat_app.endpoints.chain.loading import ShowsLoading
from chat_app.endpoints.chain.order import asked_through
from chat_app.endpoints.chain.parameters import Adapting
from chat_app.endpoints.chain.remembered import Remembered
from chat_app.endpoints.chain.retry import Retrying
from chat_app.errors import EndpointError, KeyRefused, ModelLoading, RateLimited, ServerFailed, StreamBroken
from tests.doubles import FakeTime, ScriptedServer, refused, served

REQUEST: Final = Request((user("Hi"),), "toy")
STARTED: Final = Started("below", "toy")
CONFIG: Final = served("below", attempts=2, max_concurrency=1)

Step: TypeAlias = Delta | EndpointError | None
"""What the endpoint below does next: give a delta, raise an error, or let others run for a moment."""


class _Below(ScriptedServer):
    """A server that plays one script for each request, the last one again and again, and counts how streams end."""

    def __init__(self, config: EndpointConfig, *scripts: Sequence[Step]) -> None:
        super().__init__(config)
        self.scripts = list(scripts)
        self.ends: list[int] = []
        """How often each stream was closed or came to its end."""

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The next script."""
        self.requests.append(request)
        mine = len(self.ends)
        self.ends.append(0)
        try:
            for step in self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]:
                match step:
                    case None:
                        await asyncio.sleep(0)
                    case EndpointError():
                        raise step
                    case delta:
                        yield delta
        finally:
            try:
                await asyncio.sleep(0)  # a socket is not closed at once
            finally:
                self.ends[mine] += 1


def _retrying(below: _Below) -> Endpoint:
    time = FakeTime()
    return Retrying(below, below.config, sleep=time.sleep, clock=time)


def _all_of_them(below: _Below) -> Endpoint:
    time = FakeTime()
    return Failover([Candidate("below", asked_through(below, is_ollama=lambda: False, sleep=time.sleep, clock=time))])


def _failed_before(below: _Below) -> Endpoint:
    return Failover([Candidate("dead", _Below(served("dead"), [refused("dead")])), Candidate("below", below)])


async def _unknown_context(_: str) -> None:
    return None


async def _never_loading(_: str) -> bool:
    return False


WRAPPERS: Final[Mapping[str, Callable[[_Below], Endpoint]]] = {
    "retry": _retrying,
    "breaker": lambda below: Breaker(below, below.config),
    "line": lambda below: Line(below, below.name, 1),
    "failover": lambda below: Failover([Candidate("below", below)]),
    "failover's second": _failed_before,
    "all of them": _all_of_them,
    "parameters": lambda below: Adapting(below, below.config),
    "context window": lambda below: FitsContext(below, below.config, _unknown_context),
    "loading": lambda below: ShowsLoading(below, _never_loading),
    "remembered": lambda below: Remembered().around(below, "Assistant"),
}

every_wrapper = pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS.keys())

PRELUDES: Final = (
    Asked("below"),
    Loading("below"),
    Pulling("below", "toy", "pulling", 1, 2),
    PassedOver("x", "No.", 2),
)
ANSWER: Final = (STARTED, TextDelta("Hel"), ReasoningDelta("Hm"), TextDelta("lo"), Usage(1, 2), Finish("stop"))

errors_of_all_kinds = st.one_of(
    st.builds(refused, st.just("below")),
    st.builds(lambda: KeyRefused("No.", hint="", endpoint="below")),
    st.builds(lambda: RateLimited("Busy.", hint="", endpoint="below", retry_after_s=0)),
    st.builds(lambda: ModelLoading("Loading.", hint="", endpoint="below", retry_after_s=100)),
    st.builds(lambda: ServerFailed("It failed.", hint="", endpoint="below", retry_after_s=3600)),
    st.builds(lambda: StreamBroken("It broke.", hint="", endpoint="below", retryable=True)),
)
before_the_answer = st.lists(st.sampled_from([None, *PRELUDES]), max_size=4)
an_answer = st.lists(st.sampled_from([None, *ANSWER[1:]]), max_size=5).map(lambda rest: [STARTED, *rest])
scripts = st.tuples(
    before_the_answer, st.one_of(st.just([]), an_answer), st.one_of(st.none(), errors_of_all_kinds)
).map(lambda parts: [*parts[0], *parts[1], parts[2]])


async def _all(endpoint: Endpoint) -> tuple[list[Delta], EndpointError | None]:
    """All deltas of one question, and the error at its end, if there was one."""
    deltas: list[Delta] = []
    try:
        async with aclosing(endpoint.stream(REQUEST)) as stream:
            async for delta in stream:
                deltas.append(delta)  # noqa: PERF401 -- those before an error are kept
    except EndpointError as error:
        return deltas, error
    return deltas, None


@every_wrapper
async def test_an_answer_and_what_was_waited_for_before_it_come_through_unchanged(
    wrap: Callable[[_Below], Endpoint],
) -> None:
    """In their order; what a wrapper adds of its own stands before the answer."""
    below = _Below(CONFIG, [*PRELUDES, *ANSWER])
    deltas, error = await _all(wrap(below))
    begin = deltas.index(STARTED)
    assert error is None
    assert tuple(deltas[begin:]) == ANSWER
    assert tuple(deltas[begin - len(PRELUDES) : begin]) == PRELUDES
    assert not any(commits(delta) for delta in deltas[:begin])


@every_wrapper
async def test_an_error_after_the_answer_began_passes_unchanged_and_is_not_tried_again(
    wrap: Callable[[_Below], Endpoint],
) -> None:
    """Even one that would be worth another attempt."""
    broken = StreamBroken("It broke.", hint="", endpoint="below", retryable=True)
    below = _Below(CONFIG, [STARTED, TextDelta("Hel"), broken])
    deltas, error = await _all(wrap(below))
    assert error is broken
    assert deltas[-2:] == [STARTED, TextDelta("Hel")]
    assert len(below.requests) == 1


@every_wrapper
async def test_an_error_before_it_is_raised_in_the_end_and_no_stream_is_left(
    wrap: Callable[[_Below], Endpoint],
) -> None:
    """Its class, or one that carries its sentence."""
    below = _Below(CONFIG, [Loading("below"), KeyRefused("No key.", hint="", endpoint="below")])
    _, error = await _all(wrap(below))
    assert error
    assert "No key." in error.sentence
    assert error.attempts >= len(below.requests) == 1
    assert below.ends == [1]


@given(played=st.lists(scripts, min_size=1, max_size=4))
@pytest.mark.parametrize("name", WRAPPERS)
async def test_whatever_happens_below_the_answer_is_told_once_and_each_stream_is_closed_once(
    name: str, played: list[list[Step]]
) -> None:
    """Any scripts of waits, answers and errors: one `Started` at most, nothing but an answer after it, no task left."""
    before = asyncio.all_tasks()
    below = _Below(CONFIG, *played)
    deltas, error = await _all(WRAPPERS[name](below))
    begun = [commits(delta) for delta in deltas]
    assert sum(isinstance(delta, Started) for delta in deltas) == any(begun)
    assert all(isinstance(delta, Started) or i > begun.index(True) for i, delta in enumerate(deltas) if begun[i])
    last = played[min(len(below.requests), len(played)) - 1]
    assert error is None or (last[-1] is not None and error.endpoint in {"below", "dead"})
    assert below.ends == [1] * len(below.requests)
    assert asyncio.all_tasks() == before


_LONG: Final[Sequence[Sequence[Step]]] = (
    [Loading("below"), None, refused("below")],
    [None, ModelLoading("Loading.", hint="", endpoint="below")],
    [Loading("below"), None, STARTED, TextDelta("Hel"), None, TextDelta("lo"), Finish("stop")],
)
"""A question that fails, finds the model loading, and is answered: all states in one."""


@every_wrapper
@pytest.mark.parametrize("after", range(12))
async def test_closing_it_closes_the_stream_below_after_any_delta(
    wrap: Callable[[_Below], Endpoint], after: int
) -> None:
    """Stop, before the first delta and after each: the connection is closed when the closing returns."""
    below = _Below(CONFIG, *_LONG)
    stream = wrap(below).stream(REQUEST)
    with suppress(StopAsyncIteration, EndpointError):
        for _ in range(after):
            await anext(stream)
    await stream.aclose()
    assert below.ends == [1] * len(below.requests)
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


@every_wrapper
@pytest.mark.parametrize("after", range(30))
async def test_cancelling_it_closes_the_stream_below_at_any_moment(
    wrap: Callable[[_Below], Endpoint], after: int
) -> None:
    """A page that is gone: after any number of turns of the event loop, in every wait there is."""
    before = asyncio.all_tasks()
    below = _Below(CONFIG, *_LONG)
    endpoint = wrap(below)
    asking = asyncio.create_task(_all(endpoint))
    for _ in range(after):
        await asyncio.sleep(0)
    ended = asking.done()
    asking.cancel()
    await asyncio.wait((asking,))
    assert asking.cancelled() is not ended, "a cancellation is neither lost nor taken for a failure"
    assert below.ends == [1] * len(below.requests)
    assert asyncio.all_tasks() == before


@every_wrapper
async def test_it_can_be_asked_again_after_it_was_closed_or_cancelled(wrap: Callable[[_Below], Endpoint]) -> None:
    """No place, no trial, no state of one question is left behind for the next."""
    below = _Below(CONFIG, [STARTED, *[None] * 9], [None] * 9, [*ANSWER])
    endpoint = wrap(below)
    stream = endpoint.stream(REQUEST)
    async for delta in stream:
        if commits(delta):
            break
    await stream.aclose()
    asking = asyncio.create_task(_all(endpoint))
    for _ in range(4):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait((asking,))
    deltas, error = await _all(endpoint)
    assert error is None
    assert tuple(deltas[-len(ANSWER) :]) == ANSWER
