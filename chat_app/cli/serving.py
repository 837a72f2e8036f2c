"""`chat-app serve`: the port is opened first, then the page is built behind it.

What is wrong with the settings, the endpoints' addresses and the port is told before anything listens. What fails while
the page is built ends the process with its own error. Gradio is imported nowhere but here, in the thread that builds.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from chat_app import __version__
from chat_app.cli.imports import lean
from chat_app.config_sources import Loaded
from chat_app.endpoints import lookups
from chat_app.endpoints.discovery import Found, endpoints_of
from chat_app.server import logs, process
from chat_app.server.container import in_container
from chat_app.server.opening import Opening
from chat_app.server.turns import RunningTurns

if TYPE_CHECKING:
    from chat_app.app import App

_GRADIO = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # How long events took is summed up after every so many of them, by pandas: 4 to 10 ms each and 40 MB. Nobody asks.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9),
}
"""Gradio and its libraries report to their makers unless the environment says this before they are imported."""
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Gradio makes a client that nobody uses while it is imported, and fails when what these name cannot be read."""


def serve(loaded: Loaded, *, demo: bool) -> None:
    """Serve the page until SIGTERM or SIGINT. Raises `ChatAppError` when it cannot start."""
    logs.configure(loaded.environ)
    found = endpoints_of(loaded.config, loaded.environ, in_container=in_container(loaded.environ))
    server = loaded.config.server
    running = RunningTurns()
    ports: list[int] = []

    def opened(app: App) -> None:
        gc.collect()
        gc.freeze()
        print(app.greeting(ports[0]), flush=True)  # noqa: T201 - it is for the terminal

    opening = Opening(
        lambda: _build(loaded, found, running, demo=demo),
        lambda app: app.asgi,
        version=__version__,
        root_path=server.root_path,
        opened=opened,
    )
    lookups.run(
        process.serve(
            opening, server.host, server.port, running=running, listening=ports.append, until=opening.failed.wait
        )
    )
    if opening.error is not None:
        raise opening.error
    if opening.building:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # told to stop before the page was there; its thread would have to be waited for


def _build(loaded: Loaded, found: Found, running: RunningTurns, *, demo: bool) -> App:
    """The page. Nothing made meanwhile is garbage, so looking for it is put off: 8 % of the import."""
    gc.disable()
    try:
        os.environ.update(_GRADIO)
        with _hidden(_CERTIFICATES), lean():
            build = import_module("chat_app.app").build
        app: App = build(loaded, found, running, demo=demo)
    finally:
        gc.enable()
    return app


@contextmanager
def _hidden(names: Iterable[str]) -> Iterator[None]:
    """The environment without `names` as long as the `with` block runs."""
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)
