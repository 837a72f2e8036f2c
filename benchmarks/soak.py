"""Many turns with random faults and random ends; then nothing of them may be left in the process of the app.

    python -m benchmarks.soak [--turns 2000] [--minutes 10] [--visitors 8] [--seed 3]

The app runs as a process of its own, over the servers of `tests/fault_server.py`: one that fails, one that nobody
listens at, and a spare that is well. Visitors ask through Gradio's own events, as the page does; some read the answer
to its end, some press Stop, some just leave. What is left is read from outside (`/proc`), but for tasks, sessions and
events, which `inside/sitecustomize.py` counts. The first turns warm the process up, with every fault once; what it
holds after them is what it is compared with at the end. Linux only.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import monotonic, sleep
from typing import Final, Literal, TypeAlias

import httpx2

from benchmarks.holdings import INSIDE, Holdings, holdings_of
from benchmarks.visitor import SoakVisitor
from tests.browser import app_process
from tests.browser.app_process import App
from tests.browser.gradio_events import Conversation, said
from tests.browser.upstream import upstream
from tests.fault_server import FaultServer, fault_server, refused_url
from tests.faults import FAULTS

End: TypeAlias = Literal["read", "stop", "leave"]
SETTINGS: Final = """
endpoints:
  - &short
    name: failing
    base_url: "{failing}"
    models: [toy]
    connect_timeout_s: 1
    first_token_timeout_s: 1
    idle_timeout_s: 1
    total_timeout_s: 3
    attempts: 2
    wait_max_s: 1
    cool_down_s: 1
    max_concurrency: 6
  - {{name: gone, base_url: "{gone}", models: [toy], attempts: 1, cool_down_s: 1}}
  - {{name: spare, base_url: "{spare}", models: [toy]}}
presets:
  - {{name: Alone, endpoints: [failing]}}
  - {{name: With spare, endpoints: [failing, spare]}}
  - {{name: Gone first, endpoints: [gone, failing]}}
"""
PRESETS: Final = ("Alone", "With spare", "Gone first")
LONGEST_CONVERSATION: Final = 5
LONGEST_STAY_S: Final = 1.2
"""Who does not read to the end goes before this."""
SLOW: Final = ("huge line", "large chunk")
"""These move megabytes; they come rarely, as they do in the world."""
SETTLES_WITHIN_S: Final = 45.0
"""Gradio leaves a task `sleep` behind each closed page for 15 s; the app looks after its servers every 30 s."""
THREADS_OF_POOL: Final = (os.cpu_count() or 1) + 4
"""asyncio's own pool (`asyncio.to_thread`) begins a thread when all that it has are busy, and keeps them."""
MEMORY_MAY_GROW: Final = 1.10
CLOSED_WITHIN_S: Final = 2.0
"""A stop closes at once; that somebody left is noticed with the next beat, a second later at most."""
HEALTH_EVERY_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Plan:
    """One turn before it is taken."""

    number: int
    fault: str
    preset: str
    end: End
    after_s: float

    @property
    def question(self) -> str:
        """What is asked; the fault server reads its script in it."""
        return f"Question {self.number} [{self.fault}]"


