"""What is measured of a page: `MEASURES` are functions from a bench to rows, by the names they are asked for with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any, Final

from playwright.sync_api import Browser

from benchmarks.history import PROBE as HISTORY_PROBE
from benchmarks.page_answers import FIRST_WORD, LAST_WORDS, answer
from benchmarks.page_sites import Site, Tab
from tests.browser.conftest import new_context
from tests.browser.upstream import Upstream

LONG_TOKENS: Final = 4_000
SHORT_TOKENS: Final = 300
TURNS: Final = 10
THINKS_S: Final = 0.2
"""How long the server takes to its first token."""
SETTLED_MS: Final = 1_500
CONVERSATIONS: Final = (("new conversation", 0, 0), ("400 messages", 400, 500), ("40 messages of 10,000", 40, 10_000))
"""What stands above the turn: how it is named, how many messages, and of how many characters each."""
KEYS_MS: Final = 150
WHOLE: Final = ("whole", LAST_WORDS)


@dataclass(frozen=True, slots=True)
class Row:
    """A figure: ours, the peer's where it was measured, and what is to be reached."""

    name: str
    ours: float
    peer: float | None
    unit: str
    goal: float | None
    rounds: int
    """It is the median of so many: those of one round are told as such."""
    day: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())


@dataclass(frozen=True, slots=True)
class Bench:
    """What the measures work with. Without `stock` nothing is put beside ours."""

    browser: Browser
    server: Upstream
    ours: Site
    stock: Site | None
    rounds: int
    endless_s: float

    @contextmanager
    def tab(self, site: Site) -> Iterator[Tab]:
        """A tab of somebody who has never been there, with the page open."""
        context = new_context(self.browser)
        context.set_default_timeout(120_000)
        try:
            tab = Tab(context, site)
            tab.open()
            tab.page.wait_for_timeout(SETTLED_MS)
            yield tab
        finally:
            context.close()

    def both(self, measure: Callable[[Bench, Site], Mapping[str, float]], rounds: int) -> list[Mapping[str, float]]:
        """The medians of `measure` of ours and of the stock page, visited in turn."""
        sites = [self.ours, *([self.stock] if self.stock else [])]
        told: list[list[Mapping[str, float]]] = [[] for _ in sites]
        for _ in range(rounds):
            for at, site in enumerate(sites):
                told[at].append(measure(self, site))
        return [{name: median(each[name] for each in all_) for name in all_[0]} for all_ in told]


Spec = tuple[str, str, str, float | None]
"""The key of what was measured, and of its row: the name, the unit and the goal."""


def long_answer(bench: Bench) -> list[Row]:
    """4,000 tokens at 1,000 tokens a second: until it is whole, and how smoothly."""
    return _rows(
        bench.both(_long, bench.rounds),
        bench.rounds,
        ("whole", "4,000 tokens at 1,000 tok/s: whole", "ms", 4_100),
        ("late", "4,000 tokens at 1,000 tok/s: frames over 50 ms", "", 2),
        ("tasks", "4,000 tokens at 1,000 tok/s: tasks over 50 ms", "", None),
        ("worst", "4,000 tokens at 1,000 tok/s: longest frame", "ms", None),
        ("ThreadTime", "4,000 tokens at 1,000 tok/s: CPU of the page's thread", "ms", None),
        ("ScriptDuration", "4,000 tokens at 1,000 tok/s: in scripts", "ms", None),
        ("RecalcStyleDuration", "4,000 tokens at 1,000 tok/s: finding styles", "ms", None),
        ("LayoutDuration", "4,000 tokens at 1,000 tok/s: in layout", "ms", None),
    )


def _long(bench: Bench, site: Site) -> dict[str, float]:
    with bench.tab(site) as tab:
        bench.server.then(answer(LONG_TOKENS, 1_000))
        before = tab.cpu_ms()
        (whole_ms,) = tab.ask("Tell me all.", WHOLE)
        smooth, cpu = tab.smoothness(), _less(tab.cpu_ms(), before)
        return {"whole": whole_ms, **{key: smooth[key] for key in ("late", "tasks", "worst")}, **cpu}


