"""The table of the benchmarks: which goals are reached, and that README.md has what was measured."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.results import LATEST, README, ROOT, Row, markdown, merged, of_page, plain, read, with_table, written


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        (Row("cpu", 0.1, 1.0, goal=0.15, of_ratio=True), True),
        (Row("cpu", 0.2, 1.0, goal=0.15, of_ratio=True), False),
        (Row("cpu", 0.1, float("nan"), goal=0.15, of_ratio=True), None),
        (Row("late", 300, goal=300), True),
        (Row("late", float("inf"), 1.0, goal=300), False),
        (Row("updates", 70, 300), None),
    ],
)
def test_a_goal_is_about_our_value_or_the_ratio(row: Row, reached: bool | None) -> None:  # noqa: FBT001 - a value
    """Without the peer that it is about it is neither reached nor missed; where ours failed it is missed."""
    assert row.reached is reached


def test_what_is_written_is_read_again() -> None:
    """With the rounds, the day and the machine in words."""
    rows = [
        Row("cpu", 0.1, 1.0, "s", "load_chat", 0.15, of_ratio=True, rounds=3, day="2026-11-21"),
        Row("late", 12.5, unit="ms", rounds=3, day="2026-11-21", note="driver-bound"),
    ]
    where, again = read(written(rows))
    assert again == rows
    assert "2026-11-21" in where
    assert "cores" in where
    assert "3 rounds" in where


def test_what_is_not_as_in_most_rows_stands_behind_their_names() -> None:
    """A row of one round, or of another day, is not told as the median of this run."""
    rows = [Row(name, 1, rounds=3, day="2026-11-21") for name in "ab"]
    rows.append(Row("c", 3, rounds=1, day="2026-11-20", note="driver-bound"))
    lines = markdown(rows).splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| a", "| b", "| c (driver-bound, 1 round, 2026-11-20)"]


def test_the_machine_is_told_where_there_is_no_linux() -> None:
    """So that `make test` gets as far as its skips."""
    without = "import os, pathlib; del os.sched_getaffinity; pathlib.Path.exists = lambda _: False"
    told = "import benchmarks.programs; from benchmarks.results import machine; print(machine())"
    run = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", f"{without}; {told}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "cores" in run.stdout


def test_a_part_that_is_measured_again_takes_its_old_places() -> None:
    """And leaves the others as they were."""
    old = [Row("a", 1), Row("b", 2)]
    assert merged([Row("c", 3), Row("a", 9)], old) == [Row("a", 9), Row("b", 2), Row("c", 3)]


def test_rows_of_the_page_stand_beside_those_of_the_server() -> None:
    """In the form that `benchmarks/page.py` writes."""
    (row,) = of_page('[{"name": "frames", "ours": 1, "peer": 131, "unit": "", "goal": 2}]')
    assert row.cells == ("frames", "1", "131 (load_chat)", "0.00763", "≤ 2", "yes")


def test_an_earlier_run_stands_beside_this_one() -> None:
    """By the names of the figures."""
    lines = plain([Row("a", 1, unit="s"), Row("b", 2)], [Row("a", 7.25)]).splitlines()
    assert lines[1].split()[-2:] == ["7.25", "s"]
    assert lines[2].endswith("not measured")


def test_readme_has_the_latest_results() -> None:
    """`python -m benchmarks.results` writes them there."""
    text = README.read_text(encoding="utf-8")
    assert with_table(text, LATEST.read_text(encoding="utf-8")) == text
    assert markdown([Row("a", 1)]).count("\n") == 3
    with pytest.raises(ValueError, match="markers"):
        with_table("nothing", LATEST.read_text(encoding="utf-8"))
