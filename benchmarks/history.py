"""How fast the page is when its browser keeps many conversations, or long ones, beside how fast it is with few.

    python -m benchmarks.history [--rounds 7]

The app runs as a process of its own over the scripted server of the tests; the visitors are Chromium's, each with a
store that is filled through the page's own modules. All are visited in turn, round after round, after one round that
does not count; what is told are medians. Times are taken in the page (`history_probe.js`): from the click or the key to
the frame in which it is drawn, looked at once a frame, so steps of 17 ms are what can be told apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeAlias

from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

from tests.browser import app_process
from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.chromium import executable
from tests.browser.conftest import ARGUMENTS, new_context
from tests.browser.upstream import Upstream, says, upstream

PROBE: Final = Path(__file__).with_name("history_probe.js")
SETTINGS: Final = "endpoints: [{{name: scripted, base_url: {base_url}, attempts: 1}}]\n"
CHARACTERS: Final = 500
"""Of each message."""
LAST_WORDS: Final = "And that is all."
ANSWER: Final = says(*[f"Piece {number} of an answer. " for number in range(20)], LAST_WORDS, pace_s=0.02)
"""Takes 0.4 s."""
BEFORE: Final = 8
"""The number of the conversation that is on the page before another is shown; those below it are for the turns."""
SOUGHT: Final = (9, 7, 5)
"""Whose own word is searched: at once, later, and by somebody who takes the time that people take."""
STRAGGLERS_MS: Final = 800
Condition: TypeAlias = tuple[str, Any]
"""The name of one of the probe's conditions, and what it is given."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a visitor's browser keeps."""

    conversations: int
    messages: int
    """Of each conversation."""

    def __str__(self) -> str:
        return f"{self.conversations:,} of {self.messages}"


PAIRS: Final = ((Kept(10, 40), Kept(1000, 40)), (Kept(10, 4), Kept(10, 400)))


@dataclass(slots=True)
class Measured:
    """All that was measured in one store, by what it is, in the order of a visit."""

    values: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    longest: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The longest task of the page's thread while it lasted; 0 when none was over 50 ms."""

    def put(self, name: str, value: float) -> None:
        """One more of it."""
        self.values[name].append(value)

    def put_times(self, took: Mapping[str, Any], *names: str) -> None:
        """What the probe has told: a time for each name, and the longest task, which goes to the last."""
        for name, value in zip(names, took["took"], strict=True):
            self.put(name, value)
        self.longest[names[-1]].append(took["longest"])

    def forget(self) -> None:
        """As if nothing had been measured yet."""
        self.values.clear()
        self.longest.clear()

    def cells(self, name: str) -> tuple[str, str]:
        """The median of it and of its longest tasks."""
        digits = 1 if "KB" in name else 0
        longest = median(self.longest[name]) if name in self.longest else 0
        return f"{median(self.values[name]):,.{digits}f}", f"{longest:.0f}" if longest else ""


