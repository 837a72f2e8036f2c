"""The composition root: `create_app` makes the ASGI application from settings, `serve` runs it until told to stop.

What the page asks for is `service.py`; around it stand Gradio's own application, the gate that lets only the page's
requests through to it, the response headers, and the routes `/health` and `/ready`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import gradio as gr
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.types import ASGIApp

from chat_app import __version__
from chat_app.config import Config
from chat_app.config_sources import Loaded
from chat_app.endpoints import lookups
from chat_app.endpoints.catalog import Catalog
from chat_app.endpoints.discovery import Found, endpoints_of
from chat_app.endpoints.failures.hints import Asked
from chat_app.feedback.signature import Signer, load_secret
from chat_app.feedback.store import FeedbackStore
from chat_app.server import health, logs, page_files, process, visitor
from chat_app.server.container import in_container
from chat_app.server.gate import Gate, files_in
from chat_app.server.headers import SecurityHeaders
from chat_app.server.turns import RunningTurns
from chat_app.service import ChatService
from chat_app.ui import modules, page
from chat_app.ui.document import WithScript
from chat_app.ui.interface import ChatPage

log = logging.getLogger(__name__)

MAX_TURNS = 2000
"""Gradio lets 40 events run at once; turns only wait, so the limit is what memory holds."""
SESSIONS = 1000
"""So many sessions Gradio remembers, the last ones used, for as long as the process runs. The page keeps nothing in
them; clients of `/chat` have their history there."""


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application, and the turns that run in it."""

    asgi: ASGIApp
    running: RunningTurns


def serve(loaded: Loaded, *, demo: bool) -> None:
    """Serve the page until SIGTERM or SIGINT. Raises `ChatAppError` when it cannot start."""
    logs.configure(loaded.environ)
    config = loaded.config
    contained = in_container(loaded.environ)
    found = endpoints_of(config, loaded.environ, in_container=contained)
    app = create_app(config, found, demo=demo, contained=contained)

    def listening(port: int) -> None:
        print(_greeting(loaded, found, port, demo=demo), flush=True)  # noqa: T201 - it is for the terminal

    lookups.run(
        process.serve(app.asgi, config.server.host, config.server.port, running=app.running, listening=listening)
    )


def create_app(config: Config, found: Found, *, demo: bool = False, contained: bool = False) -> App:
    """The application for `config`, over the endpoints that were `found`. Raises `FeedbackError`.

    Nothing is asked and no port is opened before the application's lifespan begins.
    """
    catalog = Catalog(found, in_container=contained, only_demo=demo)
    running = RunningTurns()
    folder = config.chat.flagging_dir
    secret = load_secret(config.feedback.secret.get_secret_value(), folder)
    user_of = partial(visitor.user_of, header=config.server.user_header)
    service = ChatService(
        config=config,
        catalog=catalog,
        signer=Signer(secret),
        store=FeedbackStore(folder),
        running=running,
        observers=(logs.log_turn,),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with catalog.running():
            if catalog.demo and not demo:
                why = next((status.error.sentence for status in catalog.statuses() if status.error), "")
                log.warning("the_demo_answers", extra={"because": why})
            yield

    root = FastAPI(lifespan=lifespan, openapi_url=None)
    root.router.routes.extend(
        health.routes(__version__, lambda: _health_of(catalog), stopping=lambda: running.draining)
    )
    loaded = modules.read_files()
    root.router.routes.extend(page_files.routes(loaded.folder, loaded.contents))
    chat_page = ChatPage(config.chat, service, [preset.name for preset in config.presets], user_of=user_of)
    _mount(root, chat_page, config, loaded)
    shown = frozenset(files_in(chat_page.get_config_file()))
    document = WithScript(
        root,
        page.script(),
        loaded,
        lambda scope: _settings_of(config, user_of(Headers(scope=scope)), secret),
    )
    gate = Gate(document, files=shown, root_path=config.server.root_path)
    return App(SecurityHeaders(gate), running)


def _mount(root: FastAPI, chat_page: ChatPage, config: Config, loaded: modules.PageFiles) -> None:
    chat_page.max_threads = MAX_TURNS
    chat_page.state_session_capacity = SESSIONS
    chat_page.app_id = _app_id(config, loaded)
    chat_page.queue(api_open=False)
    gr.mount_gradio_app(
        root,
        chat_page,
        path="/",
        root_path=config.server.root_path or None,
        show_error=False,
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        footer_links=[],
        theme=page.theme_of(config.chat),
        css=page.style_of(config.chat),
    )


def _settings_of(config: Config, user: str, secret: str) -> dict[str, object]:
    """What the page's modules are told when `user` opens it."""
    return {
        "store": visitor.store_of(config.chat.storage_key, user, secret),
        "databases": visitor.stores_of(config.chat.storage_key),
        "saveHistory": config.chat.save_history,
        "forgetOnLogout": config.chat.forget_on_logout,
        "user": user,
        "logoutUrl": config.server.logout_url,
    }


def _app_id(config: Config, loaded: modules.PageFiles) -> int:
    """By this an open page knows after a restart whether it is still up to date; if not, Gradio loads it anew.

    Gradio's own is random, so that every restart would cost the visitors their conversations.
    """
    return int(sha256(f"{__version__} {loaded.folder} {config.model_dump_json()}".encode()).hexdigest()[:12], 16)


def _health_of(catalog: Catalog) -> list[health.EndpointHealth]:
    return [
        health.EndpointHealth(
            status.name,
            status.state,
            len(status.models),
            *((status.error.sentence, status.error.hint) if status.error else ()),
        )
        for status in catalog.statuses()
    ]


def _greeting(loaded: Loaded, found: Found, port: int, *, demo: bool) -> str:
    """What the terminal says: the page's address, the endpoints, and where feedback goes."""
    server = loaded.config.server
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(server.host, server.host)  # noqa: S104 - recognised, not bound
    lines = [f"The page:   http://{host}:{port}{server.root_path}/"]
    lines += [f"Settings:   {loaded.file or 'none, all defaults'}"]
    if demo:
        lines += ["Endpoint:   the built-in demo"]
    else:
        lines += [f"Endpoint:   {Asked(endpoint).who}" for endpoint in found.endpoints]
    chat = loaded.config.chat
    lines += [
        f"Feedback:   {chat.flagging_dir / 'feedback.csv'}" if chat.flagging_mode == "manual" else "Feedback:   off"
    ]
    return "\n".join([*lines, "Stop it with Ctrl+C."])
