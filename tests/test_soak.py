"""The short form of `benchmarks/soak.py`: after many faults and many ends nothing of them is left in the process."""

from __future__ import annotations

import sys
from random import Random

import pytest

from benchmarks.soak import plans, soak
from tests.faults import FAULTS


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from Linux's /proc")
def test_nothing_is_left_behind_by_faults_stops_and_leaves() -> None:
    """No task, socket, file handle, thread, turn or event, and no memory to speak of; whatever is, is named."""
    report = soak(100, 0.6, visitors=8, seed=3, warm_up=60)

    assert report.complaints == [], str(report)
    assert report.turns == 100
    assert report.seen.ends.keys() == {"whole", "with a notice", "left"}
    assert report.closed_after_s, "No visitor left while a server was still answering."


def test_the_same_seed_gives_the_same_turns() -> None:
    """With every fault and every way to end in them; so that what was found once can be found again."""
    taken, again, other = (list(plans(Random(seed), 2000)) for seed in (3, 3, 4))  # noqa: S311 - nothing secret

    assert taken == again
    assert taken != other
    assert {plan.fault for plan in taken} == set(FAULTS)
    assert {plan.end for plan in taken} == {"read", "stop", "leave"}
