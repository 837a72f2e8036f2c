"""The composition root: `create_app` makes the ASGI application from settings. `cli.serving` runs it.

What the page asks for is `service.py`; around it stand Gradio's own application, the gate that lets only the page's
requests through to it, the response headers, and the routes `/health` and `/ready`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import gradio as gr
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.routing import Mount
from starlette.types import ASGIApp

from chat_app import __version__
from chat_app.config import Config
from chat_app.config_sources import Loaded
from chat_app.config_sources.words_file import changed, texts_of
from chat_app.conversation.messages import Audio, File, Image
from chat_app.endpoints.catalog import Catalog
from chat_app.endpoints.chain.remembered import Remembered
from chat_app.endpoints.discovery import Found
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.transcription import transcriber_of
from chat_app.feedback.signature import Signer, load_secret
from chat_app.feedback.store import FeedbackStore
from chat_app.server import health, logs, page_files, uploads, visitor
from chat_app.server.approvals import Approvals
from chat_app.server.compressed import Compressed
from chat_app.server.container import in_container
from chat_app.server.gate import Gate, files_in, max_body_bytes_of
from chat_app.server.headers import SecurityHeaders
from chat_app.server.turns import RunningTurns
from chat_app.service import ChatService
from chat_app.tools.toolbox import Toolboxes
from chat_app.ui import modules, page, queue_routes, sessions, themes
from chat_app.ui.document import WithScript
from chat_app.ui.examples import Example, read_examples
from chat_app.ui.interface import ChatPage
from chat_app.ui.parameters import begins, inputs_of
from chat_app.ui.unchanged import LeavesUnchanged
from chat_app.ui.words import Words
from chat_app.uploads.reading import FileReader

log = logging.getLogger(__name__)

MAX_TURNS = 2000
"""Gradio lets 40 events run at once; turns only wait, so the limit is what memory holds."""
SESSIONS = 1000
"""So many sessions Gradio remembers, the last ones used, for as long as the process runs. The page keeps nothing in
them; clients of `/chat` have their history there."""


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application, and what the terminal says of it."""

    asgi: ASGIApp
    greeting: Callable[[int], str]
    """Given the port: the page's address, the endpoints, and where feedback goes."""


def build(loaded: Loaded, found: Found, running: RunningTurns, *, demo: bool) -> App:
    """All that is served, over the endpoints that were `found`. Raises `ChatAppError` when it cannot be made.

    It takes seconds, and may run in any thread. No endpoint is asked before the application's lifespan begins.
    """
    config = loaded.config
    reader = FileReader(config.uploads)
    examples = asyncio.run(read_examples(config.chat, reader.read))
    contained = in_container(loaded.environ)
    asgi = create_app(config, found, reader, examples, running=running, demo=demo, contained=contained)
    return App(asgi, partial(_greeting, loaded, found, demo=demo))


def create_app(
    config: Config,
    found: Found,
    reader: FileReader,
    examples: Sequence[Example],
    *,
    running: RunningTurns,
    demo: bool = False,
    contained: bool = False,
) -> ASGIApp:
    """The application for `config`, over the endpoints that were `found`. Raises `FeedbackError` and `ConfigError`.

    Nothing is asked and no port is opened before the application's lifespan begins.
    """
    catalog = Catalog(found, in_container=contained, only_demo=demo)
    folder = config.chat.flagging_dir
    secret = load_secret(config.feedback.secret.get_secret_value(), folder)
    user_of = partial(visitor.user_of, header=config.server.user_header)
    words = Words(texts_of(config.chat.language))
    toolboxes = Toolboxes(config.tools)
    service = ChatService(
        config=config,
        catalog=catalog,
        signer=Signer(secret),
        store=FeedbackStore(folder),
        running=running,
        toolboxes=toolboxes,
        approvals=Approvals(),
        words=words,
        remembered=Remembered(),
        examples=examples,
        observers=(logs.log_turn,),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with catalog.running(), toolboxes.running():
            if catalog.demo and not demo:
                why = next((status.error.sentence for status in catalog.statuses() if status.error), "")
                log.warning("the_demo_answers", extra={"because": why})
            asking = asyncio.create_task(service.ask_examples())
            try:
                yield
            finally:
                asking.cancel()

    root = FastAPI(lifespan=lifespan, openapi_url=None)
    root.router.routes.extend(
        health.routes(__version__, lambda: _health_of(catalog), stopping=lambda: running.draining)
    )
    loaded = modules.read_files()
    root.router.routes.append(page_files.route(loaded.folder, loaded.contents))
    if config.chat.multimodal:
        root.router.routes.extend(
            uploads.routes(
                _reader_of(config, reader, found, contained=contained), max_file_bytes=config.uploads.max_file_bytes
            )
        )
    chat_page = ChatPage(config.chat, service, config.presets, words=words, user_of=user_of, examples=examples)
    _mount(root, chat_page, config, words, loaded)
    shown = frozenset(files_in(chat_page.get_config_file()))
    document = WithScript(
        root,
        page.script(),
        loaded,
        lambda scope: _settings_of(config, words, user_of(Headers(scope=scope)), secret),
        language=words.language,
        direction=words.direction(rtl=config.chat.rtl),
    )
    gate = Gate(
        Compressed(LeavesUnchanged(document)),
        own=("/health", "/ready", uploads.PATH),
        files=shown,
        root_path=config.server.root_path,
        max_body_bytes=max_body_bytes_of(config.uploads.max_files if config.chat.multimodal else 0),
    )
    return SecurityHeaders(gate)


def _reader_of(config: Config, reader: FileReader, found: Found, *, contained: bool) -> uploads.Read:
    """What reads a visitor's file. Where the preset names a model for it, a recording becomes its text."""
    transcribers = {
        preset.name: transcriber_of(preset, found.endpoints, in_container=contained) for preset in config.presets
    }

    async def read(name: str, content: bytes, preset: str) -> Image | Audio | File:
        return await reader.read(name, content, transcribe=transcribers.get(preset or config.presets[0].name))

    return read


def _mount(root: FastAPI, chat_page: ChatPage, config: Config, words: Words, loaded: modules.PageFiles) -> None:
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
        i18n=page.gradio_words(words),
        favicon_path=page.favicon(config.chat),
        theme=themes.theme_of(config.chat),
        css=page.style_of(config.chat),
    )
    for route in root.routes:
        if isinstance(route, Mount):
            sessions.keep_little(route.app)
            queue_routes.put_first(route.app)


def _settings_of(config: Config, words: Words, user: str, secret: str) -> dict[str, object]:
    """What the page's modules are told when `user` opens it."""
    return {
        "store": visitor.store_of(config.chat.storage_key, user, secret),
        "databases": visitor.stores_of(config.chat.storage_key),
        "saveHistory": config.chat.save_history,
        "forgetOnLogout": config.chat.forget_on_logout,
        "user": user,
        "logoutUrl": config.server.logout_url,
        "words": changed(words.texts),
        "multimodal": config.chat.multimodal,
        "uploads": {"maxFiles": config.uploads.max_files, "maxFileBytes": config.uploads.max_file_bytes},
        "artifacts": config.chat.artifacts,
        # Where messages have the full width, each piece would have buttons of its own; and what is no Markdown is drawn
        # fast.
        "inPieces": config.chat.layout == "bubble" and config.chat.render_markdown,
        "parameters": [each.name for each in inputs_of(config.chat)],
        "parameterDefaults": begins(config.chat, config.presets[0]),
        "submitBtn": config.chat.submit_btn,
        "stopBtn": config.chat.stop_btn,
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