def endless(bench: Bench) -> list[Row]:
    """An answer without end at 1,000 tokens a second, while somebody types; one round."""
    return _rows(
        [_endless(bench, bench.ours)],
        1,
        ("p95", f"endless answer, {bench.endless_s:.0f} s: key to frame, p95", "ms", 100),
        ("p50", f"endless answer, {bench.endless_s:.0f} s: key to frame, p50", "ms", None),
        ("slowest", f"endless answer, {bench.endless_s:.0f} s: key to frame, slowest", "ms", None),
        ("late", f"endless answer, {bench.endless_s:.0f} s: frames over 50 ms", "", None),
        ("worst", f"endless answer, {bench.endless_s:.0f} s: longest frame", "ms", None),
        ("busy", f"endless answer, {bench.endless_s:.0f} s: the page's thread at work", "%", None),
        ("behind", f"endless answer, {bench.endless_s:.0f} s: characters on the page", "", None),
        ("stopped", f"endless answer, {bench.endless_s:.0f} s: Stop to usable", "ms", None),
    )


def _endless(bench: Bench, site: Site) -> dict[str, float]:
    with bench.tab(site) as tab:
        bench.server.then(answer(None, 1_000))
        tab.begin("Tell me for ever.", ("answering", FIRST_WORD))
        tab.page.evaluate("probe.asked()")
        tab.page.evaluate("probe.clear()")
        before = tab.cpu_ms()
        tab.box.focus()
        for number in range(int(bench.endless_s * 1_000 / KEYS_MS)):
            tab.page.keyboard.press("abcdefghij klmnop"[number % 17])
            tab.page.wait_for_timeout(KEYS_MS)
        smooth, cpu = tab.smoothness(), _less(tab.cpu_ms(), before)
        shown = tab.page.evaluate("probe.characters()")
        tab.page.locator(".stop-button").click()
        stopped = tab.page.evaluate("probe.usableAfterClick()")
        keys: Sequence[float] = smooth["keys"]
        return {
            "p50": median(keys),
            "p95": quantiles(keys, n=20)[-1],
            "slowest": max(keys),
            "late": smooth["late"],
            "worst": smooth["worst"],
            "busy": cpu["ThreadTime"] / bench.endless_s / 10,
            "behind": shown,
            "stopped": stopped,
        }


def first_words(bench: Bench) -> list[Row]:
    """From Enter to the own message, and to the first token, less what the server took; ten turns of one round."""
    return _rows(
        bench.both(_first, 1),
        1,
        ("asked", "Enter to own message on screen, median", "ms", 50),
        ("first", "Enter to first token on screen, over the server's, median", "ms", 100),
    )


def _first(bench: Bench, site: Site) -> dict[str, float]:
    asked, first = [], []
    with bench.tab(site) as tab:
        for number in range(TURNS):
            bench.server.then(answer(20, 200, after_s=THINKS_S))
            question = f"Question {number}?"
            told = tab.ask(question, ("asked", question), ("answering", FIRST_WORD), WHOLE)
            asked.append(told[0])
            first.append(told[1] - 1_000 * THINKS_S)
            tab.page.wait_for_timeout(200)
            if number < TURNS - 1:  # the last answer is not taken for the next one
                tab.page.evaluate(
                    "document.querySelectorAll('.bot.message').forEach((each) => each.classList.remove('bot'))"
                )
    return {"asked": median(asked), "first": median(first)}


def wire(bench: Bench) -> list[Row]:
    """Requests of a turn, and what comes down for an answer of 300 tokens at 50 tokens a second; one round."""
    return _rows(
        bench.both(_wire, 1),
        1,
        ("requests", "requests of a turn, in Chromium", "", 4),
        ("kilobytes", "bytes down, answer of 300 tokens, in Chromium", "KB", 20),
    )


