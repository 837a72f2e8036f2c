from __future__ import annotations

from functools import reduce
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chat_app.conversation.deltas import (
    Answer,
    Asked,
    Delta,
    Dropped,
    Finish,
    Loading,
    PassedOver,
    Postponed,
    Queued,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    Truncated,
    Usage,
    WasReasoning,
    WasText,
    commits,
    fold,
    merge,
)
from chat_app.conversation.messages import ToolCall

PIECES = st.builds(TextDelta, st.text(max_size=5)) | st.builds(ReasoningDelta, st.text(max_size=5))
COUNTS = st.none() | st.integers(0, 9)
DELTAS = st.lists(
    PIECES
    | st.builds(Started, st.text(max_size=3), st.text(max_size=3), st.integers(1, 3))
    | st.builds(Usage, COUNTS, COUNTS)
    | st.builds(Finish, st.sampled_from(["stop", "length", "content_filter"]))
    | st.builds(ToolCallDelta, st.integers(0, 2), st.text(max_size=3), st.text(max_size=3), st.text(max_size=3))
    | st.builds(Dropped, st.integers(1, 9))
    | st.builds(Queued, st.text(max_size=3), st.integers(1, 9))
    | st.builds(PassedOver, st.text(max_size=3), st.text(max_size=3), st.integers(0, 3))
    | st.just(WasReasoning()),
    max_size=30,
)


def folded(*deltas: Delta, at_s: float = 1.0) -> Answer:
    """An answer made of `deltas` that all came at once."""
    return reduce(lambda answer, delta: fold(answer, delta, at_s), deltas, Answer())


def test_started_says_who_answers() -> None:
    """Logs, metrics and feedback name the one that really answered, not the one that was to."""
    answer = folded(Started("spare", "llama3.2", attempts=2))
    assert (answer.endpoint, answer.model, answer.attempts) == ("spare", "llama3.2", 2)
    assert answer.first_token_s is None


def test_text_and_reasoning_grow_apart() -> None:
    """Thoughts are not part of the answer, however the two are interleaved."""
    answer = folded(ReasoningDelta("Let "), TextDelta("Hel"), ReasoningDelta("me."), TextDelta("lo"))
    assert (answer.text, answer.reasoning) == ("Hello", "Let me.")


def test_text_is_kept_to_the_byte() -> None:
    """Leading blank lines, tabs and carriage returns included."""
    assert folded(TextDelta("\n\n"), TextDelta("\tx \r\n")).text == "\n\n\tx \r\n"


def test_the_last_usage_counts() -> None:
    """Some servers send it cumulatively on every chunk: adding would count many times."""
    assert folded(Usage(5, 1), Usage(5, 2), Usage(5, 3)).usage == Usage(5, 3)


def test_the_finish_reason_is_the_servers_own_word() -> None:
    """Also one that we have never heard of."""
    assert folded(TextDelta("x"), Finish("abort")).finish_reason == "abort"


def test_the_first_token_is_timed_once_whichever_kind_it_is() -> None:
    """A thought is a token too: something came, so the model was loaded."""
    answer = fold(fold(Answer(), ReasoningDelta("a"), 1.0), TextDelta("b"), 2.0)
    assert answer.first_token_s == 1.0


def test_a_first_token_at_the_very_start_is_not_taken_for_none() -> None:
    """Zero seconds are a time."""
    assert fold(fold(Answer(), TextDelta("a"), 0.0), TextDelta("b"), 2.0).first_token_s == 0.0


def test_the_time_of_thinking_ends_with_the_last_thought() -> None:
    """Text that follows does not make it longer."""
    thought = fold(fold(Answer(), ReasoningDelta("a"), 1.0), ReasoningDelta("b"), 3.0)
    assert fold(thought, TextDelta("c"), 9.0).reasoning_until_s == 3.0


def test_folding_changes_no_answer_that_somebody_holds() -> None:
    """The page may still be drawing the one before."""
    before = folded(TextDelta("a"))
    fold(before, TextDelta("b"), 2.0)
    assert before.text == "a"


def test_an_answer_is_done_when_its_turn_has_ended_and_not_when_the_server_says_so() -> None:
    """The finish reason may be followed by usage."""
    assert not folded(TextDelta("a"), Finish("stop")).done
    assert Answer(total_s=0.0).done