class Visitor:
    """Somebody whose browser keeps `kept`."""

    def __init__(self, app: App, context: BrowserContext, kept: Kept) -> None:
        self._app, self._context, self._kept = app, context, kept
        self.measured = Measured()
        context.add_init_script(path=PROBE)
        page = open_chat(context.new_page(), app).page
        page.evaluate(
            "(given) => probe.fill(given)",
            {"conversations": kept.conversations, "messages": kept.messages, "characters": CHARACTERS},
        )
        page.close()

    def visit(self, number: int) -> None:
        """Do all of it, and ask in the conversation of that number."""
        page = self._context.new_page()
        listed: Condition = ("listed", min(10, self._kept.conversations))
        self._open(page, "", "open the page: panel, box", listed, ("usable", None))
        self._search(page, "search, first, at once", SOUGHT[0])
        self._search(page, "search, later", SOUGHT[1])
        page.get_by_role("searchbox").fill("")
        toggle = page.locator("#conversations .toggle")
        self._act(page, "click", toggle.click, "close the panel", ("closed", None))
        self._act(page, "click", toggle.click, "open the panel", listed)
        self._show(page, "show a conversation, from a new one", BEFORE)
        self._show(page, "show a conversation, from another", number)
        self._ask(page)
        page.close()

        page = self._context.new_page()
        self._open(page, f"#c=kept-{number}", "open the page at a conversation", self._shown(number))
        box = page.get_by_role("searchbox")
        box.hover()
        page.wait_for_timeout(200)
        box.focus()
        page.wait_for_timeout(300)
        self._search(page, "search, first, 0.5 s after pointing at the box", SOUGHT[2])
        page.close()

    def _open(self, page: Page, place: str, name: str, *conditions: Condition) -> None:
        page.goto(f"{self._app.base_url}/{place}", wait_until="commit")
        took = page.evaluate("(conditions) => probe.opened(conditions)", conditions)
        self.measured.put_times({**took, "took": [max(took["took"])]}, name)

    def _act(self, page: Page, kind: str, act: Callable[[], None], name: str, *conditions: Condition) -> None:
        took = _timed(page, kind, act, conditions)
        self.measured.put_times(took, name)

    def _search(self, page: Page, name: str, sought: int) -> None:
        box = page.get_by_role("searchbox")
        self._act(page, "input", lambda: box.fill(f"found{sought}"), name, ("found", f"kept-{sought}"))

    def _show(self, page: Page, name: str, number: int) -> None:
        link = page.locator(f'#conversations .row a[href$="#c=kept-{number}"]')
        self._act(page, "click", link.click, name, self._shown(number))

    def _shown(self, number: int) -> Condition:
        return ("shown", {"title": f"Conversation {number}. ", "answers": self._kept.messages // 2})

    def _ask(self, page: Page) -> None:
        """Times, and what it costs: writing, requests, and what goes up with them."""
        chat, question = ChatPage(page), "What is asked only once?"
        sent: list[Request] = []
        page.on("request", lambda request: sent.append(request))  # noqa: PLW0108 - Playwright marks its handlers
        page.evaluate("probe.beginWriting()")
        chat.box.fill(question)
        conditions = (("asked", question), ("answered", LAST_WORDS))
        took = _timed(page, "keydown", lambda: chat.box.press("Enter"), conditions)
        self.measured.put_times(took, "ask: question on the page", "ask: answer whole")
        page.wait_for_timeout(STRAGGLERS_MS)
        written = page.evaluate("probe.written()")
        posted = [(request.url, len(request.post_data_buffer or b"")) for request in sent if request.method == "POST"]
        joined = [size for url, size in posted if "/queue/join" in url]
        self.measured.put("ask: until told of its writes, sum", sum(written["times"]))
        self.measured.put("ask: the page's thread in its writes, sum", written["heldMs"])
        self.measured.put("ask: writes, number", len(written["times"]))
        self.measured.put("ask: records written, number", written["records"])
        self.measured.put("ask: written, KB", written["bytes"] / 1000)
        self.measured.put("ask: requests, number", len(sent))
        self.measured.put("ask: posted, KB", sum(size for _, size in posted) / 1000)
        self.measured.put("ask: posted to /queue/join, KB", sum(joined) / 1000)


def measure(pairs: Sequence[tuple[Kept, Kept]], rounds: int, *, warm_up: int = 1) -> list[tuple[Measured, Measured]]:
    """What was measured in each store, after `warm_up` rounds that do not count."""
    with ExitStack() as stack:
        server = stack.enter_context(upstream())
        _script(server)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="history-")))
        app = app_process.start(folder, SETTINGS.format(base_url=server.base_url))
        stack.callback(app.stop)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        stack.callback(browser.close)
        visitors = [[Visitor(app, new_context(browser), kept) for kept in pair] for pair in pairs]
        everybody = [visitor for pair in visitors for visitor in pair]
        for number in range(warm_up + rounds):
            for visitor in everybody if number % 2 else reversed(everybody):
                visitor.visit(number % BEFORE)
                if number < warm_up:
                    visitor.measured.forget()
        return [(few.measured, many.measured) for few, many in visitors]


def table(pair: tuple[Kept, Kept], measured: tuple[Measured, Measured]) -> str:
    """The medians of two stores beside each other."""
    few, many = measured
    lines = [
        _line("medians, in ms unless said otherwise", str(pair[0]), "longest", str(pair[1]), "longest", "times"),
        _line("", "", "task", "", "task", ""),
    ]
    for name in few.values:
        ratio = median(many.values[name]) / (median(few.values[name]) or 1)
        lines.append(_line(name, *few.cells(name), *many.cells(name), f"{ratio:.1f}"))
    return "\n".join(lines)


def _line(name: str, *cells: str) -> str:
    return f"{name:44}" + "".join(f"{cell:>11}" for cell in cells)


def _script(server: Upstream) -> None:
    server.otherwise = ANSWER


def _timed(page: Page, kind: str, act: Callable[[], None], conditions: Sequence[Condition]) -> Mapping[str, Any]:
    """What the probe tells of `act`, whose event is of that kind."""
    page.evaluate("([kind, conditions]) => probe.begin(kind, conditions)", [kind, list(conditions)])
    act()
    took: Mapping[str, Any] = page.evaluate("probe.ended()")
    return took


def main() -> int:
    """Run it and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.history", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    tables = map(table, PAIRS, measure(PAIRS, given.rounds))
    print("\n\n".join(tables))  # noqa: T201 - it is for the terminal
    return 0


if __name__ == "__main__":
    sys.exit(main())
