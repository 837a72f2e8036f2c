"""The cases that are measured of the server, each with the figures of it and their goals.

A case is a function from a `Bench` to rows. Chromium's figures are `page.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from benchmarks.bench import Asking, Bench, around, cpu_of, errors, pooled, seen, together
from benchmarks.programs import Wave
from benchmarks.resources import memory, start
from benchmarks.results import Row

CPU: Final = "CPU s per 1,000 tokens"
USUAL: Final = "pace-50-300"
ANSWER: Final = "answer of 300 tokens"
APIS: Final = MappingProxyType({"ours": "our_api", "load_chat": "load_chat_api"})


def cpu10(bench: Bench) -> list[Row]:
    """10 visitors at 50 tokens a second, against `load_chat`."""
    waves = bench.measured({name: Asking(name, 10, USUAL) for name in ("straight", "ours", "load_chat")})
    both = [waves["ours"], waves["load_chat"]]
    return [
        _beside(f"{CPU}, 10 visitors", cpu_of, both, "s", "load_chat", 0.15, of_ratio=True),
        Row(f"{CPU}, the model's server asked straight", cpu_of(waves["straight"]), unit="s"),
        _beside("requests of a turn", lambda of: seen(of, "requests"), both, "", "load_chat", 4),
        _beside(f"bytes down, {ANSWER}", lambda of: seen(of, "wire_bytes") / 1000, both, "KB", "load_chat", 20),
        _beside(f"updates, {ANSWER}", lambda of: seen(of, "updates"), both, "", "load_chat"),
    ]


def api10(bench: Bench) -> list[Row]:
    """The same over the API."""
    askings = {name: Asking(name, 10, USUAL, kind=kind) for name, kind in APIS.items()}
    both = list(bench.measured(askings).values())
    return [_beside(f"{CPU}, 10 programs over the API", cpu_of, both, "s", "load_chat")]


def cpu50(bench: Bench) -> list[Row]:
    """50 visitors, against Chainlit."""
    both = list(bench.measured({name: Asking(name, 50, USUAL) for name in ("ours", "chainlit")}).values())
    return [
        _beside(f"{CPU}, 50 visitors", cpu_of, both, "s", "Chainlit", 0.7, of_ratio=True),
        _beside("stretch p95, 50 visitors", lambda of: pooled(of, "stretch", 95), both, "", "Chainlit"),
    ]


def history(bench: Bench) -> list[Row]:
    """100 earlier messages, against our own empty conversation."""
    askings = {f"{earlier} earlier": Asking("ours", 10, "pace-50-150", earlier=earlier) for earlier in (100, 0)}
    full, empty = (together(of) for of in bench.measured(askings).values())
    return [Row(f"{CPU}, 100 earlier messages", full, empty, "s", "none", 1.5, of_ratio=True)]


def long(bench: Bench) -> list[Row]:
    """An answer of 16,000 tokens, against one of 1,000; both come at 1,000 a second."""
    long_one, short_one = Asking("ours", 2, "pace-1000-16000"), Asking("ours", 2, "pace-1000-1000", times=4)
    waves = bench.measured({"16,000 tokens": long_one, "1,000 tokens": short_one})
    whole, short = (together(of) for of in waves.values())
    return [Row(f"{CPU}, answer of 16,000 tokens", whole, short, "s", "1,000 tokens", 1.3, of_ratio=True)]


def visitors100(bench: Bench) -> list[Row]:
    """100 visitors in one process: on time, beside as many who ask the model's server straight."""
    waves = bench.measured({name: Asking(name, 100, USUAL) for name in ("ours", "straight")})
    ours, both = waves["ours"], list(waves.values())
    rows = [
        Row(f"{CPU}, 100 visitors", cpu_of(ours), unit="s"),
        _beside("stretch p95, 100 visitors", lambda of: pooled(of, "stretch", 95), both, "", "straight", 1.10),
        _beside(
            "updates late by, p95, 100 visitors", lambda of: 1000 * seen(of, "late_p95_s"), both, "ms", "straight", 300
        ),
        _beside(
            "every token late by, p95, 100 visitors",
            lambda of: 1000 * seen(of, "token_late_p95_s"),
            both,
            "ms",
            "straight",
        ),
        Row("answers with an error, 100 visitors", errors(ours), goal=0),
    ]
    return [replace(row, note=around(ours)) for row in rows]


def visitors200(bench: Bench) -> list[Row]:
    """200 visitors: nobody is left without updates."""
    waves = bench.measured({"ours": Asking("ours", 200, USUAL)})["ours"]
    rows = [
        Row(f"{CPU}, 200 visitors", cpu_of(waves), unit="s"),
        Row("stretch p95, 200 visitors", pooled(waves, "stretch", 95)),
        Row("longest time without an update, 200 visitors", pooled(waves, "gap_s", 100), unit="s", goal=2),
        Row(f"updates, {ANSWER}, 200 visitors", seen(waves, "updates")),
        Row("answers with an error, 200 visitors", errors(waves), goal=0),
    ]
    return [replace(row, note=around(waves)) for row in rows]


def first(bench: Bench) -> list[Row]:
    """The first token with 10 visitors: what is added to asking the model's server straight."""
    names = ("straight", "ours", "load_chat", "chainlit")
    waves = bench.measured({name: Asking(name, 10, "pace-50-50", times=2) for name in names})
    rows = []
    for percent, goal in ((50, 12.0), (95, 30.0)):
        straight, *others = (1000 * pooled(waves[name], "first_s", percent) for name in names)
        ours, gradio, chainlit = (other - straight for other in others)
        figure = f"first token, added, p{percent}, 10 visitors"
        rows.append(Row(figure, ours, gradio, "ms", "load_chat", goal))
        rows.append(Row(f"{figure}, beside Chainlit", ours, chainlit, "ms", "Chainlit"))
    return rows


def _beside(
    name: str,
    figure: Callable[[Sequence[Wave]], float],
    both: Sequence[Sequence[Wave]],
    unit: str,
    against: str,
    goal: float | None = None,
    *,
    of_ratio: bool = False,
) -> Row:
    """The row of a figure of our waves and the peer's."""
    ours, theirs = map(figure, both)
    return Row(name, ours, theirs, unit, against, goal, of_ratio)


CASES: Final[Mapping[str, Callable[[Bench], list[Row]]]] = MappingProxyType(
    {
        case.__name__: case
        for case in (cpu10, api10, cpu50, history, long, visitors100, visitors200, first, memory, start)
    }
)
