"""How fast the server is, side by side with `gr.load_chat` and Chainlit on the same work, in one run.

    python -m benchmarks.server [--only cpu10,cpu50] [--rounds 3] [--json FILE] [--compare FILE] [--page FILE]
                                [--chainlit PYTHON | --install-peers]

A fake model's server (`upstream.py`) writes answers at a known pace; visitors (`wave.py`) post what the pages post and
note what comes, and when; CPU time and memory are what Linux counts for the process. Other work on the machine disturbs
times more than CPU seconds, and these more than ratios: the programs take turns, and medians are told.
"""

from __future__ import annotations

import argparse
import signal
import sys
import venv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import check_call
from typing import Final

from benchmarks.bench import Bench
from benchmarks.cases import CASES
from benchmarks.results import ROOT, Row, merged, of_page, plain, read, written

INSTALLED: Final = ROOT / ".venv-peers" / "chainlit"
PROGRAM: Final = INSTALLED / "bin" / "chainlit"
"""The last that an installation writes."""
CHAINLIT: Final = ("chainlit==2.12.*", "openai>=2", "python-socketio[asyncio_client]")


def installed() -> Path:
    """The Python of an environment with Chainlit, which is made if need be: anew where that was broken off."""
    python = INSTALLED / "bin" / "python"
    if not PROGRAM.exists():
        venv.create(INSTALLED, clear=True, with_pip=True)
        check_call([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *CHAINLIT])  # noqa: S603
    return python


def main() -> int:
    """Run the cases and print the table. What is done is in the file even when a later case fails."""
    given = _given()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # else what was started would stay
    python = installed() if given.install_peers else given.chainlit
    if python is None and PROGRAM.exists():
        python = INSTALLED / "bin" / "python"
    before = read(given.compare.read_text("utf-8"))[1] if given.compare else []
    rows: list[Row] = []
    day = datetime.now(UTC).date().isoformat()
    with Bench(given.rounds, python, lambda text: print(text, file=sys.stderr, flush=True)) as bench:  # noqa: T201
        for name in given.only or CASES:
            rows += [replace(row, rounds=given.rounds, day=day) for row in CASES[name](bench)]
            _keep(rows, given)
    rows += of_page(given.page.read_text("utf-8")) if given.page else []
    _keep(rows, given, all_=bool(given.page and not given.only))
    print(plain(rows, before))  # noqa: T201 - it is for the terminal
    return 0


def _keep(rows: list[Row], given: argparse.Namespace, *, all_: bool = False) -> None:
    """Write what there is so far into the file; other figures that it has stay, unless these are all there are."""
    if given.json:
        old = read(given.json.read_text("utf-8"))[1] if given.json.exists() and not all_ else []
        given.json.write_text(written(merged(rows, old)), encoding="utf-8")


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", type=_cases, metavar="CASE,…", help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there; those not measured stay")
    parser.add_argument("--page", type=Path, metavar="FILE", help="what `benchmarks.page --json` wrote, for the table")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="show what ours was in that file")
    parser.add_argument("--chainlit", type=Path, metavar="PYTHON", help="of an environment that has Chainlit")
    parser.add_argument("--install-peers", action="store_true", help="make that environment in .venv-peers")
    return parser.parse_args()


def _cases(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - CASES.keys():
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