@dataclass(slots=True)
class Seen:
    """What the visitors saw; several threads add to it."""

    ends: Counter[str] = field(default_factory=Counter)
    left_at_s: dict[str, float] = field(default_factory=dict)
    """When a question's visitor stopped or left."""
    health_s: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it. `complaints` is empty when all is as it should be."""

    seed: int
    turns: int
    took_s: float
    settled_s: float
    seen: Seen
    idle_health_s: list[float]
    closed_after_s: list[float]
    warm: Holdings
    after: Holdings

    @property
    def complaints(self) -> list[str]:
        """What was left behind, or went wrong."""
        found = list(self.seen.wrong)
        left = [name for name in Holdings.COUNTS if getattr(self.after, name) > getattr(self.warm, name)]
        found += [f"{name}: {getattr(self.warm, name)} before, {getattr(self.after, name)} after" for name in left]
        found += [f"{self.after.upstream_sockets} sockets to the servers are open"] * bool(self.after.upstream_sockets)
        if self.after.threads > self.warm.threads + THREADS_OF_POOL:
            found.append(f"threads: {self.warm.threads} before, {self.after.threads} after")
        if self.after.private_mb > MEMORY_MAY_GROW * self.warm.private_mb:
            found.append(f"memory: {self.warm.private_mb:.0f} MB before, {self.after.private_mb:.0f} MB after")
        if self.closed_after_s and max(self.closed_after_s) > CLOSED_WITHIN_S:
            found.append(f"a connection was closed {max(self.closed_after_s):.1f} s after its visitor had gone")
        return found

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.seen.ends.items()))
        lines = [
            f"seed {self.seed}: {self.turns} turns in {self.took_s:.0f} s, settled in {self.settled_s:.0f} s: {ends}",
            f"{'':24}{'warm':>10}{'after':>10}",
            *(f"{name:24}{warm:>10}{after:>10}" for name, warm, after in self.warm.beside(self.after)),
            f"{'tasks, by coroutine':24}{_difference(self.warm.tasks_by_name, self.after.tasks_by_name)}",
            _times("GET /health, idle", self.idle_health_s),
            _times("GET /health, meanwhile", self.seen.health_s),
            _times("closed after stop, leave", self.closed_after_s),
            *(f"! {complaint}" for complaint in self.complaints),
        ]
        return "\n".join(lines)


def soak(turns: int, minutes: float, *, visitors: int, seed: int, warm_up: int) -> Report:
    """Take `turns` turns, or as many as `minutes` allow, behind `warm_up` others, and say what is left of them."""
    with ExitStack() as stack:
        server, spare = stack.enter_context(fault_server()), stack.enter_context(upstream())
        settings = SETTINGS.format(failing=server.base_url, gone=refused_url(), spare=spare.base_url)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        app = app_process.start(folder, settings, environment={"PYTHONPATH": str(INSIDE)})
        stack.callback(app.stop)
        ports = {int(each.base_url.rsplit(":")[-1].removesuffix("/v1")) for each in (server, spare)}

        every = [Plan(-number, fault, PRESETS[0], "read", 0) for number, fault in enumerate(FAULTS, start=1)]
        _take(app, [*every, *plans(Random(seed + 1), warm_up)], visitors, Seen(), monotonic() + 60 * minutes)  # noqa: S311 - not for secrets
        warm, _ = settled(app, ports, lambda now: not now.tasks_by_name["sleep"])
        with closing(httpx2.Client(base_url=app.base_url)) as http:
            idle_health_s = [_health_s(http, 0.05) for _ in range(40)]
        server.reset()

        seen, began_s = Seen(), monotonic()
        taken = _take(app, plans(Random(seed), turns), visitors, seen, began_s + 60 * minutes)  # noqa: S311 - see above
        took_s = monotonic() - began_s
        after, settled_s = settled(app, ports, lambda now: not now.more_than(warm))
        seen.wrong += [f"the app died: {app.log[-2000:]}"] * (app.process.poll() is not None)
        seen.wrong += ["the log has a traceback"] * ("Traceback" in app.log)
        return Report(seed, taken, took_s, settled_s, seen, idle_health_s, _closed_after(server, seen), warm, after)


def plans(random: Random, turns: int) -> Iterator[Plan]:
    """Turns of every kind, the same for the same `random`."""
    faults = [fault for fault in FAULTS if fault not in SLOW] * 5 + list(SLOW)
    for number in range(1, turns + 1):
        end: End = random.choices(("read", "stop", "leave"), (6, 2, 2))[0]
        yield Plan(number, random.choice(faults), random.choice(PRESETS), end, random.uniform(0, LONGEST_STAY_S))


def settled(app: App, ports: set[int], enough: Callable[[Holdings], bool]) -> tuple[Holdings, float]:
    """What the app holds once it is `enough` and no longer changes, or in the end; and how long that took."""
    began_s, before = monotonic(), holdings_of(app, ports)
    while monotonic() < began_s + SETTLES_WITHIN_S:
        sleep(2)
        now = holdings_of(app, ports)
        if enough(now) and now.counts == before.counts and not now.upstream_sockets:
            return now, monotonic() - began_s
        before = now
    return before, monotonic() - began_s


def _take(app: App, turns: Sequence[Plan] | Iterator[Plan], visitors: int, seen: Seen, until_s: float) -> int:
    """Take the turns, `visitors` at a time, with somebody who asks for `/health` all the while. How many were taken."""
    waiting, lock, over, taken = iter(turns), threading.Lock(), threading.Event(), Counter[str]()

    def next_plan() -> Plan | None:
        with lock:
            plan = next(waiting, None) if monotonic() < until_s else None
            taken["turns"] += plan is not None
            return plan

    def look() -> None:
        with closing(httpx2.Client(base_url=app.base_url, timeout=20)) as http:
            while not over.wait(HEALTH_EVERY_S):
                seen.health_s.append(_health_s(http))

    with ThreadPoolExecutor(visitors + 1) as pool:
        looking = pool.submit(look)
        try:
            for visit in [pool.submit(_visit, app, next_plan, seen) for _ in range(visitors)]:
                visit.result()
        finally:
            over.set()
        looking.result()
    return taken["turns"]


def _visit(app: App, next_plan: Callable[[], Plan | None], seen: Seen) -> None:
    """Take turns until there are no more: a new page whenever one was left, or its conversation has become long."""
    plan = next_plan()
    while plan is not None:
        conversation: Conversation = []
        with closing(SoakVisitor(app.base_url)) as visitor:
            for _ in range(LONGEST_CONVERSATION):
                if plan is None:
                    break
                try:
                    conversation = _turn(visitor, conversation, plan, seen)
                except (httpx2.HTTPError, AssertionError) as error:
                    seen.wrong.append(f"{plan.question}, {plan.end}: {type(error).__name__} {error}")
                    conversation = []
                plan = next_plan()
                if not conversation:
                    break


def _turn(visitor: SoakVisitor, conversation: Conversation, plan: Plan, seen: Seen) -> Conversation:
    """The conversation behind one turn; empty when the visitor left."""
    asked = [*conversation, said("user", plan.question)]
    match plan.end:
        case "leave":
            visitor.leave(asked, plan.preset, plan.after_s)
            seen.left_at_s[plan.question] = monotonic()
            seen.ends["left"] += 1
            return []
        case "stop":
            stopping = threading.Timer(plan.after_s, _stop, (visitor, plan.question, seen))
            stopping.start()
            answered = visitor.answer(asked, plan.preset, plan.question)
            stopping.cancel()
            stopping.join()
        case "read":
            answered = visitor.answer(asked, plan.preset)
    assert len(answered) > len(asked), "there is no answer"
    titles = [message["metadata"].get("title") or "" for message in answered[len(asked) :] if message["metadata"]]
    assert "Something went wrong inside this program" not in "".join(titles), titles
    seen.ends["with a notice" if any(title.startswith(("⚠", "You")) for title in titles) else "whole"] += 1
    return answered


def _stop(visitor: SoakVisitor, question: str, seen: Seen) -> None:
    visitor.stop(question)
    seen.left_at_s[question] = monotonic()


def _closed_after(server: FaultServer, seen: Seen) -> list[float]:
    """Seconds from each stop or leave until the connection for it was closed, where one was open."""
    waits_s = []
    for exchange in server.asked:
        left_s = seen.left_at_s.get(exchange.body["messages"][-1]["content"])
        if left_s is not None and exchange.by_client and (exchange.closed_s or left_s) > left_s:
            waits_s.append((exchange.closed_s or 0) - left_s)
    return waits_s


def _health_s(http: httpx2.Client, pause_s: float = 0) -> float:
    sleep(pause_s)
    began_s = monotonic()
    http.get("/health").raise_for_status()
    return monotonic() - began_s


def _times(name: str, times_s: Sequence[float]) -> str:
    if len(times_s) < 2:
        return f"{name:24}none"
    last = quantiles(times_s, n=100)[98]
    return (
        f"{name:24}median {1000 * median(times_s):.1f} ms, 99 % {1000 * last:.1f} ms, most {1000 * max(times_s):.1f} ms"
    )


def _difference(warm: Counter[str], after: Counter[str]) -> str:
    return ", ".join(f"{count} {name} more" for name, count in (after - warm).items()) or "the same"


def main() -> int:
    """Run it and print what came of it. 1 when something was left behind or went wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--turns", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--visitors", type=int, default=8, help="how many ask at the same time")
    parser.add_argument("--warm-up", type=int, default=200, help="turns before those that count")
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    report = soak(given.turns, given.minutes, visitors=given.visitors, seed=given.seed, warm_up=given.warm_up)
    print(report)  # noqa: T201 - it is for the terminal
    return 1 if report.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
