"""The gate before a real Gradio in which everything is open: about 6 s, most of it Gradio's import."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest

from chat_app.server.doors import DOORS

ROOT = Path(__file__).parents[2]
AT_HOME = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
"""Keeps Gradio and its client from calling other hosts."""
SAMPLES = {
    "path:path": "some/file.js",
    "url_path:path": "https://a.hf.space/x",
    "path_or_url:path": "/etc/passwd",
    "api_name": "like",
    "size": "100000",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is served, all of Gradio's routes, and what nobody may read."""

    port: int
    routes: tuple[tuple[str, str], ...]
    secret: Path

    def status(self, method: str, path: str) -> int:
        """The status alone; the body may never end."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body="{}" if method == "POST" else None)
            return connection.getresponse().status

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Status and body; `path` goes out as it is written here."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.putrequest(method, path, skip_accept_encoding=True)
            data = b"" if body is None else json.dumps(body).encode()
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            reply = connection.getresponse()
            return reply.status, reply.read()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page, its avatar, and a folder that Gradio was told to serve but is none of the page."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "bot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    secret = folder / "secret" / "chat.yaml"
    secret.parent.mkdir()
    secret.write_text("api_key: sk-secret", encoding="utf-8")
    command = [sys.executable, "-m", "tests.server.gradio_app", str(folder / "bot.svg"), str(secret.parent)]
    with subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, env=os.environ | AT_HOME, text=True, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            yield Page(said["port"], tuple((method, path) for method, path in said["routes"]), secret)
        finally:
            process.terminate()


def test_about_every_route_of_gradio_something_is_decided(page: Page) -> None:
    """A route that a new version brings must be looked at: it is shut until it stands in the table."""
    undecided = [
        (method, path)
        for method, path in page.routes
        if not any(re.fullmatch(door.path, _sample(path).removesuffix("/") or "/") for door in DOORS)
    ]

    assert len(page.routes) > 50
    assert undecided == [("GET", "/openapi.json"), ("HEAD", "/openapi.json")]


def test_every_shut_door_is_not_found(page: Page) -> None:
    """Each of Gradio's routes is asked; only those that the table opens are answered by Gradio."""
    answered = {path for method, path in page.routes if page.status(method, quote(_sample(path), safe="/:=+")) != 404}

    assert answered == {
        "/",
        "/config",
        "/favicon.ico",
        "/gradio_api/app_id",
        "/gradio_api/cancel",
        "/gradio_api/heartbeat/{session_hash}",
        "/gradio_api/info",
        "/gradio_api/openapi.json",
        "/gradio_api/queue/data",
        "/gradio_api/queue/join",
        "/gradio_api/reset",
        "/manifest.json",
        "/robots.txt",
        "/theme.css",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file={secret}",
        "/gradio_api/file%3D{secret}",
        "/gradio_api//file={secret}",
        "/gradio_api/./file={secret}",
        "/assets/../gradio_api/file={secret}",
        "/assets/%2e%2e/gradio_api/file={secret}",
        "/gradio_api%2ffile={secret}",
        "//gradio_api/file={secret}",
        "/gradio_api/file={secret}?x=1",
        "/gradio_api/file/{secret}",
        "/gradio_api/FILE={secret}",
        "/health/../gradio_api/file={secret}",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/{secret}",
        "/static/img/..%2f..%2f..%2f..%2f..%2f{secret}",
        "/static/img/%252e%252e/{secret}",
    ],
)
def test_no_file_can_be_read_that_is_not_the_pages(page: Page, path: str) -> None:
    """However it is written, and although this Gradio was told to serve it."""
    status, body = page.ask("GET", path.format(secret=page.secret))

    assert (status, b"sk-secret" in body) == (404, False)


def test_a_posted_path_brings_no_file_out(page: Page) -> None:
    """Gradio may copy a file that a client names into its cache; nobody can fetch it from there."""
    file = {"path": str(page.secret), "meta": {"_type": "gradio.FileData"}}
    event = {"data": [file], "fn_index": 1, "session_hash": "s1"}

    said = page.ask("POST", "/gradio_api/run/predict", event)[1]

    assert b"sk-secret" not in said
    for path in re.findall(rb"/gradio_api/file=[^\"\\]+", said):
        assert page.ask("GET", path.decode())[0] == 404


@pytest.mark.parametrize("chunked", [False, True])
def test_gradio_is_not_fed_too_much(page: Page, chunked: bool) -> None:  # noqa: FBT001
    """Whether the length is said before or not."""
    megabyte = b" " * 1_000_000
    with closing(HTTPConnection("127.0.0.1", page.port, timeout=10)) as connection:
        body = iter([megabyte] * 21) if chunked else megabyte * 21
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/gradio_api/queue/join", body, {"Content-Type": "application/json"})

        assert connection.getresponse().status == 413


def test_the_page_comes_with_all_that_it_names(page: Page) -> None:
    """Its scripts, styles and avatar."""
    status, body = page.ask("GET", "/")
    html = body.decode()
    avatar = re.search(r"http://[^/\"]+(/gradio_api/file=[^\"]+bot\.svg)", html)

    assert status == 200
    assert avatar is not None
    assets = re.findall(r'(?:src|href)="\.(/assets/[^"]+)"', html)
    assert assets
    for path in [*assets, "/static/js/iframeResizer.contentWindow.min.js", "/theme.css", avatar.group(1)]:
        assert page.ask("GET", path)[0] == 200, path


def test_the_python_client_gets_an_answer(page: Page) -> None:
    """It reads the config and the API, joins the queue and follows its stream."""
    script = (
        "from gradio_client import Client; "
        f"print(Client('http://127.0.0.1:{page.port}', verbose=False).predict('Hi', api_name='/chat'))"
    )

    said = subprocess.run(  # noqa: S603
        [sys.executable, "-c", script], env=os.environ | AT_HOME, capture_output=True, text=True, check=True, timeout=60
    )

    assert said.stdout == "Hi\n"


def test_plain_http_gets_an_answer(page: Page) -> None:
    """As with curl: one request starts the turn, the next follows it."""
    status, body = page.ask("POST", "/gradio_api/call/chat", {"data": ["Hi"]})
    event = json.loads(body)["event_id"]

    assert status == 200
    assert b'event: complete\ndata: ["Hi"]' in page.ask("GET", f"/gradio_api/call/chat/{event}")[1]


def test_an_event_that_skips_the_queue_gets_an_answer(page: Page) -> None:
    """As the page sends it."""
    event = {"data": ["Hi"], "fn_index": 1, "session_hash": "s1"}

    status, body = page.ask("POST", "/gradio_api/run/predict?__theme=dark", event)

    assert (status, json.loads(body)["data"]) == (200, ["HI"])


def test_our_own_routes_are_served_before_gradio(page: Page) -> None:
    """With the headers of every response."""
    with closing(HTTPConnection("127.0.0.1", page.port, timeout=10)) as connection:
        connection.request("GET", "/ready")
        reply = connection.getresponse()

        assert json.loads(reply.read())["status"] == "ready"
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'self'")


def _sample(path: str) -> str:
    return re.sub(r"\{([^}]+)\}", lambda name: SAMPLES.get(name[1], "x1"), path)
