"""The gate before Gradio: only the requests that the page and the API make pass, everything else is 404 before it.

Which these are stands in `doors.py`. Three things are decided here and not by a pattern:

- Files. Gradio serves any path below its cache and whatever it was told to allow. Here a path passes only if it is,
  letter by letter, one of those the page itself shows: avatars and icons. Settings, keys and feedback never are.
- Strange paths. The server decodes a path once, and Starlette routes by that; a path that would mean another after one
  more decoding or joining (`..`, `//`, `%`, backslashes, control characters) is refused.
- Size. A body that is too long is refused with 413, whatever its header said; Gradio would read it whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from chat_app.server.doors import compiled

MAX_BODY_BYTES = 20_000_000
_FILE = "/gradio_api/file="
_STRANGE = re.compile(r"[\x00-\x1f\x7f\\%]|//|(^|/)\.{1,2}(/|$)")


class Gate:
    """ASGI middleware.

    `own` are the paths of this program's routes; what is below them passes too. `files` are the paths that Gradio may
    serve, as `files_in` finds them in the page's config. `root_path` is where a proxy serves the page, whether the
    proxy takes it off the path or leaves it there.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        own: Collection[str] = ("/health", "/ready"),
        files: Collection[str] = (),
        root_path: str = "",
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._app = RequestBodyLimitMiddleware(app, max_body_size=max_body_bytes)
        self._own = tuple(own)
        self._files = frozenset(files)
        self._root_path = root_path
        self._doors = compiled()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer it with 404 or 413."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._root_path:
            scope = {**scope, "root_path": self._root_path}
        if not self._passes(scope["method"], _route_path(scope)):
            await JSONResponse({"detail": "Not Found"}, status_code=404)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _passes(self, method: str, path: str) -> bool:
        if path.startswith(_FILE):
            return method in {"GET", "HEAD"} and path.removeprefix(_FILE) in self._files
        if _STRANGE.search(path):
            return False
        if any(path == own or path.startswith(f"{own}/") for own in self._own):
            return True
        return self._doors.open(method, path)


def files_in(config: object) -> Iterator[str]:
    """The paths of the files that a page shows, from Gradio's config of it: its avatars, icons and pictures."""
    match config:
        case {"path": str(path), "meta": {"_type": "gradio.FileData"}}:
            yield path
        case Mapping():
            for value in config.values():
                yield from files_in(value)
        case list() | tuple():
            for value in config:
                yield from files_in(value)


def _route_path(scope: Scope) -> str:
    """The path that Starlette will route by: behind the root path, when it is there."""
    path, root = str(scope["path"]), str(scope.get("root_path", ""))
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :] or "/"
    return path
