"""The start of a program, as the benchmarks time it."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import ClassVar

import pytest

from benchmarks.resources import first_answers

PATIENCE_S = 20


class Starting(BaseHTTPRequestHandler):
    """A program whose page is there once somebody has been told of its health, and that tells it while one waits."""

    waited_for, healthy = Event(), Event()
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer."""
        self.asked.append(self.path)
        (self.waited_for if self.path == "/" else self.healthy).set()
        in_time = (self.healthy if self.path == "/" else self.waited_for).wait(PATIENCE_S)
        self.send_response(200 if in_time else 500)
        self.end_headers()
        self.wfile.write(b"window.gradio_config = {}")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """Where it answers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Starting) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_health_is_timed_while_the_page_is_waited_for(url: str) -> None:
    """One behind the other, the figure of health would be that of the page."""
    assert len(first_answers(url, ("/", "/health"))) == 2
    assert sorted(Starting.asked) == ["/", "/health"]
