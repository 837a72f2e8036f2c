"""However a visitor leaves, and whatever the turn is doing, the server is let go within a second.

Measured at the server's socket; a turn that has none, in line or between two attempts, at the line that it logs when it
is over; in seconds in which the app and the page have time to run (`comes_within`). Stop between two words is in
`test_turns.py` too, a running answer at the end of the process in `test_process.py`.
"""

from __future__ import annotations

import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
from playwright.sync_api import Page, expect

from benchmarks.visitor import SoakVisitor
from tests.browser.app_process import App, comes_within
from tests.browser.chat_page import WHEN_LEFT, ChatPage, open_chat
from tests.browser.conftest import StartApp
from tests.browser.gradio_events import PATIENCE_S, Visitor, asking, said
from tests.browser.test_api import CLIENT_PROCESS
from tests.browser.upstream import Upstream, fails, hangs, says, says_without_end

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints:
  - {{name: scripted, base_url: "{base_url}", models: [toy], max_concurrency: 1, wait_max_s: 60}}
  - {{name: roomy, base_url: "{base_url}", models: [toy]}}
presets: [{{name: Assistant, endpoints: [scripted]}}, {{name: Crowd, endpoints: [roomy]}}]
"""
LET_GO_S = 1.0
"""Stop is heard at once; that somebody is gone is noticed with the next beat, half a second later at most."""
CROWD = 50
STOPPED_WITHIN_S = 10.0


class Wire(socketserver.ThreadingTCPServer):
    """The network between the page and `app`, which can be cut: all connections break, and new ones too."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, app: App) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self._app = app.base_url.rpartition("/")[2].split(":")
        self._is_cut = False
        self._ends: list[socket.socket] = []
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Passes one connection on, both ways, until one side ends it."""
        del client_address
        if self._is_cut:
            return
        with socket.create_connection((self._app[0], int(self._app[1]))) as other:
            self._ends += [request, other]
            back = threading.Thread(target=_pump, args=(other, request), daemon=True)
            back.start()
            _pump(request, other)
            back.join()

    def cut(self) -> None:
        """Nothing passes any more."""
        self._is_cut = True
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """All is as before, but for the connections that broke."""
        self._is_cut = False

    def __exit__(self, *_: object) -> None:
        """Cut it for good."""
        self.cut()
        self.shutdown()
        self.server_close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app whose server answers one question at a time, and may ask for a long wait; or any number in a crowd."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


@dataclass(frozen=True)
class State:
    """What a turn is doing when its visitor leaves."""

    name: str
    prepare: Callable[[Upstream], None]
    shown: str
    """What then stands on the page."""
    kept: str = ""
    """What is kept of the answer."""

    def __str__(self) -> str:
        return self.name


def waits_for_headers(server: Upstream) -> None:
    """The server accepts and says nothing."""
    server.otherwise = hangs()


def talks(server: Upstream) -> None:
    """The server goes on and on."""
    server.otherwise = says_without_end()


def asks_for_a_wait(server: Upstream) -> None:
    """The server wants to be asked again in half a minute."""
    server.otherwise = fails(429, "Slow down.", headers={"retry-after": "30"})


STATES = (
    State("waiting for headers", waits_for_headers, "No answer yet from scripted"),
    State("between words", talks, "word word", kept="word word"),
    State("waiting to ask again", asks_for_a_wait, "Asking again in"),
    State("in line", waits_for_headers, "scripted is busy: you are next"),
)


@pytest.fixture(params=STATES, ids=str)
def state(request: pytest.FixtureRequest, app: App, server: Upstream) -> Iterator[State]:
    """The server does what this state needs; for the line, somebody else is being answered."""
    state: State = request.param
    state.prepare(server)
    with ExitStack() as stack:
        if state.name == "in line":
            holder = stack.enter_context(closing(SoakVisitor(app.base_url)))
            pool = stack.enter_context(ThreadPoolExecutor(1))
            pool.submit(holder.answered, said("user", "I was first."))
            stack.callback(holder.stop, "turn")
            wait_until(lambda: len(server.asked) == 1)
        yield state


def ended(app: App) -> int:
    """How many turns are over because their visitor stopped or left."""
    return app.log.count("turn outcome=stopped")


def expect_let_go(
    app: App,
    server: Upstream,
    state: State,
    leave: Callable[[], object],
    alive: Callable[[], object] = lambda: None,
) -> None:
    """See that the server is let go soon after `leave`, or that the turn that had not asked it yet is over.

    `alive` asks whoever else has to run for it, besides the app.
    """
    before, asked = ended(app), len(server.asked)
    asks = state.name not in {"in line", "waiting to ask again"}
    leave()
    let_go = server.asked[-1].closed.is_set if asks else lambda: ended(app) == before + 1
    assert comes_within(app, LET_GO_S, let_go, alive), "It was not let go."
    wait_until(lambda: ended(app) == before + 1)
    assert len(server.asked) == asked, "It was asked again for somebody who had left."
    assert not asks or server.asked[-1].by_client


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that happens soon, on a machine that has time for it."""
    until = monotonic() + PATIENCE_S
    while not true():
        assert monotonic() < until, f"It did not happen within {PATIENCE_S:g} s."
        sleep(0.01)


