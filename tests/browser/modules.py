"""Pages over the modules of the page, served from the source tree: no app, no Gradio, a real origin."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from gradio.themes import Base
from playwright.sync_api import BrowserContext, Page

from chat_app.config import ChatConfig
from chat_app.ui.themes import theme_of

ROOT = Path(__file__).parents[2]
MODULES = "/chat_app/ui/static/history"
CONTRACT = "/tests/ui/history/contract.mjs"
_EMPTY = b"<!doctype html><meta charset=utf-8><title>Empty</title><link rel=icon href='data:,'>"
_BODY = """
async (given) => {{
  const {{ openStore, forget, databases }} = await import("{modules}/store.mjs");
  const {{ Tabs }} = await import("{modules}/tabs.mjs");
  const {{ CONTRACT, equal, entryOf, failure }} = await import("{contract}");
  const word = () => Math.random().toString(36).slice(2, 9).padEnd(7, "x");
  const noise = (length) => Array.from({{ length: length / 8 }}, word).join(" "); // the browser compresses what repeats
  const told = (error) => ({{ name: error.name, message: error.message }});
  {script}
}}
"""


class _Handler(SimpleHTTPRequestHandler):
    """The source tree, and an empty page at `/`."""

    extensions_map = {".mjs": "text/javascript"}  # noqa: RUF012  # declared so by the base class

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(_EMPTY)))
        self.end_headers()
        self.wfile.write(_EMPTY)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@contextmanager
def served() -> Iterator[str]:
    """The address of the empty page, as long as it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(ROOT)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def theme_css(theme: str = "default") -> str:
    """The theme's variables, as Gradio gives them to the page, without its fonts."""
    made: Base = theme_of(ChatConfig(theme=theme))
    css: str = made._get_theme_css()  # type: ignore[no-untyped-call]  # noqa: SLF001
    return re.sub(r"@font-face \{[^}]*\}", "", css)


def host_of(address: str) -> str:
    """The `host:port` of it."""
    return urlsplit(address).netloc


class EmptyPage:
    """A tab in which scripts run that have the modules at hand."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.page.goto(address)

    def run(self, script: str, given: Any = None) -> Any:
        """What `script`, the body of an async function, returns. It sees the modules' exports and `given`."""
        return self.page.evaluate(_BODY.format(modules=MODULES, contract=CONTRACT, script=script), given)

    def begin(self, script: str, given: Any = None) -> None:
        """Run `script` and do not wait for its end."""
        self.run(f"(async () => {{ {script} }})();", given)
