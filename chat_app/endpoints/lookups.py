"""An event loop in which a name service that hangs delays nobody but those who ask for the same name.

asyncio looks names up in its default pool of threads (32 at most, fewer on a small machine), which the whole program
shares, and waits for these threads at its end. The system's own lookup cannot be cancelled: when a name server is gone
it takes 10 to 30 s, whatever limit of time has passed meanwhile. So every look at such an endpoint left one more thread
behind, until healthy endpoints and the feedback file had to wait for one.

Here a lookup has a thread of its own, which the end of the process does not wait for, and whoever asks for a name that
is being looked up shares the answer: never more threads than names. What is known is not remembered. Measured with
lookups that take 25 s (Python 3.11, 4 cores) and 40 looks of the catalog, each given up after 0.2 s: with asyncio's own
loop 8 lookups hung, an `asyncio.to_thread` behind them waited 17 s, and a program that had lost one lookup ended 25 s
late; here one lookup hung, `to_thread` took 0.5 ms, and the end was not late.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    _Loop: TypeAlias = asyncio.SelectorEventLoop
else:
    try:  # the same in C, which is not made for Windows
        from uvloop import Loop as _Loop
    except ImportError:
        _Loop = asyncio.SelectorEventLoop

_Asked: TypeAlias = tuple[Any, ...]
_Value = TypeVar("_Value")


class EventLoop(_Loop):
    """The usual event loop, with lookups of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._lookups: dict[_Asked, asyncio.Future[Any]] = {}

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 -- asyncio's own name
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """As `socket.getaddrinfo`. Cancelling it leaves the lookup to those who ask for the same meanwhile."""
        asked = (host, port, family, type, proto, flags)
        lookup = self._lookups.get(asked)
        if lookup is None:
            lookup = self._lookups[asked] = self.create_future()
            threading.Thread(target=self._look_up, args=(asked,), name="lookup", daemon=True).start()
        return await asyncio.shield(lookup)

    def _look_up(self, asked: _Asked) -> None:
        found, error = None, None
        try:
            found = socket.getaddrinfo(*asked)
        except BaseException as raised:  # noqa: BLE001 -- it belongs to those who wait
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.call_soon_threadsafe(self._answer, asked, found, error)

    def _answer(self, asked: _Asked, found: Any, error: BaseException | None) -> None:
        lookup = self._lookups.pop(asked)
        if lookup.cancelled():
            return
        if error is None:
            lookup.set_result(found)
        else:
            lookup.set_exception(error)
            lookup.exception()  # those who wait have it; when all have left, it is no news


def run(main: Coroutine[Any, Any, _Value]) -> _Value:
    """What `main` returns: `asyncio.run` with this loop."""
    with asyncio.Runner(loop_factory=EventLoop) as runner:
        return runner.run(main)