def begun(chat: ChatPage, state: State) -> None:
    """The turn has begun, and does what `state` says."""
    chat.send("Hi")
    chat.expect_answer(state.shown)


def test_stop_lets_the_server_go_at_once(chat: ChatPage, app: App, server: Upstream, state: State) -> None:
    """What had arrived is kept and marked, and the next question is answered."""
    begun(chat, state)
    expect_let_go(app, server, state, chat.stop_button.click, lambda: chat.page.evaluate("1"))
    chat.expect_done()
    chat.expect_answer("You stopped this answer.")
    chat.expect_answer(state.kept)
    if state.name != "in line":
        server.otherwise = says("Fine.")
        chat.ask("And now?")
        chat.expect_answer("Fine.")


def test_a_closed_tab_lets_the_server_go(chat: ChatPage, app: App, server: Upstream, state: State) -> None:
    """As soon as the turn beats."""
    begun(chat, state)
    expect_let_go(app, server, state, chat.page.close, chat.page.context.cookies)


def test_a_reload_lets_the_server_go(
    chat: ChatPage, app: App, server: Upstream, state: State, allowed_errors: list[str]
) -> None:
    """The page is another one then; it has the question again, and can be used at once."""
    allowed_errors += WHEN_LEFT
    begun(chat, state)
    expect_let_go(app, server, state, lambda: chat.page.reload(wait_until="commit"), chat.page.context.cookies)
    if state.name != "in line":
        server.otherwise = says("Fine.")
        expect(chat.questions).to_have_count(1)  # the page has it again
        chat.ask("And now?")
        chat.expect_answer("Fine.")


def test_a_lost_network_lets_the_server_go(
    page: Page, app: App, server: Upstream, state: State, own_hosts: set[str], allowed_errors: list[str]
) -> None:
    """The page says so, keeps what had arrived, and goes on when the network is back."""
    allowed_errors += ["ERR_", "could not reach its server"]
    with Wire(app) as wire:
        own_hosts.add(urlsplit(wire.base_url).netloc)
        chat = open_chat(page, replace(app, base_url=wire.base_url))
        begun(chat, state)
        expect_let_go(app, server, state, wire.cut)
        chat.expect_answer("could not reach its server")
        chat.expect_answer(state.kept)
        chat.expect_done()
        wire.mend()
        if state.name != "in line":
            server.otherwise = says("Fine.")
            chat.try_again.click()
            chat.expect_answer("Fine.")
            expect(chat.questions).to_have_text(["Hi"])


