"""One visitor of a page made with Gradio, ours or `gr.load_chat`'s, posting what its page posts in Chromium.

Read in Gradio 6.31, `chat_interface._setup_events` and `client/js`: an event with a queue is joined and its stream
opened; one without is a single request. Gradio's own chain for a turn is `submit`, two that put the question on the
page, the answer, then four that take notes of it on the server, and a change of state that tells the page what it has
just told; the page waits for the first before it posts those that are said to come `then`. Ours posts one.
"""

from __future__ import annotations

import asyncio
import json
import re
from abc import ABC, abstractmethod
from contextlib import suppress
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from benchmarks.timing import Pace, Watch
from benchmarks.wire import Page

_HAS_HEARTBEAT: Final = re.compile(rb'"connect_heartbeat":\s*true')
EARLIER: Final = "Some words of an earlier message, as long as such messages often are; and a little more. " * 4


def said(role: str, text: str) -> dict[str, Any]:
    """A message as the page posts it."""
    return {"role": role, "content": [{"type": "text", "text": text}], "metadata": None, "options": None}


def earlier(messages: int) -> list[dict[str, Any]]:
    """So many messages that were said before."""
    return [said(("user", "assistant")[number % 2], EARLIER) for number in range(messages)]


class GradioVisitor(ABC):
    """Somebody with the page open; `ask` takes a turn."""

    def __init__(self, base_url: str, messages: int = 0) -> None:
        self.page = Page(base_url)
        self.session = uuid4().hex[:11]
        self._conversation = earlier(messages)
        self._heart: asyncio.Task[None] | None = None
        self._events: dict[str, int] = {}

    async def open(self) -> None:
        """Load the page, and hold its heartbeat open if it has one."""
        document = await self.page.fetch("/")
        for event in (await self.page.get("/config"))["dependencies"]:
            for name in (event["api_name"], *(kind for _, kind in event["targets"])):
                self._events.setdefault(name, event["id"])
        if _HAS_HEARTBEAT.search(document):
            self._heart = asyncio.create_task(self._beat())

    async def ask(self, pace: Pace) -> Watch:
        """The answer to one question, as it was seen."""
        before = (self.page.requests, self.page.wire_bytes, self.page.body_bytes)
        watch = Watch(pace)
        try:
            await self._turn(watch, f"Please count: {pace}")
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what is counted
            watch.error = f"{type(error).__name__}: {error}"
        watch.requests, watch.wire_bytes, watch.body_bytes = (
            after - earlier
            for after, earlier in zip(
                (self.page.requests, self.page.wire_bytes, self.page.body_bytes), before, strict=True
            )
        )
        return watch

    async def close(self) -> None:
        """Close the page."""
        if self._heart:
            self._heart.cancel()
            with suppress(asyncio.CancelledError):
                await self._heart
        self.page.close()

    async def _beat(self) -> None:
        async for _ in self.page.stream(f"/gradio_api/heartbeat/{self.session}"):
            pass

    @abstractmethod
    async def _turn(self, watch: Watch, question: str) -> None:
        """All that the page posts for a turn."""

    def _body(self, event: int, data: list[Any]) -> dict[str, Any]:
        return {
            "data": data,
            "event_data": None,
            "fn_index": event,
            "trigger_id": None,
            "session_hash": self.session,
        }

    async def _run(self, event: int, *data: Any) -> list[Any]:
        """What an event without a queue returns."""
        answered = await self.page.post("/gradio_api/run/predict", self._body(event, list(data)))
        values: list[Any] = answered["data"]
        return values

    async def _join(self, event: int, *data: Any, watch: Watch | None = None) -> list[Any]:
        """What an event with a queue ends with: its differences applied, noted in `watch` as they come."""
        return (await self._join_all((event, list(data)), watch=watch))[0]

    async def _join_all(self, *events: tuple[int, list[Any]], watch: Watch | None = None) -> list[list[Any]]:
        """The same for several at once, which share a stream as they do on the page."""
        ids = [
            (await self.page.post("/gradio_api/queue/join", self._body(event, data)))["event_id"]
            for event, data in events
        ]
        values: dict[str, list[Any]] = {}
        async for line in self.page.lines(f"/gradio_api/queue/data?session_hash={self.session}"):
            message = json.loads(line[6:]) if line.startswith("data: ") else {"msg": ""}
            if message["msg"] in {"process_generating", "process_completed"}:
                name = message["event_id"]
                values[name] = _values(values.get(name, []), message)
                if watch:
                    watch.read(line)
                    watch.ended_s = monotonic()
        return [values[name] for name in ids]


