"""The figures of a benchmark: as rows of a table, as JSON that can be compared over time, and in README.md.

    python -m benchmarks.results     # writes README's table anew from `results/latest.json`

A row has our value, the peer's where one was measured beside it, and the goal: for our value, or for the ratio of the
two. Figures without a goal are there to read the others by. Parts can be measured again, so each row keeps its own
rounds and day.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
README: Final = ROOT / "README.md"
LATEST: Final = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. Less is better in all of them."""

    name: str
    ours: float
    peer: float | None = None
    unit: str = ""
    against: str = ""
    """What the peer is."""
    goal: float | None = None
    """At most this: of the ratio where `of_ratio`, else of our value."""
    of_ratio: bool = False
    rounds: int = 0
    """It is the median of so many; 0 is not told."""
    day: str = ""
    """On which it was measured."""
    note: str = ""
    """What is to be known of the value."""

    def __post_init__(self) -> None:
        if self.peer is not None and not isfinite(self.peer):  # it is not there, or answered nobody
            object.__setattr__(self, "peer", None)

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return self.ours / self.peer if self.peer else None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is; None without one, or without the peer that it is about."""
        measured = self.ratio if self.of_ratio else self.ours
        return None if self.goal is None or measured is None else measured <= self.goal

    @property
    def cells(self) -> tuple[str, ...]:
        """Figure, ours, the peer's, ratio, goal, reached."""
        goal = "" if self.goal is None else f"≤ {_number(self.goal)} {'of it' if self.of_ratio else self.unit}".strip()
        return (
            self.name,
            f"{_number(self.ours)} {self.unit}".strip(),
            "" if self.peer is None else f"{_number(self.peer)} {self.unit} ({self.against})".replace("  ", " "),
            "" if self.ratio is None else _number(self.ratio),
            goal,
            {None: "", True: "yes", False: "**no**"}[self.reached],
        )


HEAD: Final = ("figure", "ours", "peer", "ratio", "goal", "reached")


def usual(rows: Sequence[Row]) -> tuple[int, str]:
    """The rounds and the day of most rows: told once, above them."""
    return Counter((row.rounds, row.day) for row in rows).most_common(1)[0][0]


def noted(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The cells of the rows; behind the figure stands what is not as in most of them, and its note."""
    rounds, day = usual(rows)
    lines = []
    for row in rows:
        of_rounds = f"{row.rounds} round{'s' * (row.rounds > 1)}" if row.rounds != rounds else ""
        notes = ", ".join(filter(None, (row.note, of_rounds, row.day if row.day != day else "")))
        name, *others = row.cells
        lines.append((f"{name} ({notes})" if notes else name, *others))
    return lines


def markdown(rows: Sequence[Row]) -> str:
    """The rows as README.md has them."""
    lines = [HEAD, ("---",) * len(HEAD), *noted(rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def plain(rows: Sequence[Row], before: Sequence[Row] = ()) -> str:
    """The rows for a terminal; with those of an earlier run, what ours was then."""
    old = {row.name: row for row in before}
    lines = [(*HEAD, *(["ours before"] if before else []))]
    for row, cells in zip(rows, noted(rows), strict=True):
        was = [f"{_number(old[row.name].ours)} {row.unit}" if row.name in old else "not measured"] if before else []
        lines.append((*cells, *was))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def written(rows: Sequence[Row]) -> str:
    """The rows and the machine as JSON."""
    content = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def read(text: str) -> tuple[str, list[Row]]:
    """The machine, with what is usual of the rows, and the rows of `written`; of files of before, all of one run.

    Raises `TypeError` for rows of another form.
    """
    content: dict[str, Any] = json.loads(text)
    rows = [Row(**{"rounds": content.get("rounds", 0), **row}) for row in content["rows"]]
    rounds, day = usual(rows)
    return ", ".join(filter(None, (content["machine"], day, f"medians of {rounds} rounds"))), rows


def of_page(text: str) -> list[Row]:
    """The rows that `python -m benchmarks.page --json` wrote: those measured in Chromium."""
    return [Row(**row, against="load_chat") for row in json.loads(text)]


def merged(new: Sequence[Row], old: Sequence[Row]) -> list[Row]:
    """`old` with the rows of `new` in their places; those that are not in it come behind."""
    by_name = {row.name: row for row in new}
    known = {row.name for row in old}
    return [by_name.get(row.name, row) for row in old] + [row for row in new if row.name not in known]


def machine() -> str:
    """This machine, as far as it matters to the figures; with others at work on it (the load) times are no measure."""
    told = Path("/proc/cpuinfo")  # Linux only, as is the affinity
    model = re.search(r"model name\s*: (.*)", told.read_text() if told.exists() else "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    name = model[1].strip() if model else platform.machine()
    return f"{name}, {cores} cores, load {os.getloadavg()[0]:.0f} at the end, Python {platform.python_version()}"


def with_table(text: str, results: str) -> str:
    """README's `text` with the table of `results`. Raises `ValueError` when it has no markers for it."""
    found = re.search(r"<!-- speed -->\n(.*?)<!-- /speed -->", text, re.DOTALL)
    if found is None:
        raise ValueError("README.md lacks the markers <!-- speed --> and <!-- /speed -->.")
    where, rows = read(results)
    table = f"Measured on {where}.\n\n{markdown(rows)}"
    return text[: found.start(1)] + table + text[found.end(1) :]


def _number(value: float) -> str:
    if not isfinite(value):
        return "none"
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text("utf-8"), LATEST.read_text("utf-8")), encoding="utf-8")
