import asyncio
import errno
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from chat_app.errors import CannotListen
from chat_app.server import process
from chat_app.server.process import GRACE_S, serve
from chat_app.server.turns import RunningTurns
from tests.server.asgi import Echo
from tests.server.slow_app import app_with

ROOT = Path(__file__).parents[2]
LONG_S = 600
"""Whatever may take so long and is over within `SOON_S` was not waited for, on a slow machine too."""
SOON_S = 30


@dataclass(frozen=True, slots=True)
class Served:
    """A process that serves, and how to ask it."""

    process: subprocess.Popen[str]
    port: int
    open: ExitStack

    def get(self, path: str) -> HTTPResponse:
        """A response whose body may still be coming."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SOON_S)
        self.open.callback(connection.close)
        connection.request("GET", path)
        return connection.getresponse()

    def wait_until_draining(self) -> None:
        """Until it has heard the signal."""
        while self.get("/draining").read() != b"True":
            sleep(0.01)

    def ended(self) -> tuple[int, str]:
        """Its exit status and what it said on stderr. Raises when it does not end soon."""
        _, said = self.process.communicate(timeout=SOON_S)
        return self.process.returncode, said


@contextmanager
def _served(grace_s: float = GRACE_S) -> Iterator[Served]:
    command = [sys.executable, "-W", "error", "-m", "tests.server.slow_app", str(grace_s)]
    with (
        ExitStack() as stack,
        subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process,  # noqa: S603
    ):
        stack.callback(process.kill)
        assert process.stdout is not None
        yield Served(process, int(process.stdout.readline()), stack)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_with_nothing_running_it_ends_at_once(number: signal.Signals) -> None:
    """Clients of the API hold event streams open; these end as if they were done, and the exit status is 0."""
    with _served(grace_s=LONG_S) as served:
        beats = [served.get("/heartbeat") for _ in range(3)]
        served.process.send_signal(number)

        assert served.ended() == (0, "")
        assert [beat.read() for beat in beats] == [b"data: ALIVE\n\n"] * 3


def test_a_running_answer_may_finish() -> None:
    """The visitor gets all of it, and nothing is waited for behind it."""
    with _served(grace_s=LONG_S) as served:
        idle = served.get("/heartbeat")
        answer = served.get("/turn?seconds=1")
        served.process.send_signal(signal.SIGTERM)

        assert answer.read().endswith(b"word done")
        assert served.ended() == (0, "")
        idle.read()


def test_while_answers_finish_it_still_answers() -> None:
    """The page needs further requests to show the end of an answer, and can say that the server is stopping."""
    with _served(grace_s=LONG_S) as served:
        answer = served.get(f"/turn?seconds={LONG_S}")
        assert served.get("/draining").read() == b"False"
        served.process.send_signal(signal.SIGTERM)
        served.wait_until_draining()
        answer.read(10)

        assert served.get("/enough").read() == b"ok"
        assert answer.read().endswith(b"done")
        assert served.ended() == (0, "")


def test_an_answer_that_takes_too_long_ends_with_what_had_arrived() -> None:
    """It is told to stop, and what it says then still arrives."""
    with _served(grace_s=0.3) as served:
        answer = served.get(f"/turn?seconds={LONG_S}")
        served.process.send_signal(signal.SIGTERM)

        assert answer.read().endswith(b"word stopped")
        assert served.ended() == (0, "")


def test_an_answer_that_does_not_listen_is_ended_all_the_same() -> None:
    """Nothing keeps the process alive."""
    with _served(grace_s=0.2) as served:
        answer = served.get(f"/turn?seconds={LONG_S}&deaf")
        served.process.send_signal(signal.SIGTERM)

        assert served.ended() == (0, "")
        assert answer.read().startswith(b"word")


def test_a_second_signal_ends_everything_at_once() -> None:
    """Whoever presses Ctrl+C twice means it."""
    with _served(grace_s=LONG_S) as served:
        answer = served.get(f"/turn?seconds={LONG_S}&deaf")
        served.process.send_signal(signal.SIGINT)
        answer.read(10)
        served.wait_until_draining()
        served.process.send_signal(signal.SIGINT)

        assert served.ended() == (0, "")


async def test_a_port_in_use_is_a_sentence_with_a_way_out() -> None:
    """No traceback."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"Port {port} is used.*--port"):
            await serve(Echo(), "127.0.0.1", port, running=RunningTurns())


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), r"rights.*above 1023"),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), r"cannot listen on `h`.*server\.host"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), r"Name or service not known.*--host"),
    ],
)
async def test_an_address_that_cannot_be_used_is_said(
    monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    """Each with what to set instead."""

    def refuse(*_: object, **__: object) -> socket.socket:
        raise error

    monkeypatch.setattr(socket, "create_server", refuse)

    with pytest.raises(CannotListen, match=said):
        await serve(Echo(), "h", 80, running=RunningTurns())


async def test_small_pieces_are_sent_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when the one before is acknowledged, which takes 40 ms; accepted sockets are as the listening one."""
    create, without_delay = socket.create_server, []

    def noting(*arguments: Any, **options: Any) -> socket.socket:
        made.append(create(*arguments, **options))
        return made[-1]

    def listening(_port: int) -> None:
        without_delay.append(made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        raise InterruptedError

    made: list[socket.socket] = []
    monkeypatch.setattr(socket, "create_server", noting)
    with pytest.raises(InterruptedError):
        await serve(Echo(), "127.0.0.1", 0, running=RunningTurns(), listening=listening)
    assert without_delay == [1]


async def test_it_ends_when_what_it_serves_until_is_over() -> None:
    """As by a signal: what cannot go on says so, and no turn begins any more."""
    running, over = RunningTurns(), asyncio.Event()

    def end_soon(_port: int) -> None:
        asyncio.get_running_loop().call_later(0.2, over.set)

    async with asyncio.timeout(10):
        await serve(app_with(running), "127.0.0.1", 0, running=running, listening=end_soon, until=over.wait)

    assert over.is_set()

    assert running.draining


def test_the_time_to_stop_is_within_ten_seconds() -> None:
    """Docker kills what is still there then: grace, last words, flush, closing; then the interpreter's end."""
    assert GRACE_S <= 8
    assert GRACE_S + process._LAST_WORDS_S + process._FLUSH_S + process._CLOSE_S < 9.5  # noqa: SLF001


async def test_signals_are_as_they_were_afterwards() -> None:
    """Whoever runs the server in a larger program keeps their handlers."""
    before = (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    running = RunningTurns()

    def stop_soon(_port: int) -> None:
        asyncio.get_running_loop().call_later(0.2, signal.raise_signal, signal.SIGTERM)

    await serve(app_with(running), "127.0.0.1", 0, running=running, listening=stop_soon)

    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