def test_a_client_that_is_killed_lets_the_server_go(app: App, server: Upstream, state: State) -> None:
    """Without having said good-bye: the system closes its connection."""
    environment = os.environ | {"HF_HUB_DISABLE_TELEMETRY": "1"}
    asked = len(server.asked)
    with subprocess.Popen(  # noqa: S603 — our own text
        [sys.executable, "-c", CLIENT_PROCESS, app.base_url], env=environment, stdout=subprocess.PIPE
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline()
        if state.name != "in line":
            wait_until(lambda: len(server.asked) > asked)
        expect_let_go(app, server, state, lambda: client.send_signal(signal.SIGKILL))


class Waiting(Visitor):
    """Somebody who waits for an answer until it comes, or until they leave."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)
        self.told = ""
        """All that the page was told so far."""

    def another(self) -> Waiting:
        """One more, without having asked for the page again."""
        other = copy(self)
        other.session = uuid4().hex
        return other

    def wait(self, preset: str, leave: threading.Event) -> None:
        """Ask, and take what comes; once `leave` is set, close the connection in the middle of it."""
        body = self._body("_answer", (asking([said("user", "Hi")]), preset, None), {})
        self.http.post("/gradio_api/queue/join", json=body).raise_for_status()
        with self.http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as response:
            for line in response.iter_lines():
                self.told += line
                if leave.is_set() or "process_completed" in line:
                    return


def test_fifty_who_wait_for_nothing_do_not_slow_the_process(app: App, server: Upstream) -> None:
    """Their server accepts and never answers; `/health` hardly notices, and all are let go when they leave.

    What `/health` takes without them is the machine's measure: on one of today a few milliseconds, so 50 are too many.
    """
    server.otherwise = hangs()
    leave = threading.Event()
    with ExitStack() as stack:
        http = stack.enter_context(httpx2.Client(base_url=app.base_url, trust_env=False))
        idle_s = health_s(http, 30)
        first = stack.enter_context(closing(Waiting(app.base_url)))
        pool = stack.enter_context(ThreadPoolExecutor(CROWD))
        stack.callback(leave.set)
        leaving = [pool.submit(first.another().wait, "Crowd", leave) for _ in range(CROWD)]
        wait_until(lambda: len(server.asked) == CROWD)
        crowded_s = health_s(http, 60)
        assert not any(exchange.closed.is_set() for exchange in server.asked)
        leave.set()
        for left in leaving:
            left.result()
        assert all(exchange.closed.wait(PATIENCE_S) for exchange in server.asked)
        idle_s = max(idle_s, health_s(http, 30))
    assert crowded_s < 0.01 + 10 * idle_s, f"/health: {idle_s:.4f} s idle, {crowded_s:.4f} s with {CROWD} who wait"


def health_s(http: httpx2.Client, times: int) -> float:
    """The median of so many requests for `/health`, one after the other."""
    times_s = []
    for _ in range(times):
        began_s = monotonic()
        http.get("/health").raise_for_status()
        times_s.append(monotonic() - began_s)
        sleep(0.03)
    return median(times_s)


def test_the_end_of_the_process_lets_go_of_all_who_wait(app: App, start_app: StartApp, server: Upstream) -> None:
    """In line, between attempts and before the headers: each is told, no connection stays, and the status is 0."""
    ends = start_app(
        f"""
        endpoints:
          - {{name: silent, base_url: {server.base_url}, models: [toy], max_concurrency: 1}}
          - {{name: busy, base_url: {server.base_url}, models: [toy], wait_max_s: 60}}
        presets: [{{name: Silent, endpoints: [silent]}}, {{name: Busy, endpoints: [busy]}}]
        """
    )
    server.then(hangs(), fails(429, "Slow down.", headers={"retry-after": "30"}))
    with ExitStack() as stack:
        first = stack.enter_context(closing(Waiting(ends.base_url)))
        pool = stack.enter_context(ThreadPoolExecutor(3))
        leave = threading.Event()
        stack.callback(leave.set)
        visitors, waiting = [first.another() for _ in range(3)], []
        shown = ("No answer yet", "Asking again in", "you are next")
        for visitor, preset, words in zip(visitors, ("Silent", "Busy", "Silent"), shown, strict=True):
            waiting.append(pool.submit(visitor.wait, preset, leave))
            wait_until(partial(is_told, visitor, words))
        ends.process.send_signal(signal.SIGTERM)
        # The time of another app is the machine's, too.
        assert comes_within(app, STOPPED_WITHIN_S, lambda: ends.process.poll() is not None), "It did not end."
        for answered in waiting:
            answered.result()
    assert all("being stopped" in visitor.told for visitor in visitors), [visitor.told for visitor in visitors]
    assert ends.process.wait() == 0
    assert len(server.asked) == 2
    assert all(exchange.closed.wait(PATIENCE_S) for exchange in server.asked)
    assert "Traceback" not in ends.log


def is_told(visitor: Waiting, words: str) -> bool:
    """Whether these words came to them."""
    return words in visitor.told
