"""What the running app says to whoever asks it over HTTP, and what it keeps to itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import quote, urljoin, urlsplit

import httpx2
import pytest
from gradio_client import Client  # type: ignore[import-untyped]

from chat_app.server.headers import HEADERS
from tests.browser import app_process
from tests.browser.app_process import NO_OLLAMA, App
from tests.browser.gradio_events import Visitor, said
from tests.browser.proxy import proxy
from tests.browser.upstream import Upstream, fails, says, upstream

pytestmark = pytest.mark.browser

KEY_IN_FILE = "sk-proj-9fQ2mVx7LkT4bHs8"
KEY_IN_DOTENV = "gsk_Zr5nYw3cJd6pAe1uGt0o"
SECRET = "signs-the-answers-of-these-apps"
KEYS = (KEY_IN_FILE, KEY_IN_DOTENV, SECRET)
PATHS_TO_READ = ("/config", "/gradio_api/info", "/gradio_api/openapi.json", "/", "/ready", "/health", "/theme.css")
FORMS = (
    "/gradio_api/file={}",
    "/file={}",
    "/gradio_api/file/{}",
    "/file/{}",
    "/gradio_api/file=..{}",
    "/gradio_api/file=file://{}",
    "/gradio_api/proxy=file://{}",
    "/proxy=file://{}",
    "/static{}",
    "/static/..{}",
    "/static/img/../../../../../../../../../../../../..{}",
    "/assets/../../../../../../../../../../../../../..{}",
    "/svelte/../../../../../../../../../../../../../..{}",
    "/gradio_api/custom_component/x/client/component/../../..{}",
    "{}",
)
SHUT = (
    ("GET", "/monitoring"),
    ("GET", "/monitoring/summary"),
    ("GET", "/gradio_api/runs"),
    ("GET", "/gradio_api/run-history/bucket"),
    ("POST", "/gradio_api/upload"),
    ("GET", "/gradio_api/upload_progress?upload_id=1"),
    ("POST", "/gradio_api/component_server"),
    ("POST", "/gradio_api/process_recording"),
    ("POST", "/gradio_api/deep_link"),
    ("GET", "/gradio_api/deep_link?session_hash=x"),
    ("GET", "/gradio_api/queue/status"),
    ("GET", "/gradio_api/startup-events"),
    ("GET", "/gradio_api/token"),
    ("POST", "/login"),
    ("GET", "/docs"),
    ("GET", "/redoc"),
    ("GET", "/openapi.json"),
    ("GET", "/mcp"),
    ("GET", "/gradio_api/mcp/sse"),
    ("POST", "/gradio_api/vibe-edit"),
    ("GET", "/metrics"),
)


@pytest.fixture(scope="module")
def echoing() -> Iterator[Upstream]:
    """A server that refuses the key and says which one it was."""
    with upstream() as served:
        served.listing = fails(401, f"Incorrect API key provided: {KEY_IN_DOTENV}.")
        yield served


@pytest.fixture(scope="module")
def apps(
    tmp_path_factory: pytest.TempPathFactory, upstream_server: Upstream, echoing: Upstream
) -> Iterator[dict[str, App]]:
    """Three apps, started at once: `up` with one server of two, `down` with none, `below` a path."""
    closed = f"{{name: closed, base_url: {NO_OLLAMA}/v1, api_key: {KEY_IN_FILE}, attempts: 1}}"
    own = f"{{name: own, base_url: {upstream_server.base_url}, api_key: {KEY_IN_FILE}, attempts: 1}}"
    refusing = f"{{name: refusing, base_url: {echoing.base_url}, api_key: '${{REFUSED_KEY}}', attempts: 1}}"
    plans = {"up": ((own, closed), ()), "down": ((closed, refusing), ()), "below": ((own,), ("--root-path", "/chat"))}

    folders = {name: tmp_path_factory.mktemp(name) for name in plans}

    def start(name: str) -> App:
        folder = folders[name]
        (folder / ".env").write_text(f"REFUSED_KEY={KEY_IN_DOTENV}\n", encoding="utf-8")
        endpoints, arguments = plans[name]
        settings = f"endpoints: [{', '.join(endpoints)}]\nfeedback: {{secret: {SECRET}}}\n"
        return app_process.start(folder, settings, arguments=arguments)

    with ThreadPoolExecutor() as pool:
        started = dict(zip(plans, pool.map(start, plans), strict=True))
    yield started
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(App.stop, started.values())) == [0, 0, 0]


@pytest.fixture(scope="module")
def up(apps: dict[str, App]) -> App:
    """An app that answers; somebody has liked an answer."""
    with closing(Visitor(apps["up"].base_url)) as visitor:
        assert visitor.likes(visitor.answered(said("user", "Hi"))).status_code == 200
    assert len(apps["up"].rows()) == 1
    (apps["up"].feedback / "signing.key").write_text(SECRET, encoding="utf-8")  # where a key would be, had we set none
    return apps["up"]


def test_health_asks_nobody(apps: dict[str, App]) -> None:
    """It is well, whether servers are or not."""
    for app in apps.values():
        response = httpx2.get(f"{app.base_url.removesuffix('/chat')}/health")
        assert (response.status_code, response.json()["status"]) == (200, "ok")


def test_ready_says_which_servers_answer(up: App) -> None:
    """One is enough."""
    response = _ready(up)

    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert {one["name"]: one["state"] for one in response.json()["endpoints"]} == {"own": "up", "closed": "down"}


def test_ready_is_503_while_none_answers(apps: dict[str, App]) -> None:
    """Configured ones that are down are not replaced by the demo; what is wrong and what to do is told."""
    down = apps["down"]
    response = _ready(down)

    assert (response.status_code, response.json()["status"]) == (503, "not_ready")
    closed, refusing = response.json()["endpoints"]
    assert (closed["state"], refusing["state"]) == ("down", "down")
    assert closed["sentence"]
    assert closed["hint"]
    assert "401" in refusing["sentence"]
    assert "built-in demo" not in down.log


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/health", 200),
        ("GET", "/ready", 200),
        ("GET", "/config", 200),
        ("GET", "/gradio_api/info", 200),
        ("GET", "/gradio_api/heartbeat/abc", 200),
        ("GET", "/nothing", 404),
        ("GET", "/gradio_api/upload", 404),
        ("DELETE", "/", 404),
        ("POST", "/gradio_api/queue/join", 422),
        ("POST", "/gradio_api/run/predict", 422),
    ],
)
def test_every_response_has_the_headers(up: App, method: str, path: str, status: int) -> None:
    """Pages, JSON, streams and errors; each header once."""
    with httpx2.stream(method, f"{up.base_url}{path}") as response:
        assert response.status_code == status
        assert {name: response.headers.get_list(name) for name in HEADERS} == {
            name: [value] for name, value in HEADERS.items()
        }


@pytest.mark.parametrize(("method", "path"), SHUT)
def test_gradios_other_doors_are_shut(up: App, method: str, path: str) -> None:
    """Records, uploads, tools: 404, as if they were not there."""
    assert httpx2.request(method, f"{up.base_url}{path}").status_code == 404


def test_other_hosts_are_not_asked_in_our_name(up: App, server: Upstream) -> None:
    """Neither by the proxy for pictures nor as a file with an address."""
    address = f"{server.base_url}/private"
    for form in ("/gradio_api/proxy={}", "/gradio_api/file={}", "/proxy={}"):
        for written in (address, quote(address, safe="")):
            assert httpx2.get(f"{up.base_url}{form.format(written)}").status_code == 404
    assert not [exchange for exchange in server.exchanges if exchange.path.endswith("/private")]


@pytest.mark.parametrize("name", ["chat.yaml", ".env", "log.txt", "feedback/feedback.csv", "feedback/signing.key", ""])
def test_no_file_can_be_read(up: App, name: str) -> None:
    """By no form of address: absolute, relative to the process, encoded once or twice, with dots or a scheme."""
    file = up.folder / name if name else Path("/etc/passwd")
    content = file.read_bytes()
    assert content
    targets = [str(file), name or "../../../../../../../../etc/passwd"]
    for path in (form.format(target) for form in FORMS for target in targets):
        for written in (path, quote(path, safe="/="), quote(quote(path, safe="/=")), path.replace("/..", "/%2e%2e")):
            status, body = _raw(up, written if written.startswith("/") else f"/{written}")
            assert status in {400, 404}, written
            assert content not in body


def test_keys_are_in_nothing_that_can_be_read(up: App, apps: dict[str, App]) -> None:
    """Nor in what is printed when the app starts, or when a server repeats a key that it refuses."""
    for app in (up, apps["down"]):
        for path in PATHS_TO_READ:
            text = httpx2.get(f"{app.base_url}{path}").text
            assert [key for key in KEYS if key in text] == []
        with closing(Visitor(app.base_url)) as visitor:
            shown = visitor.post("_look", "", None).text
            assert [key for key in KEYS if key in shown] == []
        assert "The page:" in app.log
        assert [key for key in KEYS if key in app.log] == []


def test_a_key_that_the_server_repeats_is_not_shown(up: App, apps: dict[str, App], server: Upstream) -> None:
    """Neither on the page nor by the API nor in the log, whole or cut."""
    server.then(*[fails(401, f"Incorrect API key provided: {KEY_IN_FILE}. Find yours at http://x.invalid")] * 2)
    with closing(Visitor(up.base_url)) as visitor:
        on_page = visitor.answered(said("user", "Hi"))[-1]
        *_, (event, (value, _)) = visitor.call_chat("Hi", None, None)
    with closing(Visitor(apps["down"].base_url)) as visitor:
        of_other = visitor.answered(said("user", "Hi"))[-1]

    assert event == "complete"
    assert "401" in value[-1]["metadata"]["title"]
    for text in (str(on_page), str(value), str(of_other), up.log, apps["down"].log):
        assert [key for key in KEYS if key[:12] in text or key[-8:] in text] == []


def test_the_page_works_below_a_path(apps: dict[str, App], server: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy that takes the path off: the document, all that it names, the settings, and a turn."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    server.then(says("Through", " the proxy."))
    app = apps["below"]
    assert app.base_url.endswith("/chat"), "The address that is printed lacks the path."
    with proxy(app.base_url.removesuffix("/chat"), "/chat") as address:
        document = httpx2.get(f"{address}/")
        assert document.status_code == 200
        assert "globalThis.chatApp" in document.text
        named = re.findall(r'(?:src|href)="([^"#][^"]*)"', document.text)
        named.remove("/manifest.json")  # Gradio's template says so wherever it is served; only what installs pages asks
        addresses = {urljoin(f"{address}/", name) for name in named if not name.startswith("data:")}
        assert len(addresses) >= 3
        assert {one for one in addresses if urlsplit(one).netloc != urlsplit(address).netloc} == set()
        assert {one: httpx2.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 200)

        assert httpx2.get(f"{address}/config").json()["root"] == address
        assert httpx2.get(f"{address}/ready").status_code == 200
        assert httpx2.get(f"{address}/monitoring").status_code == 404
        client = Client(address, verbose=False, download_files=False)
        assert client.predict("Hi", api_name="/chat") == "Through the proxy."


def test_a_proxy_may_leave_the_path_there(apps: dict[str, App]) -> None:
    """Some do; the doors are the same."""
    app = apps["below"]
    assert httpx2.get(f"{app.base_url}/").status_code == 200
    assert httpx2.get(f"{app.base_url}/config").json()["root"] == app.base_url
    assert httpx2.get(f"{app.base_url}/monitoring").status_code == 404
    assert _raw(app, "/chat/gradio_api/file=/etc/passwd")[0] == 404


def _ready(app: App) -> httpx2.Response:
    """What `/ready` says once every server was asked for the first time."""
    until = monotonic() + 10
    while True:
        response = httpx2.get(f"{app.base_url}/ready")
        if monotonic() > until or "unknown" not in {one["state"] for one in response.json()["endpoints"]}:
            return response
        sleep(0.05)


def _raw(app: App, path: str) -> tuple[int, bytes]:
    """Status and body; the path goes out as it is written."""
    with closing(HTTPConnection(urlsplit(app.base_url).netloc, timeout=10)) as connection:
        connection.putrequest("GET", path)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.read()


def test_gradio_is_set_to_tell_nobody_and_to_show_no_errors(up: App) -> None:
    """Errors of its own would show what stands in them; runs would be kept in the browser; telemetry would leave."""
    config = httpx2.get(f"{up.base_url}/config").json()
    careful = ("show_error", "run_history", "analytics_enabled", "pwa", "mcp_server")
    assert {name: config[name] for name in careful} == dict.fromkeys(careful, False)


def test_a_turn_cannot_skip_the_queue(up: App) -> None:
    """The address that answers the page's small events takes no turn."""
    config = httpx2.get(f"{up.base_url}/config").json()
    (chat,) = [event["id"] for event in config["dependencies"] if event["api_name"] == "chat"]
    posted = {"data": ["Hi", None, None, None], "fn_index": chat, "session_hash": "somebody"}
    assert httpx2.post(f"{up.base_url}/gradio_api/run/predict", json=posted).status_code == 404
