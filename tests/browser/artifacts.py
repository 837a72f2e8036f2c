"""A page with answers and their artifacts, over the modules alone, under the app's own content policy."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from playwright.sync_api import Frame, Locator, Page, expect

from chat_app.server.headers import HEADERS
from tests.browser.modules import theme_css

ROOT = Path(__file__).parents[2]


class Ears:
    """A server that counts: every request that it gets but for our own files, and every byte on two bare sockets."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self.heard, directory=str(ROOT)))
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self._threads = [
            Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}),
            Thread(target=self._accept),
            Thread(target=self._receive),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def places(self) -> dict[str, Any]:
        """What a document needs to reach them: `own` the page's server, `other` and `udp` the bare ones."""
        return {
            "own": f"http://127.0.0.1:{self.server.server_port}",
            "other": f"127.0.0.1:{self.tcp.getsockname()[1]}",
            "udp": f"127.0.0.1:{self.udp.getsockname()[1]}",
        }

    def _accept(self) -> None:
        while True:
            connection, _ = self.tcp.accept()
            with connection:
                connection.settimeout(1)
                try:
                    said = connection.recv(200)
                except TimeoutError:
                    said = b""
                if said == b"end":
                    return
                self.heard.append(f"tcp {said!r}")

    def _receive(self) -> None:
        while (said := self.udp.recv(200)) != b"end":
            self.heard.append(f"udp {said!r}")

    def close(self) -> None:
        """Stop them."""
        self.server.shutdown()
        self.server.server_close()
        with socket.create_connection(self.tcp.getsockname()) as last:
            last.sendall(b"end")
        self.udp.sendto(b"end", self.udp.getsockname())
        for thread in self._threads:
            thread.join()
        self.tcp.close()
        self.udp.close()


@contextmanager
def ears() -> Iterator[Ears]:
    """Them, as long as they are needed."""
    made = Ears()
    try:
        yield made
    finally:
        made.close()


class _Handler(SimpleHTTPRequestHandler):
    """The source tree with the app's headers; what is asked at `/leak` is heard."""

    extensions_map = {".mjs": "text/javascript", ".html": "text/html", ".css": "text/css"}  # noqa: RUF012  # as in base

    def __init__(self, heard: list[str], *given: Any, **named: Any) -> None:
        self._heard = heard
        super().__init__(*given, **named)

    def do_GET(self) -> None:
        if self.path.startswith("/leak"):
            self._heard.append(self.path)
            self.send_response(200)
            self.end_headers()
            return
        super().do_GET()

    do_POST = do_GET  # noqa: N815 — named by the base class

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class ArtifactsPage:
    """The page, started; `answers` are given to it as they are."""

    def __init__(self, page: Page, address: str, **options: Any) -> None:
        self.page = page
        page.goto(f"{address}/tests/browser/artifacts_page.html")
        expect(page.locator("html[data-ready]")).to_have_count(1)
        page.add_style_tag(content=theme_css())
        page.evaluate("(options) => harness.start(options)", options)

    def show(self, *answers: str | dict[str, Any]) -> None:
        """Put answers on the page: texts, or {text, arriving, file}."""
        given = [
            {"id": f"a{at}", "text": "", "arriving": False} | (each if isinstance(each, dict) else {"text": each})
            for at, each in enumerate(answers)
        ]
        self.page.evaluate("(given) => harness.show(given)", given)

    @property
    def openers(self) -> Locator:
        """The buttons on blocks of code."""
        return self.page.locator("#conversation .open-artifact")

    @property
    def panel(self) -> Locator:
        """All of the panel."""
        return self.page.locator("#artifacts > .inside")

    @property
    def code(self) -> Locator:
        """The code in it."""
        return self.panel.get_by_role("region", name="Code").locator("code")

    def button(self, name: str) -> Locator:
        """One in the panel."""
        return self.panel.get_by_role("button", name=name, exact=True)

    def wait_until_drawn(self) -> None:
        """Until the page has drawn all that has changed: what changes in one frame is drawn in the next."""
        self.page.evaluate(
            "async () => { for (let at = 0; at < 3; at += 1) await new Promise(requestAnimationFrame); }"
        )

    def preview(self) -> Frame:
        """What is in the frame of the panel."""
        handle = self.panel.locator("iframe").element_handle()
        frame = handle.content_frame()
        assert frame
        return frame


def block(info: str, text: str, *, closed: bool = True) -> str:
    """A fenced block."""
    return f"```{info}\n{text}\n" + ("```\n" if closed else "")


def program(word: str, lines: int = 12) -> str:
    """Lines of code that share none with those of another word."""
    return "\n".join(f"{word}_{line} = {line}" for line in range(lines))
