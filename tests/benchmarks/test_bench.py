"""What is made of the waves of a benchmark."""

from __future__ import annotations

from benchmarks.bench import around
from benchmarks.programs import Wave


def test_times_of_visitors_who_are_late_themselves_are_marked() -> None:
    """One wave in which they had no time left is enough: the program is not to be blamed for it."""
    idle, busy = (Wave({}, 1.0, 0.0, (0.0, 0.0), around_cores=cores) for cores in (0.3, 0.9))
    assert around([idle, busy]) == "driver-bound"
    assert around([idle]) == around([]) == ""
