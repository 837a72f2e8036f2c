"""The short form of `benchmarks/history.py`: what a turn costs does not grow with what else the browser keeps."""

from __future__ import annotations

from statistics import median

import pytest

from benchmarks.history import Kept, measure, table

COSTS = ("ask: requests, number", "ask: posted, KB", "ask: posted to /queue/join, KB")


@pytest.mark.browser
def test_a_turn_costs_the_same_however_many_conversations_are_kept() -> None:
    """Requests, what goes up with them, and what is written; only how often an answer is kept depends on the time."""
    pair = (Kept(10, 4), Kept(100, 4))

    (measured,) = measure([pair], 1, warm_up=0)

    few, many = ({name: median(values) for name, values in each.values.items()} for each in measured)
    assert [many[name] for name in COSTS] == pytest.approx([few[name] for name in COSTS], rel=0.1)
    assert 0 < many["ask: written, KB"] < 2 * few["ask: written, KB"], table(pair, measured)
