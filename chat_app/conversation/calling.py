"""The calls that a model wants, made at the same time, and what it is told of each.

Nothing that a model writes can end a turn: a tool that is not there, arguments that are no JSON object, a tool that
fails or may not be called all become results that tell the model what is wrong, so it can do better or without. Who
runs a tool, how long it may take and how much of its result is told is the `Toolbox`'s business; who allows it, the
page's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

from chat_app.conversation.messages import ToolCall
from chat_app.conversation.tools import Call, Decision, Tool, Toolbox, ToolOutput
from chat_app.errors import ToolError

Approve: TypeAlias = Callable[[ToolCall], Awaitable[Decision]]
"""What the visitor says to a call; waits for it as long as it takes."""

DENIED: Final = "The visitor did not allow this call."
STOPPED: Final = "The visitor stopped this call."
ENDED: Final = "The tool ended this call before it gave a result."
NOTHING: Final = "The call worked, and gave nothing back."
MAX_ROUNDS: Final = 10
_SHOWN_CHARACTERS: Final = 200
_MOST_NAMED: Final = 50
"""How many tools a model that called an unknown one is told of."""

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Tooling:
    """What a turn calls tools with."""

    toolbox: Toolbox
    approve: Approve
    """Asked for the tools whose approval is `ask`."""
    max_rounds: int = MAX_ROUNDS
    """How often the model may call tools before it has to answer."""
    pictures: bool = True
    """Whether the model is given the pictures of results."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a turn goes by: when to stop, how often it shows itself, and what time it is."""

    stop: asyncio.Event
    beat_s: float
    now: Callable[[], float]
    """Seconds since the turn began."""


async def awaited(task: asyncio.Task[_Found], pace: Pace) -> AsyncGenerator[None, None]:
    """A beat whenever `pace` wants one until `task` is over or the turn is stopped; it is over then, in any case."""
    watcher = asyncio.create_task(pace.stop.wait())
    try:
        while not (task.done() or pace.stop.is_set()):
            await asyncio.wait((task, watcher), timeout=pace.beat_s, return_when=asyncio.FIRST_COMPLETED)
            yield
    finally:
        await _ended((task, watcher))


async def made(
    wanted: Sequence[ToolCall], tools: Collection[Tool], tooling: Tooling, pace: Pace
) -> AsyncGenerator[tuple[Call, ...], None]:
    """How the calls stand: at once, when one of them changes and at each beat; all of them are over at the end.

    They are also when the turn is stopped: what still ran is ended and fails. Closing the generator ends them too.
    """
    calls = [Call(call, began_s=pace.now()) for call in wanted]
    changed = asyncio.Event()

    def put(place: int, call: Call) -> None:
        calls[place] = call
        changed.set()

    by_name = {tool.name: tool for tool in tools}
    makers = [
        asyncio.create_task(_make(call, by_name, tooling, pace.now, partial(put, place)))
        for place, call in enumerate(calls)
    ]
    watcher = asyncio.create_task(pace.stop.wait())
    for task in (*makers, watcher):
        task.add_done_callback(lambda _: changed.set())
    try:
        while not (pace.stop.is_set() or all(maker.done() for maker in makers)):
            with suppress(TimeoutError):
                async with asyncio.timeout(pace.beat_s):
                    await changed.wait()
            changed.clear()
            yield tuple(calls)
        await _ended(makers)
        for maker in makers:
            if not maker.cancelled():
                maker.result()  # a defect of this program is raised, not told to the model
        ended_s, why = pace.now(), STOPPED if pace.stop.is_set() else ENDED
        yield tuple(_ended_call(call, ended_s, why) for call in calls)
    finally:
        await _ended((*makers, watcher))


def identified(wanted: Iterable[ToolCall], taken: Iterable[str]) -> tuple[ToolCall, ...]:
    """The calls, each with an id of its own, which none of those `taken` is.

    Some servers give none, and some the same one to several. Mistral takes nine letters and digits and nothing else.
    """
    ids = set(taken)
    unique: list[ToolCall] = []
    number = 0
    for call in wanted:
        call_id = call.call_id
        while not call_id or call_id in ids:
            number += 1
            call_id = f"call{number:05d}"
        ids.add(call_id)
        unique.append(replace(call, call_id=call_id))
    return tuple(unique)


async def _make(
    call: Call,
    tools: Mapping[str, Tool],
    tooling: Tooling,
    now: Callable[[], float],
    put: Callable[[Call], None],
) -> None:
    """Makes one call, and puts what becomes of it."""
    tool = tools.get(call.call.name)
    arguments = _arguments(call.call)
    if tool is None or isinstance(arguments, str):
        wrong = _unknown(call.call.name, tools) if tool is None else str(arguments)
        put(replace(call, state="failed", output=ToolOutput(wrong, failed=True), ended_s=now()))
        return
    if tool.approval != "always":
        put(replace(call, state="asking"))
        if await tooling.approve(call.call) != "allow":
            put(replace(call, state="refused", output=ToolOutput(DENIED, failed=True), ended_s=now()))
            return
    call = replace(call, state="running", began_s=now())
    put(call)
    try:
        output = await tooling.toolbox.call(tool.name, arguments)
    except ToolError as error:
        output = ToolOutput(str(error), failed=True)
    output = replace(output, text=output.text or NOTHING)
    put(replace(call, state="failed" if output.failed else "done", output=output, ended_s=now()))


def _unknown(name: str, tools: Collection[str]) -> str:
    there = ", ".join(f"`{tool}`" for tool in islice(tools, _MOST_NAMED))
    more = f" and {len(tools) - _MOST_NAMED} more" if len(tools) > _MOST_NAMED else ""
    told = f"There are: {there}{more}." if there else "There is no other: answer without."
    return f"There is no tool called `{name[:_SHOWN_CHARACTERS]}`. {told}"


def _arguments(call: ToolCall) -> Mapping[str, Any] | str:
    """The arguments; what is wrong with them where they cannot be used. Nothing at all is an empty object."""
    try:
        arguments = json.loads(call.arguments) if call.arguments.strip() else {}
    except (ValueError, RecursionError) as error:
        return (
            f"The tool was not called: its arguments are not valid JSON ({error}). They were: "
            f"{call.arguments[:_SHOWN_CHARACTERS]}. Call it again with one whole JSON object."
        )
    if isinstance(arguments, dict):
        return arguments
    return (
        "The tool was not called: its arguments must be one JSON object with the names of its parameters. They were: "
        f"{call.arguments[:_SHOWN_CHARACTERS]}"
    )


def _ended_call(call: Call, ended_s: float, why: str) -> Call:
    if call.ended_s is not None:
        return call
    return replace(call, state="failed", output=ToolOutput(why, failed=True), ended_s=ended_s)


async def _ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """End what still runs of `tasks`, and wait until it has."""
    tasks = tuple(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