def test_neighbours_of_one_kind_are_joined() -> None:
    """And only neighbours: the order of thoughts, text and all else stays."""
    deltas = (TextDelta("a"), TextDelta("b"), ReasoningDelta("c"), TextDelta("d"), Usage(1, 2), TextDelta("e"))
    assert merge(deltas) == (TextDelta("ab"), ReasoningDelta("c"), TextDelta("d"), Usage(1, 2), TextDelta("e"))


def test_merging_nothing_gives_nothing() -> None:
    """A beat is an empty batch."""
    assert merge([]) == ()


@given(DELTAS)
def test_folding_merged_deltas_gives_the_same_answer(deltas: list[Delta]) -> None:
    """However they are cut into batches, coalescing never changes what is read."""
    assert folded(*merge(deltas)) == folded(*deltas)


@given(DELTAS, st.integers(0, 30))
def test_merging_in_two_parts_folds_to_the_same(deltas: list[Delta], cut: int) -> None:
    """A batch may end anywhere."""
    assert folded(*merge(deltas[:cut]), *merge(deltas[cut:])) == folded(*deltas)


@given(DELTAS)
def test_merged_deltas_have_no_neighbours_of_one_kind(deltas: list[Delta]) -> None:
    """So they are as few as they can be, and merging again changes nothing."""
    merged = merge(deltas)
    assert all(
        type(one) is not type(other) for one, other in pairwise(merged) if isinstance(one, TextDelta | ReasoningDelta)
    )
    assert merge(merged) == merged


def test_what_is_waited_for_is_known_until_the_answer_begins() -> None:
    """And since when: a counter that goes on while the position in the line changes."""
    waiting = fold(fold(Answer(), Queued("main", 3), 1.0), Queued("main", 2), 4.0)
    assert (waiting.waiting, waiting.waiting_since_s) == (Queued("main", 2), 1.0)
    assert fold(waiting, Loading("main"), 6.0).waiting_since_s == 6.0
    assert fold(waiting, Queued("spare", 1), 6.0).waiting_since_s == 6.0
    assert fold(waiting, Started("main", "m"), 7.0).waiting is None


def test_attempts_count_all_requests_of_all_endpoints() -> None:
    """Those of endpoints that could not answer too."""
    answer = folded(PassedOver("main", "main failed.", 3), PassedOver("spare", "x", 1), Started("third", "m", 2))
    assert [passed.endpoint for passed in answer.passed_over] == ["main", "spare"]
    assert answer.attempts == 6


def test_text_turns_out_to_have_been_reasoning() -> None:
    """Only what came in this turn: what it goes on with stays."""
    answer = fold(fold(Answer(text="Half", continued=4), TextDelta(" hm"), 1.0), WasReasoning(), 2.0)
    assert (answer.text, answer.reasoning, answer.reasoning_until_s) == ("Half", " hm", 2.0)


def test_a_tool_call_is_put_together_from_its_pieces() -> None:
    """By its index, as several may come at once."""
    answer = folded(
        ToolCallDelta(0, "get_weather", "", "a"),
        ToolCallDelta(1, "get_time", "{}", "b"),
        ToolCallDelta(0, "", '{"city":'),
        ToolCallDelta(0, "", ' "Bern"}'),
    )
    assert answer.tool_calls == {
        0: ToolCall("get_weather", '{"city": "Bern"}', "a"),
        1: ToolCall("get_time", "{}", "b"),
    }
    assert answer.first_token_s == 1.0


def test_remarks_are_kept_in_order() -> None:
    """What was dropped, what was cut."""
    remarks = (Dropped(2), Truncated(10, 20, "hint"))
    assert folded(*remarks).remarks == remarks


def test_only_what_comes_before_the_answer_commits_to_nothing() -> None:
    """From `Started` on nobody else is asked."""
    before: list[Delta] = [Asked("a"), Loading("a"), Queued("a", 1), Postponed("a", "b", 1.0), PassedOver("a", "b")]
    answer: list[Delta] = [Started("a", "m"), TextDelta("x"), Usage(1, 1), Dropped(1), ToolCallDelta(0)]
    assert [commits(delta) for delta in (*before, *answer)] == [False] * 5 + [True] * 5


def test_what_was_taken_for_reasoning_becomes_text() -> None:
    """As many characters as are told, from its end, and the text as the model wrote it."""
    answer = fold(fold(Answer(), ReasoningDelta("Hm Yes"), 1.0), WasText(4, "Yes"), 2.0)
    assert (answer.reasoning, answer.text) == ("Hm", "Yes")
    assert fold(answer, WasText(0, "!"), 3.0).reasoning == "Hm"
