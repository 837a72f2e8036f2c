"""One turn: a conversation goes to an endpoint, an answer grows, and however it ends one summary is handed out.

`Endpoint` is the one port to the servers: the HTTP client, retry around one endpoint, failover over several, the demo
and every test double have the same `stream`. `run_turn` never raises what an endpoint raises: the problem becomes
part of the answer, behind what had arrived. It knows neither HTTP nor the page.

With tools a turn has rounds: the model is asked, the calls that it wants are made (`calling.py`), and it is asked again
with what came of them, as one message of the assistant behind the question. The same endpoint is asked anew in each
round: where it is a failover, another server may go on from the results when the first is gone between two rounds,
which nobody sees, because it begins with words of its own and never within those of the other. In mid-answer no other
takes over, in any round.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Protocol

from chat_app.conversation.answer_parts import call_ids, parts_of_steps
from chat_app.conversation.calling import Pace, Tooling, awaited, identified, made
from chat_app.conversation.coalesce import batches
from chat_app.conversation.deltas import Answer, Delta, Dropped, ToolsUnreached, fold
from chat_app.conversation.messages import Message
from chat_app.conversation.problems import problem_of, stopped, too_many_rounds
from chat_app.conversation.rounds import after, asked_again, step_of
from chat_app.conversation.tools import Tool
from chat_app.errors import AnswerProblem, ChatAppError, EndpointError, Stopped, ToolCallWanted, UnexpectedError

UPDATE_EVERY_S = 0.1
"""The shortest time between two updates of the page."""
BEAT_S = 0.5
"""The longest time without one: a closed tab is noticed when the turn yields, and its request is to end within 1 s."""

_CUT = frozenset({"length", "content_filter"})
"""Reasons to end after which a call is not whole, or not to be made."""


@dataclass(frozen=True, slots=True)
class Request:
    """What an endpoint is asked: the whole conversation, system prompt first, ending with the visitor's message."""

    messages: tuple[Message, ...]
    model: str
    """The model's name as the endpoint lists it; empty lets the endpoint take the first it has."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters by their OpenAI names, as JSON values, added to the request as they are; None leaves out
    one that would be sent otherwise."""
    tools: tuple[Tool, ...] = ()
    """What the model may call. Where there are none, calls of earlier turns are not sent either."""
    every_s: float = field(default=0.0, compare=False)
    """How often the answer is looked at: what comes in between may be read at one time."""


class Endpoint(Protocol):
    """Anything that answers a request with deltas.

    `Started` is the commit point: an `EndpointError` raised before it may be retried or given to another endpoint, one
    raised after it may not. Only what is being waited for, and who was passed over, comes before it (`deltas.commits`).
    Closing the generator closes the connection.
    """

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer to `request`, delta by delta. Raises `EndpointError`."""
        ...


@dataclass(frozen=True, slots=True)
class TurnSummary:
    """What is known of a finished turn but not its words: for logs, metrics and the answer's token."""

    answer_id: str
    conversation_id: str
    turn: int
    """1 for the first user message of the conversation."""
    preset: str
    endpoint: str
    model: str
    parameters: Mapping[str, Any]
    finish_reason: str
    """The server's own, or `stopped`, or empty when it gave none."""
    outcome: str
    """`complete`, or the `code` of what went wrong."""
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_s: float | None
    total_s: float
    attempts: int
    passed_over: tuple[str, ...] = ()
    """The names of the endpoints that did not answer: those that were asked in that order, then those that were not."""
    messages_dropped: int = 0
    """How many of the first messages were not sent, because the conversation was too long for the model."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question, ready to be asked: where it belongs, and the request that it makes."""

    answer_id: str
    conversation_id: str
    number: int
    preset: str
    request: Request
    so_far: str = ""
    """Where the request asks to go on with an answer: what there is of it."""


Observer = Callable[[TurnSummary], None]


async def run_turn(  # noqa: PLR0913 -- each has a default that tests and the page set apart
    turn: Turn,
    endpoint: Endpoint,
    *,
    stop: asyncio.Event,
    tooling: Tooling | None = None,
    why_stopped: Callable[[], AnswerProblem | None] = lambda: None,
    observers: Sequence[Observer] = (),
    every_s: float = UPDATE_EVERY_S,
    beat_s: float = BEAT_S,
    clock: Callable[[], float] = monotonic,
) -> AsyncGenerator[Answer, None]:
    """The answer as it grows; the last one is `done`.

    Yields about every `beat_s` seconds, also when nothing came. With `tooling` the calls that the model wants are made
    and it is asked again, until it answers; what came before is in `answer.steps`. Set `stop` to end it with what had
    arrived; close the generator to abandon it, which closes the connection too and counts as stopped; both end calls
    under way. `why_stopped` may know another reason to stop than the visitor. Either way the observers are told once,
    and of a defect of this program too, which is raised.
    """
    started = clock()
    answer = Answer(text=turn.so_far, continued=len(turn.so_far))
    problem: ChatAppError | None = UnexpectedError("This turn failed.", hint="Its log tells why.")
    pace = Pace(stop, beat_s, lambda: clock() - started)
    try:
        try:
            async with aclosing(_rounds(turn, endpoint, tooling, pace, every_s)) as answers:
                async for answer in answers:
                    yield answer
            problem = problem_of(answer)
            if stop.is_set() and (not answer.finish_reason or isinstance(problem, ToolCallWanted)):
                problem = why_stopped() or stopped(answer)
        except ChatAppError as error:
            problem = error
        except (GeneratorExit, asyncio.CancelledError):
            ended = answer.finish_reason and not isinstance(problem_of(answer), ToolCallWanted)
            problem = None if ended else stopped(answer)
            raise
        answer = replace(answer, problem=problem, total_s=clock() - started)
        yield answer
    finally:
        if not answer.done:
            answer = replace(answer, problem=problem, total_s=clock() - started)
        summary = summary_of(turn, answer)
        for observe in observers:
            observe(summary)


