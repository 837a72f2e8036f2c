"""The short form of `benchmarks/server.py`: ratios that hold on any machine, however busy.

Programs that are compared answer at the same time or in turn, on the same cores; no time is asserted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from benchmarks.bench import Asking, Bench, errors, seen, together

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="CPU time is read from Linux's /proc")


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """One round of everything."""
    with Bench(rounds=1) as made:
        yield made


def test_a_token_costs_less_than_half_of_what_stock_gradio_takes(bench: Bench) -> None:
    """10 visitors; and a turn takes few requests and a fraction of the bytes, with every word of it there."""
    waves = bench.measured({name: Asking(name, 10, "pace-50-100") for name in ("ours", "load_chat")})
    ours, theirs = waves["ours"], waves["load_chat"]
    assert (errors(ours), errors(theirs)) == (0, 0)
    assert together(ours) < 0.5 * together(theirs)
    assert seen(ours, "wire_bytes") < 0.5 * seen(theirs, "wire_bytes")
    assert seen(ours, "updates") < seen(theirs, "updates")
    assert seen(ours, "requests") <= 4 < seen(theirs, "requests")


def test_ten_times_the_earlier_messages_make_a_token_less_than_2_5_times_as_dear(bench: Bench) -> None:
    """200 against 20: they are posted and read once a turn, and no update costs more for them."""
    askings = {str(earlier): Asking("ours", 5, "pace-50-100", earlier=earlier) for earlier in (20, 200)}
    waves = bench.measured(askings)
    assert errors(waves["200"]) == 0
    assert together(waves["200"]) < 2.5 * together(waves["20"])


def test_a_token_of_an_answer_twelve_times_as_long_is_less_than_twice_as_dear(bench: Bench) -> None:
    """6,000 tokens, against 500: an update costs what is new in it, and not what is there."""
    askings = {"short": Asking("ours", 2, "pace-1000-500", times=2), "long": Asking("ours", 2, "pace-1000-6000")}
    waves = bench.measured(askings)
    assert errors(waves["long"]) == 0
    assert together(waves["long"]) < 2 * together(waves["short"])


def test_programs_over_the_api_get_every_word(bench: Bench) -> None:
    """From ours and from Gradio's, by the same driver."""
    ours = bench.measured({"ours": Asking("ours", 2, "pace-100-30", kind="our_api")})["ours"]
    assert errors(ours) == 0
