import asyncio
import json
import logging

import pytest
from starlette.applications import Starlette
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chat_app.conversation.messages import Audio, File, Image
from chat_app.errors import ChatAppError, ChoiceError, FileRefused, TimedOut
from chat_app.server.uploads import AT_ONCE, TAKEN_IN_BYTES, routes
from tests.server.asgi import Reply, ask

OURS = {"X-Chat-App": "1"}
PICTURE = Image("image/png", "AAAA", "a.png", 3, 4)


class Reader:
    """Answers each file with what it is given, and keeps what it was asked."""

    def __init__(self, answer: Image | Audio | File | ChatAppError = PICTURE) -> None:
        self.answer = answer
        self.asked: list[tuple[str, bytes, str]] = []

    async def __call__(self, name: str, content: bytes, preset: str) -> Image | Audio | File:
        """One file."""
        self.asked.append((name, content, preset))
        if isinstance(self.answer, ChatAppError):
            raise self.answer
        return self.answer


def app_of(reader: Reader, max_file_bytes: int = 100) -> ASGIApp:
    """The route behind the limit that the gate has for all others."""
    return RequestBodyLimitMiddleware(Starlette(routes=routes(reader, max_file_bytes=max_file_bytes)), max_body_size=10)


async def post(
    app: ASGIApp, *body: bytes, query: str = "name=a.png&preset=P", headers: dict[str, str] | None = None
) -> Reply:
    """The answer to a file."""

    async def with_query(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "query_string": query.encode()}, receive, send)

    return await ask(with_query, "/uploads", "POST", body=body, headers=OURS if headers is None else headers)


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (
            PICTURE,
            {"type": "image", "mime_type": "image/png", "data": "AAAA", "name": "a.png", "width": 3, "height": 4},
        ),
        (
            Audio("audio/wav", "BBBB", "a.wav"),
            {"type": "audio", "mime_type": "audio/wav", "data": "BBBB", "name": "a.wav"},
        ),
        (
            File("a.pdf", "application/pdf", "text", "cut."),
            {"type": "document", "name": "a.pdf", "mime_type": "application/pdf", "text": "text", "cut": "cut."},
        ),
    ],
)
async def test_a_file_comes_back_as_the_part_that_is_sent_with_each_turn(
    part: Image | Audio | File, fields: dict[str, object]
) -> None:
    """With every key, whatever it is."""
    reply = await post(app_of(Reader(part)), b"bytes")
    assert (reply.status, json.loads(reply.body)) == (200, {"part": fields})


async def test_name_preset_and_bytes_reach_the_reader() -> None:
    """Decoded, and in one piece however they came."""
    reader = Reader()
    await post(app_of(reader), b"by", b"tes", query="name=Gr%C3%B6%C3%9Fe%20%26%20co.pdf&preset=My+preset")
    await post(app_of(reader), b"", query="")
    assert reader.asked == [("Größe & co.pdf", b"bytes", "My preset"), ("", b"", "")]


@pytest.mark.parametrize("headers", [{}, {"X-Chat-App": "yes"}, {**OURS, "Sec-Fetch-Site": "cross-site"}])
async def test_other_sites_cannot_post_files(headers: dict[str, str]) -> None:
    """A form or a simple request has no such header; and browsers say where a request is from."""
    reader = Reader()
    reply = await post(app_of(reader), b"bytes", headers=headers)
    assert (reply.status, reader.asked) == (403, [])
    assert set(json.loads(reply.body)) == {"sentence", "hint"}


async def test_a_file_that_is_too_large_is_refused_with_the_setting() -> None:
    """Whatever its header said, or did not; exactly as large as allowed it passes."""
    reader = Reader()
    for length in ({}, {"Content-Length": "101"}, {"Content-Length": "5"}):
        reply = await post(app_of(reader), b"x" * 60, b"x" * 41, headers={**OURS, **length})
        assert reply.status == 413
        assert json.loads(reply.body) == {
            "sentence": "The file is larger than 0.0001 MB.",
            "hint": "Add a smaller one; whoever runs this page can raise `uploads.max_file_bytes`.",
        }
    assert reader.asked == []
    assert (await post(app_of(reader), b"x" * 100)).status == 200