def _wire(bench: Bench, site: Site) -> dict[str, float]:
    with bench.tab(site) as tab:
        bench.server.then(answer(SHORT_TOKENS, 50))
        tab.wire.forget()
        tab.ask("Tell me a little.", WHOLE)
        tab.page.wait_for_timeout(SETTLED_MS)
        return {"requests": len(tab.wire.requests), "kilobytes": tab.wire.kilobytes}


def weight(bench: Bench) -> list[Row]:
    """The first visit and the second: what comes down, and until it can be used."""
    return _rows(
        bench.both(_weight, bench.rounds),
        bench.rounds,
        ("cold KB", "first visit: down, as on the wire", "KB", None),
        ("cold requests", "first visit: requests", "", None),
        ("cold", "first visit: until it can be used", "ms", None),
        ("warm KB", "second visit: down, as on the wire", "KB", None),
        ("warm requests", "second visit: requests to the server", "", None),
        ("warm", "second visit: until it can be used", "ms", None),
    )


def _weight(bench: Bench, site: Site) -> dict[str, float]:
    context = new_context(bench.browser)
    told = {}
    for visit in ("cold", "warm"):
        tab = Tab(context, site)
        told[visit] = tab.open()
        tab.page.wait_for_timeout(2 * SETTLED_MS)
        told[f"{visit} KB"] = tab.wire.kilobytes
        told[f"{visit} requests"] = len([each for each in tab.wire.requests if tab.wire.came_down(each)])
        tab.close()
    context.close()
    return told


def long_conversation(bench: Bench) -> list[Row]:
    """A turn in long conversations, and in a new one."""
    told = {name: _conversation(bench, messages, characters) for name, messages, characters in CONVERSATIONS}
    figures = (
        ("ThreadTime", "CPU of the page's thread", "ms"),
        ("asked", "Enter to own message", "ms"),
        ("first", "Enter to first token", "ms"),
        ("late", "frames over 50 ms", ""),
    )
    return [
        Row(f"300 tokens at 100 tok/s, {name}: {figure}", of[key], None, unit, None, bench.rounds)
        for key, figure, unit in figures
        for name, of in told.items()
    ]


def _conversation(bench: Bench, messages: int, characters: int) -> Mapping[str, float]:
    context = new_context(bench.browser)
    context.set_default_timeout(120_000)
    place = ""
    if messages:
        filling = context.new_page()
        filling.add_init_script(path=HISTORY_PROBE)
        filling.goto(bench.ours.url)
        given = {"conversations": 1, "messages": messages, "characters": characters}
        filling.evaluate("(given) => probe.fill(given)", given)
        filling.close()
        place = "#c=kept-0"
    told: list[Mapping[str, float]] = []
    tab = Tab(context, bench.ours)
    tab.open(place)
    tab.page.wait_for_timeout(2 * SETTLED_MS)
    for number in range(bench.rounds):
        bench.server.then(answer(SHORT_TOKENS, 100))
        question = f"Question {number}?"
        tab.box.fill(question)
        tab.page.wait_for_timeout(SETTLED_MS)
        before = tab.cpu_ms()
        asked_ms, first_ms, _ = tab.ask(question, ("asked", question), ("answering", FIRST_WORD), WHOLE)
        cpu, late = _less(tab.cpu_ms(), before), tab.smoothness()["late"]
        told.append({**cpu, "asked": asked_ms, "first": first_ms, "late": late})
        tab.page.evaluate("document.querySelectorAll('.bot.message').forEach((each) => each.classList.remove('bot'))")
    context.close()
    return {name: median(each[name] for each in told) for name in told[0]}


def _less(after: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in after.items()}


def _rows(told: Sequence[Mapping[str, float]], rounds: int, *specs: Spec) -> list[Row]:
    mine, *others = told
    peer: Mapping[str, Any] = others[0] if others else {}
    return [Row(name, mine[key], peer.get(key), unit, goal, rounds) for key, name, unit, goal in specs]


MEASURES: Final[Mapping[str, Callable[[Bench], list[Row]]]] = {
    "long": long_answer,
    "endless": endless,
    "first": first_words,
    "wire": wire,
    "weight": weight,
    "conversation": long_conversation,
}
