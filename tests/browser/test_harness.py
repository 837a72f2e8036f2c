"""The harness notices what it is there to notice; else all other browser tests would say nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.app_process import App
from tests.browser.chromium import NoChromium, executable
from tests.browser.conftest import PATIENCE_MS, StartApp, Watch, new_context
from tests.browser.upstream import MODEL, Upstream, breaks, fails, hangs, is_cut, says, says_without_end

pytestmark = pytest.mark.browser


class Site(BaseHTTPRequestHandler):
    """A page whose query is its body."""

    def do_GET(self) -> None:
        """Answers everything but a favicon with a page."""
        found = self.path.startswith("/?")
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NO_CONTENT)
        self.send_header("content-type", "text/html")
        self.end_headers()
        if found:
            self.wfile.write(str(httpx2.URL(self.path).params["body"]).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 — the library's name
        """Says nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The `host:port` of the stand-in."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:  # a browser may hold a connection that it does not use
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p>All is well</p>", ""),
        ("<script>console.error('spilt milk')</script>", "complained: spilt milk"),
        ("<script>throw new Error('a hole')</script>", "complained: a hole"),
        ("<script>fetch('/none').then(() => nothing.there)</script>", "nothing is not defined"),
        ("<img src='http://tracker.invalid/pixel.png'>", "asked another host: http://tracker.invalid/pixel.png"),
        ("<script>fetch('http://127.0.0.1:9/')</script>", "asked another host: http://127.0.0.1:9/"),
        ("<link rel='stylesheet' href='https://fonts.invalid/a.css'>", "asked another host: https://fonts.invalid"),
    ],
)
def test_what_a_page_does_wrong_is_noticed(browser: Browser, site: str, body: str, fault: str) -> None:
    """Console errors, uncaught errors and requests to any other host, on this machine too."""
    context = new_context(browser)
    watch = Watch(context, {site})
    page = context.new_page()
    page.goto(str(httpx2.URL(f"http://{site}/", params={"body": body})))
    page.wait_for_load_state("networkidle")
    wait_for_fault(page, watch, fault)
    context.close()
    assert fault in "\n".join(watch.faults([]))
    assert bool(watch.faults([])) == bool(fault)


def wait_for_fault(page: Page, watch: Watch, fault: str) -> None:
    """Until the browser has told of it: it does so in its own time."""
    until_s = monotonic() + PATIENCE_MS / 1000
    while fault not in "\n".join(watch.faults([])) and monotonic() < until_s:
        page.wait_for_timeout(20)


def test_a_complaint_can_be_allowed_and_a_request_cannot(browser: Browser, site: str) -> None:
    """A test of an error expects its complaint; nothing expects a page to call home."""
    context = new_context(browser)
    watch = Watch(context, {site})
    page = context.new_page()
    body = "<script>console.error('429 too many')</script><img src='http://tracker.invalid/p.png'>"
    page.goto(str(httpx2.URL(f"http://{site}/", params={"body": body})))
    page.wait_for_load_state("networkidle")
    wait_for_fault(page, watch, "tracker.invalid")
    context.close()
    assert [fault.split(": ")[0] for fault in watch.faults(["429", "ERR_"])] == ["The page asked another host"]


def test_a_chromium_that_is_named_is_the_one_that_is_used(tmp_path: Path) -> None:
    """And a wrong name is an error, not a reason to take another."""
    mine = tmp_path / "mine"
    mine.write_text("#!/bin/sh\nexit 0\n")
    mine.chmod(0o755)
    assert executable({"CHROMIUM": str(mine)}) == str(mine)
    with pytest.raises(NoChromium, match="CHROMIUM is set to"):
        executable({"CHROMIUM": str(tmp_path / "none"), "PATH": "/usr/bin"})


def test_a_browser_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    """Ubuntu's `chromium-browser` is a script that says where to get one."""
    for name, status in (("chromium", 1), ("chromium-browser", 0)):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / name).chmod(0o755)
    assert executable({"PATH": str(tmp_path)}) == str(tmp_path / "chromium-browser")


def setup_with(folder: Path, apt_get: str) -> subprocess.CompletedProcess[str]:
    """The set-up step on a machine that has only what is in `folder`: an `apt-get` with this script, among others."""
    for name, script in (("apt-get", apt_get), ("sudo", 'shift\nexec "$@"'), ("true", ""), ("env", 'shift\nexec "$@"')):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(  # noqa: S603 — our own script
        [sys.executable, chromium.__file__], env={"PATH": str(folder)}, capture_output=True, text=True, check=False
    )