def _values(before: list[Any], message: dict[str, Any]) -> list[Any]:
    """The values behind `message`: the first of an event has them whole, the next what differs, the last all again."""
    if not message["success"]:
        raise RuntimeError(str(message["output"])[:300])
    new: list[Any] = message["output"].get("data") or []
    if message["msg"] == "process_generating" and before:
        return [applied(old, each) for old, each in zip(before, new, strict=True)]
    return new or before


def applied(value: Any, differences: list[Any]) -> Any:
    """`value` with Gradio's differences made in it: `["append", ["path", 0], "text"]` and the like."""
    for action, path, new in differences:
        if not path:
            value = new if action == "replace" else value + new
            continue
        inside = value
        for step in path[:-1]:
            inside = inside[step]
        last = path[-1]
        match action:
            case "replace":
                inside[last] = new
            case "append":
                inside[last] += new
            case "add" if isinstance(inside, list):
                inside.insert(int(last), new)
            case "add":
                inside[last] = new
            case "delete":
                del inside[last]
            case _:
                raise ValueError(action)
    return value


class OurVisitor(GradioVisitor):
    """Of our page: one event a turn."""

    async def _turn(self, watch: Watch, question: str) -> None:
        asked = [*self._conversation, said("user", question)]
        posted = {"turn": uuid4().hex, "messages": asked, "wish": "", "conversation": ""}
        value = (await self._join(self._events["_answer"], posted, None, None, watch=watch))[0]
        watch.end(json.dumps(value["messages"]))
        self._conversation = [*asked, *value["messages"]]


class LoadChatVisitor(GradioVisitor):
    """Of `gr.load_chat`: Gradio's own chain. Its events are numbered in the order of `_setup_events`."""

    SUBMIT, APPEND, ANSWER, SYNC, CLEAR, SAVE, STOP_SHOWN, STOP_GONE, CHANGED, SYNCED = 0, 1, 2, 3, 4, 5, 14, 16, 29, 30

    async def _turn(self, watch: Watch, question: str) -> None:
        await self._run(self.SUBMIT, {"text": question, "files": []})
        _, (chat,) = await asyncio.gather(self._run(self.STOP_SHOWN), self._run(self.APPEND, None, self._conversation))
        chat = (await self._join(self.ANSWER, None, None, watch=watch))[1]
        watch.end(json.dumps(chat[-1]))
        self._conversation = chat
        await asyncio.gather(self._run(self.STOP_GONE), self._run(self.SYNC, chat))
        await self._join_all((self.CLEAR, []), (self.CHANGED, [None]))
        await asyncio.gather(self._run(self.SAVE, None, None, [None, []]), self._run(self.SYNCED, chat))


class ApiVisitor(GradioVisitor):
    """A program that asks over plain HTTP, without a page: `/gradio_api/call/<name>`."""

    def __init__(self, base_url: str, name: str, *data: Any) -> None:
        super().__init__(base_url)
        self._path, self._data = f"/gradio_api/call/{name}", data

    async def open(self) -> None:
        """Nothing is needed."""

    async def _turn(self, watch: Watch, question: str) -> None:
        data = json.loads(json.dumps(self._data).replace("QUESTION", question))
        event = (await self.page.post(self._path, {"data": data}))["event_id"]
        name = last = ""
        async for line in self.page.lines(f"{self._path}/{event}"):
            kind, _, value = line.partition(": ")
            if kind == "event":
                name = value
            elif kind == "data":
                watch.read(value)
                last = value
        if name != "complete":
            raise RuntimeError(f"{name}: {last[:300]}")
        watch.end(last)
