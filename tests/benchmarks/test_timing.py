"""The clock of the benchmarks: what a visitor notes of an answer, and what is made of it."""

from __future__ import annotations

import pytest

from benchmarks.timing import Pace, Watch, is_whole, pace_of, percentile, summary, word

PACE = Pace(rate=10, tokens=5)


def answer(begun_s: float, until: int = PACE.tokens) -> str:
    """The first words of an answer."""
    return "".join(word(number, begun_s) for number in range(until))


def watch_of(*updates: tuple[float, int], begun_s: float = 100.0) -> Watch:
    """A visitor who asked at 99.5, and what came when."""
    watch = Watch(PACE, asked_s=99.5, begun_s=begun_s, updates=list(updates), ended_s=100.6)
    watch.end(answer(begun_s))
    return watch


def test_a_pace_is_read_where_it_stands() -> None:
    """In a question or a name, and nowhere else."""
    assert pace_of(f"Please count: {PACE}.") == PACE
    assert pace_of("gpt-5") is None


@pytest.mark.parametrize("text", [answer(1.0, 4), answer(1.0) + " w4", " w1 w2 w3 w4", answer(1.0).replace(" w2", "")])
def test_an_answer_with_a_word_missing_or_twice_is_not_whole(text: str) -> None:
    """So a program that loses or repeats text is not measured as a fast one."""
    assert is_whole(answer(1.0), PACE.tokens)
    assert not is_whole(text, PACE.tokens)


def test_lateness_is_against_the_moment_a_word_was_due() -> None:
    """Of an update its newest word counts; of words, all that had waited for it too."""
    watch = watch_of((100.02, 0), (100.32, 3), (100.5, 4))
    assert watch.late_s == pytest.approx([0.02, 0.02, 0.1])
    assert watch.tokens_late_s == pytest.approx([0.02, 0.22, 0.12, 0.02, 0.1])
    assert watch.first_s == pytest.approx(0.52)
    assert watch.longest_gap_s == pytest.approx(0.52)
    assert watch.stretch == pytest.approx(1.1 / 0.4)


def test_an_answer_from_before_the_question_is_not_taken_for_this_one() -> None:
    """Programs send earlier answers again, which have words and a beginning too."""
    watch = Watch(PACE)
    watch.read(answer(watch.asked_s - 9))
    assert watch.updates == []
    watch.read(answer(watch.asked_s - 9) + answer(watch.asked_s + 0.01, 3))
    assert [number for _, number in watch.updates] == [0, 2]
    watch.read("nothing new w2")
    assert len(watch.updates) == 2


def test_what_failed_is_counted_and_not_measured() -> None:
    """Else a program that answers nobody would be the fastest."""
    bad = watch_of((100.02, 0))
    bad.error = "gone"
    seen = summary([watch_of((100.02, 0), (100.4, 4)), bad])
    assert (seen["tokens"], seen["errors"], len(seen["first_s"])) == (5, ["gone"], 1)
    assert summary([bad])["late_p95_s"] == float("inf")


def test_a_percentile_is_one_of_the_values() -> None:
    """The highest of few."""
    assert percentile([3, 1, 2], 50) == 2
    assert percentile([3, 1, 2], 95) == 3