def test_a_chromium_that_is_missing_is_installed_by_the_systems_own_means(tmp_path: Path) -> None:
    """The lists are brought up to date first, since a fresh image has none."""
    browser = tmp_path / "chromium"
    noted = f'echo "$@" >> {tmp_path}/asked\nPATH=/usr/bin:/bin\nprintf "#!/bin/sh\\n" > {browser}; chmod 755 {browser}'
    done = setup_with(tmp_path, noted)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"Chromium: {browser}\n")
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.endswith("update")
    assert " chromium" in install


def test_a_set_up_that_fails_says_exactly_what_to_do(tmp_path: Path) -> None:
    """With what the system said."""
    done = setup_with(tmp_path, "echo no network >&2\nexit 100")
    assert done.returncode == 1
    assert "no network" in done.stderr
    assert "CHROMIUM=/path/to/chromium make test" in done.stderr


def asked(server: Upstream, **body: Any) -> httpx2.Response:
    """What the scripted server answers to one chat request."""
    with httpx2.Client(trust_env=False, timeout=5) as client:
        return client.post(f"{server.base_url}/chat/completions", json=body)


def test_the_scripted_server_answers_in_turn_and_remembers(server: Upstream) -> None:
    """First what was queued, then what is always said; each request with its body."""
    server.then(says("One"), fails(429, "Slow down.", headers={"retry-after": "7"}))
    first, second, third = (asked(server, number=number) for number in range(3))
    assert '"content": "One"' in first.text
    assert first.text.endswith("data: [DONE]\n\n")
    assert (second.status_code, second.headers["retry-after"]) == (429, "7")
    assert second.json()["error"]["message"] == "Slow down."
    assert '"content": "Hello"' in third.text
    assert [exchange.body["number"] for exchange in server.asked] == [0, 1, 2]
    assert all(exchange.closed.wait(5) and not exchange.by_client for exchange in server.asked)


def test_the_scripted_server_lists_its_models(server: Upstream) -> None:
    """Or whatever else it is told to."""
    with httpx2.Client(trust_env=False) as client:
        assert client.get(f"{server.base_url}/models").json()["data"] == [{"id": MODEL, "object": "model"}]
        server.listing = fails(401, "No.")
        assert client.get(f"{server.base_url}/models").status_code == HTTPStatus.UNAUTHORIZED


def test_the_scripted_server_can_cut_and_break(server: Upstream) -> None:
    """A clean end without `[DONE]`, and a reset, both after what was said."""
    server.then(is_cut("Hel"), breaks("Hel"))
    assert not asked(server).text.endswith("[DONE]\n\n")
    with (
        httpx2.Client(trust_env=False) as client,
        client.stream("POST", f"{server.base_url}/chat/completions", json={}) as response,
    ):
        pieces = response.iter_bytes()
        received = next(pieces)
        while b"Hel" not in received:
            received += next(pieces)
        with pytest.raises(httpx2.ReadError):
            next(pieces)


@pytest.mark.parametrize("reply", [hangs("Hel"), says_without_end(pace_s=0.01)])
def test_the_scripted_server_notices_that_a_client_left(server: Upstream, reply: Any) -> None:
    """At once, while it is silent as well as while it talks: before it has told another client something short."""
    server.then(reply, says("One", " moment.", pace_s=0.2))
    with (
        httpx2.Client(trust_env=False) as client,
        client.stream("POST", f"{server.base_url}/chat/completions", json={}) as response,
    ):
        assert next(response.iter_bytes())
    asked(server)
    exchange = server.asked[0]
    assert exchange.closed.is_set()
    assert exchange.by_client


def test_the_scripted_server_can_say_nothing_at_all(server: Upstream) -> None:
    """As Ollama does while it loads a model: not even headers."""
    server.then(hangs())
    patience = httpx2.Timeout(5, read=0.2)
    with httpx2.Client(trust_env=False, timeout=patience) as client, pytest.raises(httpx2.ReadTimeout):
        client.post(f"{server.base_url}/chat/completions", json={})


def test_the_app_starts_prints_its_address_and_stops(start_app: StartApp, server: Upstream) -> None:
    """As its users start it, and with status 0 when it is asked to stop."""
    app = start_app(f"endpoints: [{{name: scripted, base_url: {server.base_url}}}]", environment={"UNUSED": "1"})
    assert app.base_url in app.log
    assert app.rows() == []
    assert app.stop() == 0


def test_an_app_that_cannot_start_tells_why(start_app: StartApp) -> None:
    """Its log is in the error, and nobody waits a minute for it."""
    with pytest.raises(AssertionError, match="unknown"):
        start_app("unknown_key: 1")


def test_the_page_can_be_opened(app: App, page: Page) -> None:
    """The whole harness at once: app, upstream, browser and watch."""
    page.goto(app.base_url)
    expect(page.get_by_role("textbox").first).to_be_visible()
