"""A real browser, the app as a process, and the scripted server behind it.

The tests of this folder are not async: Playwright's sync interface runs a loop of its own, and while it does no other
can run in this thread. The browser is therefore started anew for each module and stopped behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    expect,
    sync_playwright,
)

from tests.browser import app_process
from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.chromium import executable
from tests.browser.modules import host_of, served
from tests.browser.panel import SidePanel
from tests.browser.upstream import Upstream, upstream
from tests.toy_model import CACHE

SCREENSHOTS = CACHE / "screenshots"
NEVER_SEEN = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess")
"""What Chromium makes for every window of a visitor though nobody sees it: two pages of its own, for the list under the
address bar, and a process for a page that may come. Without them one who opens the page for the first time costs 2.1 s
of CPU instead of 4.4 s, and has one process of pages instead of three."""
OF_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
"""What Playwright itself switches off. Chromium heeds the last `--disable-features` only, so ours must repeat them;
`test_chromium_switches.py` fails when a later Playwright has others."""
SWITCHED_OFF = OF_PLAYWRIGHT + NEVER_SEEN
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    f"--disable-features={','.join(SWITCHED_OFF)}",
)
"""The last but one keeps what a page might ask of other hosts on this machine; that it asked is seen all the same."""
DESKTOP, PHONE = (1280, 800), (390, 844)
PATIENCE_MS = 20_000
"""How long a page may take for what is waited for, on a machine where other browsers run as well. It measures nothing:
a test of how long something takes has a bound of its own."""
expect.set_options(timeout=PATIENCE_MS)
_FAILED = pytest.StashKey[bool]()


class StartApp(Protocol):
    """What `start_app` is."""

    def __call__(
        self, settings: str, *, environment: Mapping[str, str] | None = None, arguments: Sequence[str] = ()
    ) -> App:
        """The app with these settings (YAML), ready to be asked."""
        ...


Visit: TypeAlias = Callable[..., BrowserContext]
"""What `visitor` is: a visitor with a window of this size."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remembers that a test failed, for the picture."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
def own_hosts() -> set[str]:
    """The `host:port` of every app that was started: the only ones that pages may ask."""
    return set()


@contextmanager
def apps(folders: pytest.TempPathFactory, own_hosts: set[str]) -> Iterator[StartApp]:
    """Starts apps, each in a folder of its own; they are stopped at the end."""
    started: list[App] = []

    def start(settings: str, *, environment: Mapping[str, str] | None = None, arguments: Sequence[str] = ()) -> App:
        app = app_process.start(folders.mktemp("app"), settings, environment=environment, arguments=arguments)
        started.append(app)
        own_hosts.add(urlsplit(app.base_url).netloc)
        return app

    try:
        yield start
    finally:
        for app in started:
            app.stop()


@pytest.fixture(scope="module")
def start_app(tmp_path_factory: pytest.TempPathFactory, own_hosts: set[str]) -> Iterator[StartApp]:
    """Starts apps for a module. Share them in it: each takes 5 s to start, and then a part of a core for nothing."""
    with apps(tmp_path_factory, own_hosts) as start:
        yield start


@pytest.fixture(scope="session")
def upstream_server() -> Iterator[Upstream]:
    """The scripted server, for fixtures that live longer than a test."""
    with upstream() as served:
        yield served


@pytest.fixture
def server(upstream_server: Upstream) -> Upstream:
    """The scripted server as new."""
    upstream_server.reset()
    return upstream_server


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, own_hosts: set[str], upstream_server: Upstream) -> Iterator[App]:
    """An app of which the scripted server is the one endpoint, asked once and not again."""
    with apps(tmp_path_factory, own_hosts) as start:
        yield start(f"endpoints: [{{name: scripted, base_url: {upstream_server.base_url}, attempts: 1}}]\n")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def allowed_errors() -> list[str]:
    """Regular expressions for what the page may complain of in this test, and in no other. Empty unless filled."""
    return []


@pytest.fixture
def visitor(
    browser: Browser, own_hosts: set[str], allowed_errors: list[str], request: pytest.FixtureRequest
) -> Iterator[Visit]:
    """Makes visitors who have never been here, with windows of a size.

    Complaints of any of their pages, and requests to other hosts, fail the test. Pictures of the pages are kept in
    `SCREENSHOTS` when it fails.
    """
    watches: list[tuple[BrowserContext, Watch]] = []

    def visit(size: tuple[int, int] = DESKTOP) -> BrowserContext:
        made = new_context(browser, size)
        watches.append((made, Watch(made, own_hosts)))
        return made

    yield visit
    faults = [fault for _, watch in watches for fault in watch.faults(allowed_errors)]
    pages = [page for made, _ in watches for page in made.pages]
    if faults or request.node.stash.get(_FAILED, False):
        for number, page in enumerate(pages, start=1):
            page.screenshot(path=picture_of(f"{request.node.nodeid}-{number}"), full_page=True)
    for made, _ in watches:
        made.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def context(visitor: Visit) -> BrowserContext:
    """A visitor with a wide window."""
    return visitor()


@pytest.fixture
def phone_context(visitor: Visit) -> BrowserContext:
    """A visitor with a phone."""
    return visitor(PHONE)


@pytest.fixture(scope="module")
def address(own_hosts: set[str]) -> Iterator[str]:
    """Where the sources of the page are served, without an app."""
    with served() as where:
        own_hosts.add(host_of(where))
        yield where


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab, not opened anywhere yet."""
    return context.new_page()


@pytest.fixture
def chat(page: Page, app: App, server: Upstream) -> ChatPage:
    """The page of the module's `app`, just opened; its server is as new."""
    assert not server.asked
    return open_chat(page, app)


@pytest.fixture
def panel(chat: ChatPage) -> SidePanel:
    """The side panel of that page."""
    return SidePanel(chat.page)


def new_context(browser: Browser, size: tuple[int, int] = DESKTOP) -> BrowserContext:
    """A visitor with a window of `size`, whom nobody watches yet."""
    width, height = size
    made = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=size == PHONE, locale="en-US", service_workers="block"
    )
    made.set_default_timeout(PATIENCE_MS)
    return made


def picture_of(name: str) -> Path:
    """Where the picture of a test, or any other, is kept."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', name.removeprefix('tests/browser/'))}.png"


class Watch:
    """What the pages of a visitor complain of on the console, and whom else they ask."""

    def __init__(self, context: BrowserContext, own_hosts: set[str]) -> None:
        self._own_hosts = own_hosts
        self._complaints: list[str] = []
        self._strangers: list[Request] = []
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("request", self._on_request)

    def faults(self, allowed: Sequence[str]) -> list[str]:
        """All of it, but for complaints that one of the regular expressions `allowed` is found in."""
        complaints = [text for text in self._complaints if not any(re.search(pattern, text) for pattern in allowed)]
        return [f"The page complained: {text}" for text in complaints] + [
            # One that the page's own policy has stopped went nowhere.
            f"The page asked another host: {request.url}"
            for request in self._strangers
            if request.failure != "csp"
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: WebError) -> None:
        self._complaints.append(str(error.error))

    def _on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc not in self._own_hosts:
            self._strangers.append(request)
