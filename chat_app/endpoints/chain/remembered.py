"""Answers that are kept in memory and given again to all who ask the same: those to the examples of the page.

An endpoint around another one, put there for a question that is an example and nothing else; what that is, the page
decides. Only the first question of a conversation is remembered: what a later round of tool calls asks is passed on.
Only a whole answer is kept: one that the server ended by itself, with text and without a call of a tool; what it was
waited for, and who was passed over, is not part of it. It is given again all at once, as an answer that took no request
(`Started.attempts` is 0), with the usage of the first time.

All who ask while the answer is not there yet share one request: each is given what has come, and then what comes. It
ends when the last of them has left.

What is kept belongs to the preset, the model, the whole request and this process: with another model, system prompt or
parameter it is another question, and other settings are another process.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from hashlib import sha256
from typing import Final, TypeAlias

from chat_app.conversation.deltas import (
    Delta,
    Finish,
    Media,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    commits,
    merge,
)
from chat_app.conversation.turn import Endpoint, Request
from chat_app.errors import ChatAppError

ANSWERS: Final = 200
"""So many are kept, those last given."""
CHARACTERS: Final = 2_000_000
"""The most that one may have, its pictures included."""
_CUT: Final = frozenset({"length", "content_filter", "tool_calls", "function_call", "abort"})
"""Reasons to end that leave an answer not whole."""

AskAhead: TypeAlias = Callable[[], tuple[Endpoint, Request]]
"""Whom to ask before anybody does, and what. Raises `ChatAppError`."""

_log = logging.getLogger(__name__)


class Remembered:
    """The answers that are kept, and those that are being given for the first time."""

    def __init__(self, *, answers: int = ANSWERS) -> None:
        self._answers = answers
        self._kept: OrderedDict[str, tuple[Delta, ...]] = OrderedDict()
        self._asking: dict[str, _Asking] = {}

    def around(self, endpoint: Endpoint, preset: str) -> Endpoint:
        """`endpoint`, which is asked only for what is not kept of `preset`."""
        return _Remembering(self, endpoint, preset)

    async def stream(self, endpoint: Endpoint, request: Request, preset: str) -> AsyncGenerator[Delta, None]:
        """The answer that is kept, or that of `endpoint`, which is kept then. Raises `EndpointError`."""
        key = _key(preset, request)
        if kept := self._kept.get(key):
            self._kept.move_to_end(key)
            for delta in kept:
                yield delta
            return
        asking = self._asking.get(key)
        if asking is None or asking.over:
            asking = self._asking[key] = _Asking(endpoint, request, lambda deltas: self._ended(key, deltas))
        try:
            async with aclosing(asking.deltas()) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            if asking.left and self._asking.get(key) is asking:
                del self._asking[key]

    def _ended(self, key: str, deltas: Sequence[Delta]) -> None:
        if answer := _whole(deltas):
            self._kept[key] = answer
            while len(self._kept) > self._answers:
                self._kept.popitem(last=False)


async def ask_ahead(questions: Iterable[AskAhead]) -> None:
    """Ask `questions`, one after the other, so that their answers are kept before anybody asks. Never raises.

    One that fails is logged by its number and left to the first who asks it.
    """
    for number, question in enumerate(questions):
        try:
            endpoint, request = question()
            async with aclosing(endpoint.stream(request)) as deltas:
                async for _ in deltas:
                    pass
        except ChatAppError as error:
            _log.warning("example_not_answered", extra={"example": number, "code": error.code})


class _Remembering:
    """One endpoint with what is remembered before it."""

    def __init__(self, remembered: Remembered, endpoint: Endpoint, preset: str) -> None:
        self._remembered = remembered
        self._endpoint = endpoint
        self._preset = preset

    def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer to `request`, delta by delta. Raises `EndpointError`."""
        roles = [message.role for message in request.messages if message.role != "system"]
        if roles != ["user"] or not request.model:
            return self._endpoint.stream(request)
        return self._remembered.stream(self._endpoint, request, self._preset)


class _Asking:
    """One request for all who wait for its answer; `ended` is told all deltas when it ended well."""

    def __init__(self, endpoint: Endpoint, request: Request, ended: Callable[[Sequence[Delta]], None]) -> None:
        self._endpoint = endpoint
        self._request = request
        self._ended = ended
        self._came: list[Delta] = []
        self._news = asyncio.Event()
        self._readers = 0
        self._abandoned = False
        self._task = asyncio.create_task(self._ask())
        self._task.add_done_callback(lambda _: self._tell())

    @property
    def over(self) -> bool:
        """Whether nothing more will come: it ended, or all have left it."""
        return self._abandoned or self._task.done()

    @property
    def left(self) -> bool:
        """Whether nobody waits for it any more."""
        return not self._readers

    async def deltas(self) -> AsyncGenerator[Delta, None]:
        """What has come, and what comes. Raises what the endpoint raises, to all."""
        self._readers += 1
        given = 0
        try:
            while True:
                while given < len(self._came):
                    given += 1
                    yield self._came[given - 1]
                if self._task.done():
                    self._task.result()
                    return
                await self._news.wait()
        finally:
            self._readers -= 1
            if not self._readers:
                await self._leave()

    async def _ask(self) -> None:
        async with aclosing(self._endpoint.stream(self._request)) as deltas:
            async for delta in deltas:
                self._came.append(delta)
                self._tell()
        self._ended(self._came)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _leave(self) -> None:
        self._abandoned = True
        self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.exception()  # whoever waited has it; asyncio would log it once more


def _whole(deltas: Sequence[Delta]) -> tuple[Delta, ...]:
    """What is kept of an answer: nothing, unless it is whole."""
    reasons = [delta.reason for delta in deltas if isinstance(delta, Finish)]
    said = any(isinstance(delta, TextDelta) and delta.text.strip() for delta in deltas)
    called = any(isinstance(delta, ToolCallDelta) for delta in deltas)
    if not said or called or not reasons or reasons[-1] in _CUT or sum(map(_characters, deltas)) > CHARACTERS:
        return ()
    answer = (replace(delta, attempts=0) if isinstance(delta, Started) else delta for delta in deltas if commits(delta))
    return merge(answer)


def _characters(delta: Delta) -> int:
    match delta:
        case TextDelta(text) | ReasoningDelta(text):
            return len(text)
        case Media(part):
            return len(part.data)
        case _:
            return 0


def _key(preset: str, request: Request) -> str:
    """The same for the same question; its files are in it."""
    tools = [tool.name for tool in request.tools]
    parts = [preset, request.model, dict(request.parameters), tools, [asdict(each) for each in request.messages]]
    return sha256(json.dumps(parts, sort_keys=True, default=repr).encode()).hexdigest()
