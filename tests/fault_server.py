"""A server that fails in every way that `faults.py` names, over real sockets; `fault_server` runs it.

Which fault it is stands in the question: `[busy, busy]` in the visitor's last message, or the name of the model; or the
test says it with `play`. So many questions can be asked at once, and each gets its own. What was sent is kept beside
when the client closed the connection.

It adds no way to talk to the scripted server of `tests/browser/upstream.py`: a fault is some of its replies.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

from tests.browser.upstream import Exchange, Reply, Step, Upstream, says, serving
from tests.faults import FAULTS, WELL, connection

_WORD = re.compile(r"\[([a-z0-9 ,]+)\]")


class FaultServer(Upstream):
    """The scripted server with `FAULTS`; made by `fault_server`. Its methods are called from the test's thread."""

    def reset(self) -> None:
        """As new: the faults as models, nothing recorded, nothing to be played."""
        super().reset()
        self.models = tuple(FAULTS)
        self.otherwise = says(WELL)
        self._played: Iterator[Reply] = iter(())
        self._asked_again: dict[tuple[str, str], Iterator[Reply]] = {}
        self._sent: dict[int, list[bytes]] = {}

    def play(self, *names: str) -> None:
        """What the next chat requests get, whoever asks: the replies of these faults, then good answers."""
        self._played = _replies_of(names)

    def sent(self, exchange: Exchange) -> bytes:
        """The bytes of the body that were sent in `exchange`."""
        return b"".join(self._sent.get(id(exchange), ()))

    @property
    def still_open(self) -> list[Exchange]:
        """The requests whose connection is not closed."""
        return [exchange for exchange in self.exchanges if not exchange.closed.is_set()]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, which is one request, in a task of its own."""
        connection.set(writer)
        await super().serve(reader, writer)

    def reply_to(self, exchange: Exchange) -> Reply:
        """What is played now, or else what the question asks for; its next reply when it is asked again."""
        reply = super().reply_to(exchange)
        if reply is self.otherwise:
            reply = next(self._played, None) or next(self._script_of(exchange), reply)
        return replace(reply, steps=self._noted(exchange, reply.steps))

    def _script_of(self, exchange: Exchange) -> Iterator[Reply]:
        question, model = str(exchange.body["messages"][-1]["content"]), str(exchange.body["model"])
        names = tuple(name.strip() for found in _WORD.findall(question) for name in found.split(","))
        if (question, model) not in self._asked_again:
            self._asked_again[question, model] = _replies_of(names or (model,))
        return self._asked_again[question, model]

    def _noted(self, exchange: Exchange, steps: Iterable[Step]) -> Iterator[Step]:
        sent = self._sent.setdefault(id(exchange), [])
        for step in steps:
            if isinstance(step, bytes):
                sent.append(step)
            yield step


def _replies_of(names: Iterable[str]) -> Iterator[Reply]:
    """The replies of these faults; a name that there is not is none, so that a question may hold brackets."""
    return chain.from_iterable(FAULTS.get(name, tuple)() for name in names)


def refused_url() -> str:
    """The address of a port at which nobody listens. The system gives it to others after some thousand others."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/v1"


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    """The server on a free port of 127.0.0.1, in a thread of its own; at the end all connections are closed."""
    with serving(FaultServer()) as served:
        yield served
