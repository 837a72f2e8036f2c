"""The gate before Gradio: only the requests that the page and the API make pass, everything else is 404 before it.

Which these are stands in `doors.py`. Three things are decided here and not by a pattern:

- Files. Gradio serves any path below its cache and whatever it was told to allow. Here a path passes only if it is,
  letter by letter, one of those the page itself shows: avatars and icons. Settings, keys and feedback never are.
- Strange paths. The server decodes a path once, and Starlette routes by that; a path that would mean another after one
  more decoding or joining (`..`, `//`, `%`, backslashes, control characters) is refused.
- Size. A body that is too long is refused with 413, whatever its header said; Gradio would read it whole. Each turn
  posts the whole conversation with its files, so where visitors may add some, a body may be as large as text and one
  message of `uploads.max_files` of the largest parts: `max_body_bytes_of`. All bodies that are taken in at one time may
  be three times that; what is larger than text and does not fit is refused with 503.

The program's own routes are for its page alone: OPTIONS, with which a browser asks whether another site may call them,
is not found, since Gradio would say yes for them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_app.server.doors import compiled

MAX_BODY_BYTES = 20_000_000
"""Of conversations that are text alone."""
LARGEST_PART_BYTES = 10_000_000
"""Of a picture or recording as it is posted; what would be larger is made smaller or refused when it is read."""
_LEAST_WITH_FILES, _MOST_WITH_FILES = 100_000_000, 400_000_000
_AT_ONCE = 3
"""How many of the largest bodies fit in at one time."""
_FILE = "/gradio_api/file="
_STRANGE = re.compile(r"[\x00-\x1f\x7f\\%]|//|(^|/)\.{1,2}(/|$)")


def max_body_bytes_of(max_files: int) -> int:
    """How long a body may be where visitors may add so many files to a message; 0 where they may add none.

    For the usual 10 it is 120 MB: ten of the largest recordings, or hundreds of photographs as they are sent.
    """
    if not max_files:
        return MAX_BODY_BYTES
    return min(max(MAX_BODY_BYTES + max_files * LARGEST_PART_BYTES, _LEAST_WITH_FILES), _MOST_WITH_FILES)


class _NoRoomError(HTTPException):
    """So much is being taken in that another large body has to wait."""

    def __init__(self) -> None:
        super().__init__(503, "Many large conversations are being sent now. Send it again in a moment.")


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
        self._inner = app
        self._app = RequestBodyLimitMiddleware(app, max_body_size=max_body_bytes)
        self._max_body_bytes = max_body_bytes
        self._taken_in_bytes = 0
        self._own = tuple(own)
        self._files = frozenset(files)
        self._root_path = root_path
        self._doors = compiled()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer it with 404, 413 or 503."""
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
        elif not _has_body(scope):  # nothing to measure, above all of event streams, piece by piece
            await self._inner(scope, receive, send)
        elif self._is_own(_route_path(scope)):
            await self._app(scope, receive, send)
        elif _declared(scope) > self._max_body_bytes:
            await _answer_too_large(scope, receive, send, self._max_body_bytes)
        else:
            await self._measured(scope, receive, send)

    async def _measured(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through while there is room for its body."""
        length, begun = 0, False

        async def counted() -> Message:
            nonlocal length
            message = await receive()
            more = len(message.get("body", b""))
            length += more
            self._taken_in_bytes += more
            if length > MAX_BODY_BYTES and self._taken_in_bytes > _AT_ONCE * self._max_body_bytes:
                raise _NoRoomError
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except _NoRoomError as error:  # of an application that does not answer it itself, as Gradio does
            if begun:
                raise
            await JSONResponse({"detail": error.detail}, status_code=error.status_code)(scope, receive, send)
        finally:
            self._taken_in_bytes -= length

    def _is_own(self, path: str) -> bool:
        return any(path == own or path.startswith(f"{own}/") for own in self._own)

    def _passes(self, method: str, path: str) -> bool:
        if path.startswith(_FILE):
            return method in {"GET", "HEAD"} and path.removeprefix(_FILE) in self._files
        if _STRANGE.search(path):
            return False
        if self._is_own(path):
            return method != "OPTIONS"
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


def _has_body(scope: Scope) -> bool:
    """Whether a request may have one: in HTTP/1.1 a body is announced by one of two headers."""
    headers = Headers(scope=scope)
    return scope["method"] not in {"GET", "HEAD"} or "content-length" in headers or "transfer-encoding" in headers


def _declared(scope: Scope) -> int:
    """The length that the header tells; 0 where it tells none."""
    text = Headers(scope=scope).get("content-length", "")
    return int(text) if text.isascii() and text.isdecimal() else 0


async def _answer_too_large(scope: Scope, receive: Receive, send: Send, most: int) -> None:
    """Say so in words that the page shows: `detail`.

    A browser that is still sending would not see them, so the body is taken in first, as far as `most`, and forgotten.
    """
    length, more = 0, True
    while more and length <= most:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        length += len(message.get("body", b""))
    words = f"This conversation is larger than {most / 1e6:g} MB with its files. Begin a new one, or add fewer files."
    await JSONResponse({"detail": words}, status_code=413)(scope, receive, send)