async def test_what_is_too_large_is_taken_in_only_up_to_a_limit() -> None:
    """A browser that is still sending shows no answer; but nobody can send for ever."""
    taken, inner = 0, app_of(Reader())

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            return message

        await inner(scope, counted, send)

    chunk = bytes(TAKEN_IN_BYTES // 10)
    reply = await post(counting, *[chunk] * 50)
    assert reply.status == 413
    assert TAKEN_IN_BYTES <= taken <= TAKEN_IN_BYTES + 2 * len(chunk)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (FileRefused("It is a program.", hint="Add text."), 422),
        (ChoiceError("No such preset.", hint="Pick one."), 422),
        (TimedOut("It took long.", hint="Wait.", endpoint="e", limit="first_token_timeout_s"), 424),
    ],
)
async def test_a_refusal_says_what_happened_and_what_to_do(error: ChatAppError, status: int) -> None:
    """As JSON."""
    reply = await post(app_of(Reader(error)), b"bytes")
    assert (reply.status, json.loads(reply.body)) == (status, {"sentence": error.sentence, "hint": error.hint})


async def test_logs_tell_what_came_of_a_file_and_never_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """Kind, size and time; of a refusal its code."""
    caplog.set_level(logging.INFO, logger="chat_app.server.uploads")
    await post(app_of(Reader()), b"bytes", query="name=my-secret.png")
    await post(app_of(Reader(FileRefused("my-secret.png is bad.", hint="No."))), b"four", query="name=my-secret.png")

    assert [(record.message, vars(record)["bytes"]) for record in caplog.records] == [
        ("file_read", 5),
        ("file_refused", 4),
    ]
    assert (vars(caplog.records[0])["kind"], vars(caplog.records[1])["code"]) == ("image", "file_refused")
    assert all(vars(record)["total_s"] >= 0 for record in caplog.records)
    assert "my-secret" not in "".join(str(vars(record)) for record in caplog.records)


async def test_only_posting_is_possible() -> None:
    """There is nothing to get: nothing is kept."""
    assert (await ask(app_of(Reader()), "/uploads", "GET", headers=OURS)).status == 405


async def test_only_so_many_files_are_here_at_one_time() -> None:
    """From their first byte on; whoever comes then is told at once, before the body is read, and may come again."""
    coming = asyncio.Event()
    app = app_of(Reader())
    read_of_refused = 0

    async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
        async def late() -> Message:
            await coming.wait()
            return await receive()

        await app(scope, late, send)

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def counted() -> Message:
            nonlocal read_of_refused
            read_of_refused += 1
            return await receive()

        await app(scope, counted, send)

    waiting = [asyncio.create_task(post(slowly, b"bytes")) for _ in range(AT_ONCE)]
    for _ in range(5):
        await asyncio.sleep(0)
    refused = await post(watched, b"bytes")
    coming.set()

    assert (refused.status, read_of_refused) == (429, 0)
    assert json.loads(refused.body) == {
        "sentence": "Many files are being read now.",
        "hint": "Add it again in a moment.",
    }
    assert [(await one).status for one in waiting] == [200] * AT_ONCE
    assert (await post(app, b"bytes")).status == 200


async def test_a_body_that_stops_coming_gives_its_place_up() -> None:
    """Else a few who send nothing would keep out everybody."""
    app = Starlette(routes=routes(Reader(), max_file_bytes=100, body_timeout_s=0.01))

    async def silent(scope: Scope, _receive: Receive, send: Send) -> None:
        async def never() -> Message:
            await asyncio.Event().wait()
            raise AssertionError

        await app(scope, never, send)

    async with asyncio.timeout(5):
        assert (await post(silent, b"")).status == 408
