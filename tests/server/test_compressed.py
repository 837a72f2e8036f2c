import asyncio
import gzip
from hashlib import sha256

import brotli  # type: ignore[import-untyped]
import pytest
from starlette.types import Message, Receive, Scope, Send

from chat_app.server.compressed import Compressed
from tests.server.asgi import ask

TEXT = b"".join(b"export const word%d = %d;\n" % (number, number * 7919) for number in range(500))
ASSET = "/assets/Index-Akn07EZk2.js"
FOR_GOOD = "public, max-age=31536000, immutable"
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


class Files:
    """Gradio's side: every path is a file with the same text, and never compressed, whatever is asked."""

    def __init__(self, kind: str = "application/javascript", status: int = 200) -> None:
        self.asked: list[str] = []
        self.kind = kind
        self.status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in two pieces."""
        del receive
        assert b"accept-encoding" not in dict(scope["headers"])
        self.asked.append(scope["path"])
        headers = [(b"content-type", self.kind.encode()), (b"etag", b'"1"'), (b"content-length", b"%d" % len(TEXT))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": TEXT[:99], "more_body": True})
        await send({"type": "http.response.body", "body": TEXT[99:]})


@pytest.mark.parametrize(
    ("accepted", "form", "read"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip, br;q=0", "gzip", gzip.decompress),
        ("deflate, gzip", "gzip", gzip.decompress),
    ],
)
async def test_a_file_is_sent_in_the_smallest_form_that_the_browser_takes(
    accepted: str, form: str, read: object
) -> None:
    """With its length, and caches are told that there are others."""
    reply = await ask(Compressed(Files()), ASSET, headers={"Accept-Encoding": accepted})

    assert callable(read)
    assert read(reply.body) == TEXT
    assert len(reply.body) < len(TEXT) / 2
    assert reply.headers["content-encoding"] == form
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "identity"}, {"Accept-Encoding": "br;q=0, gzip;q=0.0"}])
async def test_who_takes_none_gets_the_file_itself(headers: dict[str, str]) -> None:
    """And it may be kept all the same."""
    reply = await ask(Compressed(Files()), ASSET, headers=headers)

    assert (reply.body, reply.headers["cache-control"]) == (TEXT, FOR_GOOD)
    assert "content-encoding" not in reply.headers


async def test_a_file_is_read_and_compressed_once() -> None:
    """However many visitors ask for it; each form by itself."""
    files = Files()
    compressed = Compressed(files)
    replies = [await ask(compressed, ASSET, headers=BROWSER) for _ in range(5)]
    await ask(compressed, ASSET, headers={"Accept-Encoding": "gzip"})

    assert files.asked == [ASSET, ASSET]
    assert {brotli.decompress(reply.body) for reply in replies} == {TEXT}


async def test_it_gets_smaller_meanwhile() -> None:
    """The first visitor does not wait for the best form; those after it have it."""
    compressed = Compressed(Files())
    first = last = await ask(compressed, ASSET, headers=BROWSER)
    while len(last.body) == len(first.body):
        await asyncio.sleep(0.01)
        last = await ask(compressed, ASSET, headers=BROWSER)

    assert len(last.body) < len(first.body)
    assert brotli.decompress(last.body) == TEXT
    assert last.headers["content-length"] == str(len(last.body))


@pytest.mark.parametrize(
    ("path", "for_good"),
    [
        (ASSET, True),
        ("/assets/fonts/KaTeX_Main-Bold-Cx986IdX.css", True),
        ("/static/fonts/SourceSansPro/SourceSansPro-Bold.woff2", True),
        ("/", False),
        ("/assets/logo.svg", False),
        ("/theme.css", False),
    ],
)
async def test_what_can_never_change_is_kept_for_good(path: str, *, for_good: bool) -> None:
    """Names with a hash of the content, and Gradio's fonts; nothing else is kept longer than it said."""
    reply = await ask(Compressed(Quiet()), path, headers=BROWSER)

    assert (reply.headers.get("cache-control") == FOR_GOOD) == for_good
    assert ("etag" in reply.headers) != for_good


class Quiet(Files):
    """As `Files`, for paths that are passed on as they were asked."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await super().__call__({**scope, "headers": []}, receive, send)


@pytest.mark.parametrize(("version", "for_good"), [(sha256(TEXT).hexdigest(), True), ("0" * 64, False)])
async def test_the_themes_colours_are_kept_under_the_name_of_what_they_are(version: str, *, for_good: bool) -> None:
    """A page of another version that asks for its own must not keep these."""
    compressed = Compressed(Files("text/css"))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {
        "type": "http", "method": "GET", "path": "/theme.css", "query_string": f"v={version}".encode(), "headers": []
    }  # fmt: skip
    await compressed(scope, receive, send)

    assert ((b"cache-control", FOR_GOOD.encode()) in sent[0]["headers"]) == for_good


async def test_an_error_is_not_kept() -> None:
    """The file may be there later."""
    files = Files(status=404)
    compressed = Compressed(files)
    replies = [await ask(compressed, ASSET, headers=BROWSER) for _ in range(2)]

    assert [(reply.status, reply.headers.get("cache-control")) for reply in replies] == [(404, None)] * 2
    assert len(files.asked) == 2


async def test_a_picture_is_not_compressed_again() -> None:
    """It would not get smaller."""
    reply = await ask(Compressed(Files("font/woff2")), "/static/fonts/A/A-Bold.woff2", headers=BROWSER)

    assert (reply.body, reply.headers["cache-control"]) == (TEXT, FOR_GOOD)


@pytest.mark.parametrize(("method", "path"), [("GET", "/gradio_api/queue/data"), ("POST", "/"), ("GET", "/health")])
async def test_everything_else_passes_piece_by_piece(method: str, path: str) -> None:
    """An event stream must not be held back."""
    pieces: list[bytes] = []

    async def send(message: Message) -> None:
        pieces.append(message.get("body", b""))

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": []}
    await Compressed(Files("text/event-stream"))(scope, receive, send)

    assert pieces == [b"", TEXT[:99], TEXT[99:]]


async def test_a_theme_is_kept_under_the_name_of_what_is_in_it_alone() -> None:
    """While replicas are updated, one is asked for the other's theme: nobody may keep the wrong one for a year."""
    compressed = Compressed(Files("text/css"))
    digest = sha256(TEXT).hexdigest()
    right, *others = [
        await ask(compressed, "/theme.css", headers=BROWSER, query=query) for query in (f"v={digest}", "v=newer", "")
    ]

    assert right.headers["cache-control"] == FOR_GOOD
    assert [other.headers.get("cache-control") for other in others] == [None, None]


async def test_who_comes_at_the_same_moment_makes_it_no_second_time() -> None:
    """All who have waited for the start come at once."""
    compressed = Compressed(Files())
    replies = await asyncio.gather(*(ask(compressed, ASSET, headers=BROWSER) for _ in range(5)))

    assert len({id(reply.body) for reply in replies}) == 1


async def test_a_very_large_file_is_not_kept() -> None:
    """Nobody fills the memory by asking for all files that there are."""

    async def large(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/css")]})
        await send({"type": "http.response.body", "body": TEXT * 100})

    compressed = Compressed(large)
    first, second = [await ask(compressed, ASSET, headers=BROWSER) for _ in range(2)]

    assert first.body == second.body
    assert first.body is not second.body
