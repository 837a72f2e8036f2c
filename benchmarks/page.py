"""How fast the page is in Chromium, beside the page of `gr.load_chat` over the same server.

    python -m benchmarks.page [--rounds 3] [--only NAME] [--json FILE]

Both run as processes of their own over the scripted server of the tests, which sends tokens at a rate that is kept
(`page_answers.py`). Times are the page's own clock (`page_probe.js`), from the key to the frame in which it is drawn;
what comes over the wire is what the browser counts. What is told are medians of the rounds, in which the pages take
turns; the endless answer, the first words and the requests have one round, whatever `--rounds`. The
endless answer is ours alone, since the stock page's tab freezes. Not here: what the server costs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.page_measures import MEASURES, Bench, Row
from benchmarks.page_sites import ours, stock
from tests.browser.chromium import executable
from tests.browser.conftest import ARGUMENTS
from tests.browser.upstream import upstream


@contextmanager
def bench(rounds: int, endless_s: float, *, beside: bool = True) -> Iterator[Bench]:
    """All that the measures need, started; with `beside` the stock page as well."""
    with ExitStack() as stack:
        server = stack.enter_context(upstream())
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="page-"))) for _ in range(2)]
        here = stack.enter_context(ours(folders[0], server.base_url))
        there = stack.enter_context(stock(folders[1], server.base_url)) if beside else None
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        stack.callback(browser.close)
        yield Bench(browser, server, here, there, rounds, endless_s)


def table(rows: Sequence[Row]) -> str:
    """The rows under each other."""
    lines = [f"{'':64}{'ours':>10}{'stock':>10}  {'':3}{'goal':>8}{'rounds':>8}"]
    for row in rows:
        peer = "" if row.peer is None else _number(row.peer)
        goal = "" if row.goal is None else f"≤ {_number(row.goal)}"
        lines.append(f"{row.name:64}{_number(row.ours):>10}{peer:>10}  {row.unit:3}{goal:>8}{row.rounds:>8}")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.1f}"


def main() -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=MEASURES, action="append", help="may be given more than once")
    parser.add_argument("--endless-s", type=float, default=60.0)
    parser.add_argument("--alone", action="store_true", help="without the stock page")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    given = parser.parse_args()
    rows: list[Row] = []
    with bench(given.rounds, given.endless_s, beside=not given.alone) as made:
        for name in given.only or MEASURES:
            rows += MEASURES[name](made)
            if given.json:  # what is done is kept even when a later one fails
                given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")
    print(table(rows))  # noqa: T201 - it is for the terminal
    return 0


if __name__ == "__main__":
    sys.exit(main())
