"""A wave of visitors as a process: it says `ready`, waits for a line, and prints what the visitors saw.

All pages are open, and each visitor has taken one short turn, before it says `ready`; so that who started it can read
the server's CPU time on both sides of the wave, and its memory with all pages open; these stay open until another line
comes. The visitors ask one after the other within `--within` seconds. Nothing but the standard library is imported: the
driver of another program runs in that program's environment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias

from benchmarks.timing import Pace, Watch, pace_of, summary

WARM_UP: Final = Pace(200, 4)


class Visitor(Protocol):
    """Somebody with a page."""

    async def open(self) -> None:
        """Load the page."""

    async def ask(self, pace: Pace) -> Watch:
        """Take a turn."""

    async def close(self) -> None:
        """Close the page."""


Kind: TypeAlias = Callable[[str, int], Visitor]


async def wave(visitors: Sequence[Visitor], pace: Pace, within_s: float) -> list[Watch]:
    """Everybody's answer; they ask within `within_s` seconds."""

    async def after(wait_s: float, asking: Callable[[], Awaitable[Watch]]) -> Watch:
        await asyncio.sleep(wait_s)
        return await asking()

    return await asyncio.gather(
        *(
            after(number * within_s / len(visitors), lambda visitor=visitor: visitor.ask(pace))  # type: ignore[misc]
            for number, visitor in enumerate(visitors)
        )
    )


async def drive(visitors: Sequence[Visitor], pace: Pace, within_s: float, *, warm_up: bool) -> None:
    """Open all pages, say `ready`, wait for a line, run the wave and print its summary, wait for another line."""
    try:
        for visitor in visitors:
            await visitor.open()
        if warm_up:
            await asyncio.gather(*(visitor.ask(WARM_UP) for visitor in visitors))
        print("ready", flush=True)  # noqa: T201 - read by who started it
        await asyncio.to_thread(sys.stdin.readline)
        watches = await wave(visitors, pace, within_s) if pace.tokens else []
        print(json.dumps(summary(watches)), flush=True)  # noqa: T201 - the same
        await asyncio.to_thread(sys.stdin.readline)
    finally:
        for visitor in visitors:
            await visitor.close()


def main(kinds: Mapping[str, Kind]) -> None:
    """Drive a wave of one of `kinds`."""
    parser = argparse.ArgumentParser(description="Many visitors at once.")
    parser.add_argument("kind", choices=list(kinds))
    parser.add_argument("base_url")
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--pace", default="pace-50-300", help="`pace-50-0` opens the pages and asks nothing")
    parser.add_argument("--earlier", type=int, default=0, help="messages that were said before")
    parser.add_argument("--within", type=float, default=1.0, help="seconds in which everybody asks")
    given = parser.parse_args()
    pace = pace_of(given.pace) or parser.error("`--pace` is like pace-50-300")
    visitors = [kinds[given.kind](given.base_url, given.earlier) for _ in range(given.visitors)]
    asyncio.run(drive(visitors, pace, given.within, warm_up=bool(pace.tokens)))
