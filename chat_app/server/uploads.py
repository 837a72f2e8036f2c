"""The route that reads a visitor's file: its bytes come in, what a model is shown of it goes back, nothing is kept.

`POST /uploads?name=<file name>&preset=<name>` with the bytes as the body. Other sites cannot post here: the header
`X-Chat-App` makes their browsers ask first, and the gate does not answer; and what a browser says to be from another
site (`Sec-Fetch-Site`) is refused. The body is measured while it comes, whatever its
header said; what is too long is still taken in, up to a limit and without keeping it, because a browser whose
connection is closed while it sends shows no answer. Only so many files are here at one time, from their first byte to
the answer, recordings too: a body is in memory twice while its pieces are put together. Whoever comes then is told at
once. Logs say how large a file was and what came of it, never its name.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeAlias

from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chat_app.conversation.messages import Audio, File, Image
from chat_app.conversation.part_json import json_of
from chat_app.errors import ChatAppError, EndpointError, FileRefused

PATH: Final = "/uploads"
HEADER: Final = "X-Chat-App"
TAKEN_IN_BYTES: Final = 100_000_000
"""How much of a file that is too large is still taken in."""
AT_ONCE: Final = 8
"""How many files may be here at one time."""
BODY_TIMEOUT_S: Final = 300.0
"""How long a file may take to come: 20 MB at 0.6 Mbit/s; else those who send nothing would keep the places."""

Read: TypeAlias = Callable[[str, bytes, str], Awaitable[Image | Audio | File]]
"""Reads a file: its name, its bytes and the preset's name in. Raises `ChatAppError`."""

_REFUSED, _FAILED_ELSEWHERE, _NOT_OURS, _TOO_LARGE, _TOO_MANY, _GONE, _LATE = 422, 424, 403, 413, 429, 400, 408

log = logging.getLogger(__name__)


def routes(read: Read, *, max_file_bytes: int, body_timeout_s: float = BODY_TIMEOUT_S) -> list[Route]:
    """The route at `PATH`. It answers 200 `{"part": …}`, or 4xx `{"sentence": …, "hint": …}`."""
    places = asyncio.Semaphore(AT_ONCE)

    async def uploads(request: Request) -> Response:
        if request.headers.get(HEADER) != "1" or request.headers.get("Sec-Fetch-Site") == "cross-site":
            return _refusal(_NOT_OURS, FileRefused("Files can be added on the page only.", hint="Load the page again."))
        if places.locked():
            return _refusal(_TOO_MANY, FileRefused("Many files are being read now.", hint="Add it again in a moment."))
        async with places:
            return await _answer(request, read, max_file_bytes, body_timeout_s)

    # The gate's own limit for other requests would answer in our place, and without a sentence.
    unlimited = Middleware(RequestBodyLimitMiddleware, max_body_size=sys.maxsize)
    return [Route(PATH, uploads, methods=["POST"], middleware=[unlimited])]


async def _answer(request: Request, read: Read, max_file_bytes: int, body_timeout_s: float) -> Response:
    """What came of one file."""
    began = monotonic()
    try:
        async with asyncio.timeout(body_timeout_s):
            content = await _body_of(request, max_file_bytes)
    except ClientDisconnect:
        return Response(status_code=_GONE)
    except TimeoutError:
        return _refusal(_LATE, FileRefused("The file took too long to arrive.", hint="Add a smaller one."))
    if content is None:
        _log_refused(FileRefused.code, max_file_bytes, began)
        return _refusal(_TOO_LARGE, _too_large(max_file_bytes))
    try:
        part = await read(request.query_params.get("name", ""), content, request.query_params.get("preset", ""))
    except ChatAppError as error:
        _log_refused(error.code, len(content), began)
        return _refusal(_FAILED_ELSEWHERE if isinstance(error, EndpointError) else _REFUSED, error)
    fields = json_of(part)
    log.info("file_read", extra={"kind": fields["type"], "bytes": len(content), "total_s": _since(began)})
    return JSONResponse({"part": fields})


async def _body_of(request: Request, most: int) -> bytes | None:
    """The body; None when it is longer than `most`."""
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length <= most:
            chunks.append(chunk)
        elif length > most + TAKEN_IN_BYTES:
            break
        else:
            chunks.clear()
    return b"".join(chunks) if length <= most else None


def _too_large(most: int) -> FileRefused:
    return FileRefused(
        f"The file is larger than {most / 1e6:g} MB.",
        hint="Add a smaller one; whoever runs this page can raise `uploads.max_file_bytes`.",
    )


def _refusal(status: int, error: ChatAppError) -> JSONResponse:
    return JSONResponse({"sentence": error.sentence, "hint": error.hint}, status_code=status)


def _log_refused(code: str, length: int, began: float) -> None:
    log.info("file_refused", extra={"code": code, "bytes": length, "total_s": _since(began)})


def _since(began: float) -> float:
    return round(monotonic() - began, 3)
