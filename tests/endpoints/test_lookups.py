from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any, TypeAlias

import pytest

from chat_app.config import EndpointConfig
from chat_app.endpoints import lookups
from chat_app.endpoints.catalog import Catalog
from chat_app.endpoints.discovery import Found

Addresses: TypeAlias = list[tuple[Any, ...]]
HERE: Addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 9))]

ENDING = """
import asyncio, socket, time
from chat_app.endpoints import lookups
socket.getaddrinfo = lambda *_, **__: time.sleep(60)

async def main():
    try:
        async with asyncio.timeout(0.01):
            await asyncio.get_running_loop().getaddrinfo("slow.invalid", 80)
    except TimeoutError:
        pass

lookups.run(main())
"""
"""A program that asks for a name, and ends before it has the answer."""


class _Names:
    """A name service that answers when the test says so, and keeps what it was asked."""

    def __init__(self, answer: Addresses | OSError) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.may_answer = Event()

    def __call__(self, host: bytes | str, *_: Any, **__: Any) -> Addresses:
        self.asked.append(host.decode() if isinstance(host, bytes) else host)
        self.may_answer.wait(10)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


Slow: TypeAlias = Callable[[Addresses | OSError], _Names]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    """Puts a slow name service in the place of the system's."""

    def put(answer: Addresses | OSError) -> _Names:
        names = _Names(answer)
        monkeypatch.setattr(socket, "getaddrinfo", names)
        return names

    return put


async def _look_up() -> Any:
    return await asyncio.get_running_loop().getaddrinfo("slow.invalid", 80, type=socket.SOCK_STREAM)


def test_a_lookup_that_hangs_is_asked_once_however_often_it_is_given_up(slow: Slow) -> None:
    """Each look of the catalog would leave a thread behind; all who ask meanwhile share the answer."""
    names = slow(HERE)

    async def main() -> list[Any]:
        for _ in range(50):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await _look_up()
        asking = [asyncio.create_task(_look_up()) for _ in range(3)]
        await asyncio.sleep(0)
        names.may_answer.set()
        return await asyncio.gather(*asking)

    assert lookups.run(main()) == [HERE] * 3
    assert names.asked == ["slow.invalid"]


def test_what_is_known_is_not_remembered(slow: Slow) -> None:
    """An address may change; the name service has its own memory. An error reaches all who wait, and only them."""
    names = slow(socket.gaierror(socket.EAI_NONAME, "unknown"))
    names.may_answer.set()

    async def main() -> None:
        for _ in range(2):
            both = await asyncio.gather(_look_up(), _look_up(), return_exceptions=True)
            assert [type(error) for error in both] == [socket.gaierror] * 2
        names.answer = HERE
        assert await _look_up() == HERE

    lookups.run(main())
    assert len(names.asked) == 3


def test_lookups_that_hang_take_no_thread_from_others(slow: Slow) -> None:
    """The feedback file is written in the pool of threads that asyncio would look names up in."""
    names = slow(HERE)

    async def main() -> int:
        loop = asyncio.get_running_loop()
        asking = [asyncio.create_task(loop.getaddrinfo(f"{number}.invalid", 80)) for number in range(40)]
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            done = await asyncio.to_thread(lambda: 7)
        names.may_answer.set()
        await asyncio.gather(*asking)
        return done

    assert lookups.run(main()) == 7


def test_the_catalog_has_one_lookup_for_an_endpoint_however_often_it_looks(slow: Slow) -> None:
    """Through httpx2 and all that lies under it: looks that were given up do not add up."""
    names = slow(HERE)
    config = EndpointConfig(name="main", base_url="http://slow.invalid/v1", connect_timeout_s=0.02)

    async def main() -> None:
        catalog = Catalog(Found((config,), configured=True))
        async with catalog.closing():
            for _ in range(5):
                await catalog.refresh()
                (status,) = catalog.statuses()
                assert status.error
                assert status.error.code == "timeout"

    lookups.run(main())
    names.may_answer.set()
    assert names.asked == ["slow.invalid"]


def test_the_end_of_the_process_does_not_wait_for_a_lookup() -> None:
    """It would take as long as the name service does: a minute here."""
    ended = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", ENDING], cwd=Path(__file__).parents[2], timeout=20, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_the_loop_is_the_one_in_c_where_it_is_made_for() -> None:
    """Everywhere but on Windows; the lookups stay ours."""

    async def kind() -> list[str]:
        return [base.__module__.partition(".")[0] for base in type(asyncio.get_running_loop()).__mro__[:2]]

    assert lookups.run(kind()) == ["chat_app", "asyncio" if sys.platform == "win32" else "uvloop"]
