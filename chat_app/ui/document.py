"""The page's document, with what is ours first in its head: settings, script, style and modules.

What is given to Gradio as `head` it adds when its own scripts already run. Ours have to be there before them: the
inline script stands in for the evaluating of strings that the content security policy forbids (`static/page.js`), and
the modules bring the conversation back that was open. Modules run in the order in which they stand in the document.

The page is told to hold no heartbeat open. Gradio has one for whoever uses a page with state, so that this is deleted
an hour after they have left; the only state here is of clients of the API, who find another configuration at `/config`.
With it an open page that does nothing had a connection and 57 KB of the server's memory, and woke a phone every 15 s.

Nor does it load Gradio's script for a page in a frame, where our pages may not be (`frame-ancestors`).

The settings are of one visitor, so the document is not kept by anybody (`no-store`). Pure ASGI.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import TypeAlias

from chat_app.ui.modules import PageFiles, elements
from chat_app.ui.rewriting import AsgiApp, Receive, Scope, Send, asked_whole, rewritten

SettingsOf: TypeAlias = Callable[[Scope], Mapping[str, object]]

SETTINGS_ID = "chat-app-settings"
"""The id of the element in which the modules find the settings, as JSON."""
_HEAD = b"<head>"
_HTML = re.compile(rb'<html(\s+lang="[^"]*")?')
_FRAME_SCRIPT = re.compile(rb"script\.async = true;\s*document\.head\.appendChild\(script\);")
_HEARTBEAT = re.compile(rb'("connect_heartbeat":\s*)true')


class WithScript:
    """ASGI middleware: `script`, `loaded` and what `settings_of` says are put into the head of the document at `/`.

    `language` and `direction` become its `lang` and `dir`: screen readers and the style go by them.
    """

    def __init__(
        self,
        app: AsgiApp,
        script: str,
        loaded: PageFiles,
        settings_of: SettingsOf,
        *,
        language: str = "en",
        direction: str = "ltr",
    ) -> None:
        self._app = app
        self._html = f'<html lang="{escape(language)}" dir="{escape(direction)}"'.encode()
        self._script = script
        self._loaded = loaded
        self._settings_of = settings_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        root = str(scope.get("root_path", ""))
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or str(scope["path"]).removeprefix(root) not in {"", "/"}
        ):
            await self._app(scope, receive, send)
            return
        settings = json.dumps(dict(self._settings_of(scope))).replace("<", r"\u003c")
        head = (
            f'\n<link rel="icon" href="{escape(root)}/favicon.ico">'
            f'\n<script type="application/json" id="{SETTINGS_ID}">{settings}</script>'
            f"\n<script>\n{self._script}</script>\n{elements(self._loaded, root)}\n"
        )
        change = partial(_begun, html=self._html, head=head.encode())
        await self._app(asked_whole(scope), receive, rewritten(send, change, [(b"cache-control", b"no-store")]))


def _begun(document: bytes, html: bytes, head: bytes) -> bytes:
    """The document, begun by `html` and with `head` first in its head."""
    document = _HEARTBEAT.sub(rb"\1false", _HTML.sub(lambda _: html, document, count=1))
    document = _FRAME_SCRIPT.sub(b"", document, count=1)
    return document.replace(_HEAD, _HEAD + head, 1)
