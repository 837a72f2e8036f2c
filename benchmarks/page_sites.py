"""The pages that are measured, each a process over the scripted server, and a visitor's tab in which one is open."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext, Locator, Page

from tests.browser import app_process

PROBE: Final = Path(__file__).with_name("page_probe.js")
SETTINGS: Final = "endpoints: [{{name: scripted, base_url: {base_url}, attempts: 1}}]\n"
STARTED_WITHIN_S: Final = 60.0
_METRICS: Final = ("ThreadTime", "TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


@dataclass(frozen=True, slots=True)
class Site:
    """A page under measurement."""

    name: str
    url: str


@contextmanager
def ours(folder: Path, upstream_url: str) -> Iterator[Site]:
    """Our own, with the settings that everybody gets."""
    app = app_process.start(folder, SETTINGS.format(base_url=upstream_url))
    try:
        yield Site("ours", f"{app.base_url}/")
    finally:
        app.stop()


@contextmanager
def stock(folder: Path, upstream_url: str) -> Iterator[Site]:
    """`gr.load_chat`. Raises when it does not start in time."""
    address = folder / "address.txt"
    root = Path(__file__).parent.parent
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "benchmarks.page_stock", upstream_url],
            cwd=folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(folder),
                "PYTHONPATH": str(root),
                "GRADIO_ANALYTICS_ENABLED": "False",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until = time.monotonic() + STARTED_WITHIN_S
        while not address.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"gr.load_chat did not start:\n{(folder / 'log.txt').read_text()[-2000:]}")
            time.sleep(0.1)
        yield Site("stock", address.read_text(encoding="utf-8"))
    finally:
        process.terminate()
        process.wait(15)


@dataclass  # without slots, as Playwright marks the object of a method that it calls
class Wire:
    """What a tab has asked for since `forget`, and what came down as the browser counts it: compressed, with heads."""

    requests: list[Mapping[str, Any]] = field(default_factory=list)
    _bytes: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def begun(self, told: Mapping[str, Any]) -> None:
        """A request was sent."""
        if told["request"]["url"].startswith("http"):
            self.requests.append(told)

    def answered(self, told: Mapping[str, Any]) -> None:
        """Its headers came."""
        self._bytes[told["requestId"]] += int(told["response"]["encodedDataLength"])

    def came(self, told: Mapping[str, Any]) -> None:
        """A piece of its body came."""
        self._bytes[told["requestId"]] += int(told["encodedDataLength"])

    def ended(self, told: Mapping[str, Any]) -> None:
        """All of it came."""
        self._bytes[told["requestId"]] = int(told["encodedDataLength"])

    def came_down(self, told: Mapping[str, Any]) -> bool:
        """Whether anything of a request came down: not of one that was answered by what the browser has kept."""
        return self._bytes[told["requestId"]] > 0

    @property
    def kilobytes(self) -> float:
        """Of all requests since."""
        return sum(self._bytes[told["requestId"]] for told in self.requests) / 1000

    def forget(self) -> None:
        """Begin anew."""
        self.requests.clear()


class Tab:
    """A tab of a visitor, watched."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.site = site
        self.page: Page = context.new_page()
        self.page.add_init_script(path=PROBE)
        self.cdp = context.new_cdp_session(self.page)
        self.wire = Wire()
        for name, listener in (
            ("requestWillBeSent", self.wire.begun),
            ("responseReceived", self.wire.answered),
            ("dataReceived", self.wire.came),
            ("loadingFinished", self.wire.ended),
        ):
            self.cdp.on(f"Network.{name}", listener)
        self.cdp.send("Network.enable")
        self.cdp.send("Performance.enable")

    def open(self, place: str = "") -> float:
        """Load the page. How long it took until it could be used, in ms."""
        self.page.goto(f"{self.site.url}{place}", wait_until="commit")
        return float(self.page.evaluate("probe.usable()"))

    @property
    def box(self) -> Locator:
        """The box to type in."""
        return self.page.locator("textarea").last

    def ask(self, question: str, *shown: tuple[str, str]) -> list[float]:
        """Ask, and the times from the key to each of `shown`, in ms."""
        self.begin(question, *shown)
        times: list[float] = self.page.evaluate("probe.asked()")
        return times

    def begin(self, question: str, *shown: tuple[str, str]) -> None:
        """Ask, and do not wait."""
        self.box.fill(question)
        self.page.wait_for_timeout(150)
        self.page.evaluate("(shown) => probe.ask(shown)", [list(pair) for pair in shown])
        self.box.press("Enter")

    def smoothness(self) -> Mapping[str, Any]:
        """Late frames, long tasks and the times of keys since the last question or `clear`."""
        told: Mapping[str, Any] = self.page.evaluate("probe.smoothness()")
        return told

    def cpu_ms(self) -> Mapping[str, float]:
        """What the page has worked so far: CPU time of its thread; by the clock in tasks, scripts, layout, styles."""
        metrics: Sequence[Mapping[str, Any]] = self.cdp.send("Performance.getMetrics")["metrics"]
        return {each["name"]: 1000 * float(each["value"]) for each in metrics if each["name"] in _METRICS}

    def close(self) -> None:
        """Leave."""
        with suppress(Exception):
            self.cdp.detach()
        self.page.close()
