import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from chat_app.server.gate import LARGEST_PART_BYTES, MAX_BODY_BYTES, Gate, files_in, max_body_bytes_of
from tests.server.asgi import Echo, ask

AVATAR = "/cache/a1b2/bot face.png"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/assets/index-DphvyggB.js"),
        ("GET", "/static/fonts/IBMPlexMono/IBMPlexMono-Regular.woff2"),
        ("GET", "/theme.css"),
        ("GET", "/favicon.ico"),
        ("GET", "/config"),
        ("GET", "/gradio_api/info"),
        ("POST", "/gradio_api/queue/join"),
        ("OPTIONS", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/queue/data"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/call/chat"),
        ("GET", "/gradio_api/call/chat/0f3a"),
        ("POST", "/gradio_api/call/v2/chat"),
        ("GET", "/gradio_api/heartbeat/abc123"),
        ("POST", "/gradio_api/cancel"),
        ("GET", "/health"),
        ("GET", "/ready"),
        ("DELETE", "/chat_static/deep/page.js"),
    ],
)
async def test_what_the_page_and_the_api_need_passes(method: str, path: str) -> None:
    """The request arrives as it was sent."""
    app = Echo()

    reply = await ask(Gate(app, own=["/health", "/ready", "/chat_static"]), path, method)

    assert (reply.status, app.asked) == (200, [(method, path)])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/upload"),
        ("GET", "/gradio_api/upload_progress"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=config/chat.yaml"),
        ("GET", "/gradio_api/file=.env"),
        ("GET", "/gradio_api/file=feedback/feedback.csv"),
        ("GET", "/gradio_api/file=http://example.org/"),
        ("GET", "/gradio_api/file=/cache/a1b2/other.png"),
        ("GET", f"/gradio_api/file={AVATAR}/../../../etc/passwd"),
        ("GET", f"/gradio_api/file=/{AVATAR}"),
        ("POST", f"/gradio_api/file={AVATAR}"),
        ("GET", f"/gradio_api/file/{AVATAR}"),
        ("GET", "/gradio_api/proxy=https://a.hf.space/"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/summary"),
        ("GET", "/monitoring/key/dashboard"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/run-history/buckets"),
        ("GET", "/gradio_api/deep_link"),
        ("POST", "/gradio_api/vibe-edit"),
        ("GET", "/gradio_api/vibe-code/"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/run/chat"),
        ("POST", "/gradio_api/run/like"),
        ("POST", "/gradio_api/api/predict"),
        ("POST", "/gradio_api/call/like"),
        ("POST", "/gradio_api/call/v2/like"),
        ("POST", "/gradio_api/component_server"),
        ("GET", "/gradio_api/token"),
        ("POST", "/login"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/gradio_api/stream/a/b/1/playlist.m3u8"),
        ("GET", "/pwa_icon/100000"),
        ("GET", "/static/ffmpeg/ffmpeg-core.js"),
        ("POST", "/"),
        ("PUT", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/queue/join"),
        ("TRACE", "/"),
        ("GET", ""),
        ("GET", "/healthy"),
        ("OPTIONS", "/health"),
        ("OPTIONS", "/ready/x"),
        ("GET", "/something/new"),
    ],
)
async def test_everything_else_is_not_found(method: str, path: str) -> None:
    """Gradio never sees it."""
    app = Echo()

    reply = await ask(Gate(app, files=[AVATAR]), path, method)

    assert (reply.status, reply.body, app.asked) == (404, b'{"detail":"Not Found"}', [])


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../config",
        "/assets/..",
        "/assets/./index.js",
        "/assets//index.js",
        "//",
        "//config",
        "/assets/%2e%2e/config",
        "/assets/..\\config",
        "/assets/a\x00.js",
        "/assets/a\n.js",
        "/static/img/../../gradio_api/upload",
        "/health/../gradio_api/upload",
        "/config/",
        "/config\n",
    ],
)
async def test_a_path_that_may_mean_another_is_not_found(path: str) -> None:
    """What one more decoding or joining would change is not looked into."""
    app = Echo()

    assert (await ask(Gate(app), path)).status == 404
    assert app.asked == []


async def test_the_pages_own_pictures_pass() -> None:
    """Each by its very path, blanks and all."""
    gate = Gate(Echo(), files=[AVATAR])

    assert (await ask(gate, f"/gradio_api/file={AVATAR}")).status == 200
    assert (await ask(gate, f"/gradio_api/file={AVATAR}", "HEAD")).status == 200


@pytest.mark.parametrize(
    ("path", "status"), [("/chat/config", 200), ("/config", 200), ("/chat", 200), ("/chatter", 404)]
)
async def test_the_root_path_may_be_there_or_stripped(path: str, status: int) -> None:
    """Proxies do either; Starlette routes both."""
    assert (await ask(Gate(Echo()), path, root_path="/chat")).status == status


@pytest.mark.parametrize("path", ["/chat/health", "/health"])
async def test_the_application_is_told_the_root_path(path: str) -> None:
    """So that it finds its route either way."""
    app = Starlette(routes=[Route("/health", lambda _request: PlainTextResponse("here"))])

    reply = await ask(Gate(app, root_path="/chat"), path)

    assert (reply.status, reply.body) == (200, b"here")


@pytest.mark.parametrize("path", ["/chat/gradio_api/upload", "/chat/chat/config", "/chat//config", "/chat../config"])
async def test_the_root_path_opens_nothing(path: str) -> None:
    """Behind it the same table holds."""
    assert (await ask(Gate(Echo()), path, "GET", root_path="/chat")).status == 404


async def test_a_body_arrives_whole() -> None:
    """In however many pieces it was sent."""
    app = Echo()

    await ask(Gate(app), "/gradio_api/queue/join", "POST", body=[b"one ", b"", b"two"])

    assert app.bodies == [b"one two"]


@pytest.mark.parametrize("declared", ["3", "11", "", "many"])
async def test_a_body_that_is_too_long_is_refused(declared: str) -> None:
    """Whatever its header said, or did not say."""
    app = Echo()

    reply = await ask(
        Gate(app, max_body_bytes=10),
        "/gradio_api/queue/join",
        "POST",
        headers={"Content-Length": declared} if declared else {},
        body=[b"123456", b"78901"],
    )

    assert (reply.status, app.bodies) == (413, [])


async def test_web_sockets_are_shut() -> None:
    """Nothing here speaks them."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    await Gate(Echo())({"type": "websocket", "path": "/"}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_files_of_a_page_are_found_in_its_config() -> None:
    """Wherever they stand in it; addresses and other paths are not files."""
    picture = {"path": "/cache/a.png", "url": "/gradio_api/file=/cache/a.png", "meta": {"_type": "gradio.FileData"}}
    config = {
        "components": [{"props": {"avatar_images": [None, picture]}}, {"props": {"path": "/etc/passwd"}}],
        "examples": ({"icon": picture | {"path": "/cache/b.svg"}}, "path", 3),
    }

    assert sorted(files_in(config)) == ["/cache/a.png", "/cache/b.svg"]


@pytest.mark.parametrize(("files", "limit"), [(0, 20), (1, 100), (10, 120), (100, 400)])
def test_conversations_with_files_may_be_longer(files: int, limit: int) -> None:
    """A message of as many files as the settings allow is posted whole, up to what the memory bears."""
    assert max_body_bytes_of(files) == limit * 1_000_000
    assert max_body_bytes_of(files) >= min(files, 38) * LARGEST_PART_BYTES


async def test_a_body_that_is_too_long_is_refused_with_words_for_the_page() -> None:
    """`detail` is what it shows; a body that is still coming is taken in first, so that the browser reads them."""
    app, chunks = Echo(), [b"123456", b"78901"]
    gate = Gate(app, max_body_bytes=10)

    reply = await ask(gate, "/gradio_api/queue/join", "POST", headers={"Content-Length": "11"}, body=iter(chunks))

    assert (reply.status, app.bodies) == (413, [])
    assert "is larger than 1e-05 MB with its files" in json.loads(reply.body)["detail"]


async def test_large_bodies_wait_for_room_and_small_ones_never() -> None:
    """What is taken in at one time is bounded; when a body is gone, its room is free again."""
    held, proceed = 0, asyncio.Event()
    chunk = bytes(MAX_BODY_BYTES // 4)

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal held
        while (message := await receive()).get("more_body"):
            held += len(message["body"])
        await proceed.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gate = Gate(app, max_body_bytes=3 * MAX_BODY_BYTES // 2)

    async def post(chunks: int) -> tuple[int, bytes]:
        reply = await ask(gate, "/gradio_api/queue/join", "POST", body=[chunk] * chunks)
        return reply.status, reply.body

    large = [asyncio.create_task(post(6)) for _ in range(3)]
    while held < 18 * len(chunk):  # noqa: ASYNC110 - the bodies are taken in step by step
        await asyncio.sleep(0)
    status, body = await post(6)
    small = asyncio.create_task(post(1))
    await asyncio.sleep(0)
    proceed.set()

    assert (status, "in a moment" in json.loads(body)["detail"]) == (503, True)
    assert [(await task)[0] for task in [*large, small]] == [200] * 4
    assert (await post(6))[0] == 200
