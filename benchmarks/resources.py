"""The cases about memory and about the start: each with processes of its own, since a used one holds more.

Memory of an idle program is what it has resident, libraries among it; what a page or a stream adds is what the process
wrote itself, a stream over what as many pages take that have asked nothing. A program has started for its users when it
answers, so that is asked every few milliseconds; the files of its byte code were written by an earlier start, which is
not counted.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from statistics import median
from urllib.parse import urlsplit

from benchmarks import programs
from benchmarks.bench import Asking, Bench
from benchmarks.programs import Program
from benchmarks.results import Row

PAGES = 200
STREAMS = 50
_LOOK_EVERY_S = 0.005


def memory(bench: Bench) -> list[Row]:
    """Idle, with open pages, and while answers stream."""
    names = ("ours", "load_chat")
    idle, page, stream = ({name: list[float]() for name in names} for _ in range(3))
    for number in range(bench.rounds):
        for name in names:
            with _used(bench, name) as program:
                idle[name].append(program.rss_mb)
                before_mb = program.private_mb
                pages = bench.wave(program, Asking(name, PAGES, "pace-50-0"))
                page[name].append(1024 * (pages.private_mb[0] - before_mb) / PAGES)
            with _used(bench, name) as program:
                silent = bench.wave(program, Asking(name, STREAMS, "pace-50-0"))
                asked = bench.wave(program, Asking(name, STREAMS, "pace-50-300"), memory=True)
                stream[name].append(1024 * (asked.private_mb[1] - silent.private_mb[0]) / STREAMS)
            bench.say(f"round {number + 1}, memory, {name}: {idle[name][-1]:.0f} MB, {page[name][-1]:.0f} KB a page")
    figures = (
        ("memory, idle (RSS)", "MB", idle, 140),
        (f"memory, each of {PAGES} open pages", "KB", page, 40),
        (f"memory, each of {STREAMS} streaming visitors", "KB", stream, 400),
    )
    return [
        Row(name, median(of["ours"]), median(of["load_chat"]), unit, "load_chat", goal)
        for name, unit, of, goal in figures
    ]


@contextmanager
def _used(bench: Bench, name: str) -> Iterator[Program]:
    """A program that has answered twice: what it loads with its first answer is none of a page's or a stream's."""
    with bench.starting(name, bench.model_url) as program:
        bench.wave(program, Asking(name, 2, "pace-100-20"))
        yield program


def start(bench: Bench) -> list[Row]:
    """From the process to the first answers."""
    health, page, theirs = list[float](), list[float](), list[float]()
    model_url = bench.model_url
    for number in range(bench.rounds + 1):
        our_health_s, our_page_s = _started(bench, "ours", ("/health", "/"), model_url)
        (their_page_s,) = _started(bench, "load_chat", ("/",), model_url)
        if number:
            health.append(our_health_s)
            page.append(our_page_s)
            theirs.append(their_page_s)
            bench.say(f"round {number}, start: health {our_health_s:.2f} s, page {our_page_s:.2f} s")
    return [
        Row("process start to `/health`", median(health), unit="s", goal=0.7),
        Row("process start to the page", median(page), median(theirs), "s", "load_chat", 2.5),
    ]


def _started(bench: Bench, name: str, paths: Sequence[str], model_url: str) -> list[float]:
    """Seconds from the process until each of `paths` is answered."""
    began_s = time.monotonic()
    with programs.begun(name, bench.folder / f"start-{name}", model_url) as program:
        return [at - began_s for at in first_answers(program.url, paths)]


def first_answers(url: str, paths: Sequence[str]) -> list[float]:
    """When each of `paths` was answered with 200 and, at `/`, Gradio's configuration.

    Each is asked in a thread of its own, as the page may be waited for before it is there. Raises `AssertionError` for
    one that is never answered.
    """
    with ThreadPoolExecutor(len(paths)) as pool:
        return list(pool.map(lambda path: _first_answer(url, path), paths))


def _first_answer(url: str, path: str) -> float:
    until_s = time.monotonic() + programs.READY_WITHIN_S
    while not _answered(url, path):
        assert time.monotonic() < until_s, f"{url}{path} is not answered."
        time.sleep(_LOOK_EVERY_S)
    return time.monotonic()


def _answered(url: str, path: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=programs.READY_WITHIN_S)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status == 200 and (path != "/" or b"gradio_config" in body)
    return False