async def _rounds(
    turn: Turn, endpoint: Endpoint, tooling: Tooling | None, pace: Pace, every_s: float
) -> AsyncGenerator[Answer, None]:
    """The answer over all rounds, as it grows. Raises what the endpoint raises, and `TooManyRounds`."""
    request, before = replace(turn.request, every_s=every_s), Answer(text=turn.so_far, continued=len(turn.so_far))
    answer = before
    tools: Sequence[Tool] = ()
    if tooling:
        listing = asyncio.create_task(_listed(tooling))
        async with aclosing(awaited(listing, pace)) as beats:
            async for _ in beats:
                yield replace(answer, elapsed_s=pace.now())
        if listing.cancelled():
            return
        tools = listing.result()
        request = replace(request, tools=tuple(tools))
        before = replace(before, remarks=tuple(map(ToolsUnreached, tooling.toolbox.unreached)))
    while True:
        async with aclosing(_round(before, endpoint, request, pace)) as answers:
            async for answer in answers:
                yield answer
        if not (tooling and answer.tool_calls) or answer.finish_reason in _CUT or pace.stop.is_set():
            return
        if len(answer.steps) >= tooling.max_rounds:
            raise too_many_rounds(tooling.max_rounds)
        async with aclosing(_called(answer, request, tools, tooling, pace)) as answers:
            async for answer in answers:
                yield answer
        if pace.stop.is_set():
            return
        before = answer
        told = parts_of_steps(answer.steps, pictures=tooling.pictures, so_far=turn.so_far)
        request = replace(request, messages=(*turn.request.messages, Message("assistant", told)))


async def _round(before: Answer, endpoint: Endpoint, request: Request, pace: Pace) -> AsyncGenerator[Answer, None]:
    """The answer behind what came `before`, as one request makes it grow."""
    answer = Answer(text=before.text, continued=before.continued)
    stream = batches(endpoint.stream(request), stop=pace.stop, every_s=request.every_s, beat_s=pace.beat_s)
    async with aclosing(stream):
        async for batch in stream:
            now_s = pace.now()
            for delta in batch:
                answer = fold(answer, delta, now_s)
            yield replace(after(before, answer), elapsed_s=now_s)


async def _called(
    answer: Answer, request: Request, tools: Sequence[Tool], tooling: Tooling, pace: Pace
) -> AsyncGenerator[Answer, None]:
    """`answer` with the calls that it wants made: a step of it, and nothing yet behind that."""
    taken = call_ids((*(part for said in request.messages for part in said.parts), *parts_of_steps(answer.steps)))
    step = step_of(answer, identified(answer.tool_calls.values(), taken))
    wanted = [call.call for call in step.calls]
    async with aclosing(made(wanted, tools, tooling, pace)) as states:
        async for calls in states:
            yield replace(asked_again(answer, replace(step, calls=calls)), elapsed_s=pace.now())


async def _listed(tooling: Tooling) -> Sequence[Tool]:
    return await tooling.toolbox.tools()


def summary_of(turn: Turn, answer: Answer) -> TurnSummary:
    """What is known of `answer`, which ended `turn`."""
    outcome = answer.problem.code if answer.problem else "complete"
    failure = answer.problem if isinstance(answer.problem, EndpointError) else None
    return TurnSummary(
        answer_id=turn.answer_id,
        conversation_id=turn.conversation_id,
        turn=turn.number,
        preset=turn.preset,
        endpoint=answer.endpoint or (failure or answer.waiting or answer).endpoint,
        model=answer.model or turn.request.model,
        parameters=turn.request.parameters,
        finish_reason=answer.finish_reason or ("stopped" if outcome == Stopped.code else ""),
        outcome=outcome,
        prompt_tokens=answer.usage.prompt_tokens,
        completion_tokens=answer.usage.completion_tokens,
        first_token_s=answer.first_token_s,
        total_s=answer.total_s or 0.0,
        attempts=answer.attempts or (failure.attempts if failure else 0),
        passed_over=tuple(passed.endpoint for passed in answer.passed_over),
        messages_dropped=sum(remark.messages for remark in answer.remarks if isinstance(remark, Dropped)),
    )
