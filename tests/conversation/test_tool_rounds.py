"""Turns in which the model calls tools: what it is told, what is shown meanwhile, and how they end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from time import monotonic

import pytest

from chat_app.conversation.answer_parts import NOT_MADE, parts_of
from chat_app.conversation.calling import DENIED, ENDED, NOTHING, STOPPED, Approve, Tooling
from chat_app.conversation.deltas import (
    Answer,
    Dropped,
    Finish,
    Media,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolsUnreached,
    Usage,
)
from chat_app.conversation.messages import Image, Message, Reasoning, Text, ToolCall, ToolResult, assistant, user
from chat_app.conversation.tools import Call, Decision, Html, Step, Tool, ToolOutput
from chat_app.conversation.turn import Request, Turn, TurnSummary, run_turn
from chat_app.errors import (
    EmptyAnswer,
    LengthLimit,
    ServerFailed,
    Stopped,
    ToolCallWanted,
    ToolError,
    TooManyRounds,
)
from tests.conversation.toolboxes import SCHEMA, WEATHER, FakeToolbox, allow, deny
from tests.doubles import Round, ScriptedEndpoint, says

STARTED = Started("main", "toy")
PICTURE = Image("image/png", "iVBO")


def calls(*wanted: tuple[str, str], call_id: str = "a") -> Round:
    """A round that ends in calls, each a name and arguments; their ids are `a0`, `a1`, … unless they are empty."""
    pieces = [
        ToolCallDelta(place, name, arguments, f"{call_id}{place}" if call_id else "")
        for place, (name, arguments) in enumerate(wanted)
    ]
    return (STARTED, *pieces, Finish("tool_calls"))


PARIS = ("get_weather", '{"city": "Paris"}')


def turn_of(  # noqa: PLR0913 -- each test sets one of them
    endpoint: ScriptedEndpoint,
    toolbox: FakeToolbox | None,
    *,
    approve: Approve = allow,
    stop: asyncio.Event | None = None,
    told: list[TurnSummary] | None = None,
    max_rounds: int = 10,
    beat_s: float = 30.0,
    pictures: bool = True,
    so_far: str = "",
) -> AsyncGenerator[Answer, None]:
    """A turn that asks `endpoint` about the weather."""
    turn = Turn("answer-1", "talk-1", 1, "Assistant", Request((user("How is it?"),), "toy"), so_far=so_far)
    return run_turn(
        turn,
        endpoint,
        stop=stop or asyncio.Event(),
        tooling=Tooling(toolbox, approve, max_rounds=max_rounds, pictures=pictures) if toolbox else None,
        observers=[] if told is None else [told.append],
        every_s=0.0,
        beat_s=beat_s,
        clock=monotonic,
    )


async def whole(stream: AsyncGenerator[Answer, None]) -> list[Answer]:
    """All answers of a turn, of which the last one is done."""
    async with asyncio.timeout(5):
        answers = [answer async for answer in stream]
    assert answers[-1].done
    return answers


def told_of(endpoint: ScriptedEndpoint) -> Message:
    """What the last request has behind the question."""
    *_, last = endpoint.requests[-1].messages
    return last


def results(endpoint: ScriptedEndpoint) -> list[str]:
    """What the model was told of its calls at last."""
    return [part.text for part in told_of(endpoint).parts if isinstance(part, ToolResult)]


async def test_a_call_is_made_and_the_model_answers_from_its_result() -> None:
    """The second request is the first one with the call and its result behind it."""
    endpoint, toolbox = ScriptedEndpoint(calls(PARIS), says("It is sunny.")), FakeToolbox()
    answer = (await whole(turn_of(endpoint, toolbox)))[-1]

    assert (answer.text, answer.problem, answer.finish_reason) == ("It is sunny.", None, "stop")
    assert toolbox.called == [("get_weather", {"city": "Paris"})]
    assert [request.tools for request in endpoint.requests] == [(WEATHER,), (WEATHER,)]
    asked, again = endpoint.requests
    assert again.messages[:-1] == asked.messages
    assert again.messages[-1] == Message(
        "assistant", (ToolCall(*PARIS, "a0"), ToolResult("a0", "get_weather says yes"))
    )
    (step,) = answer.steps
    assert [(call.state, call.output) for call in step.calls] == [("done", ToolOutput("get_weather says yes"))]


async def test_what_was_thought_and_said_before_a_call_stays_in_its_step() -> None:
    """And goes back to the model in front of the call; the answer behind it begins anew."""
    before = (STARTED, ReasoningDelta("Hm."), TextDelta("Let me see."), ToolCallDelta(0, *PARIS, "a0"), Finish("stop"))
    endpoint = ScriptedEndpoint(before, (STARTED, ReasoningDelta("Aha."), TextDelta("Sunny."), Finish("stop")))
    answer = (await whole(turn_of(endpoint, FakeToolbox())))[-1]

    (step,) = answer.steps
    assert (step.text, step.reasoning) == ("Let me see.", "Hm.")
    assert step.reasoning_s is not None
    assert (answer.text, answer.reasoning) == ("Sunny.", "Aha.")
    assert told_of(endpoint).parts[:2] == (Reasoning("Hm."), Text("Let me see."))


async def test_a_server_of_tools_that_is_not_there_is_said() -> None:
    """From the first word on, and over all rounds; the model answers with the tools that there are."""
    toolbox = FakeToolbox()
    toolbox.unreached = ("files", "tickets")
    answers = [answer async for answer in turn_of(ScriptedEndpoint(calls(PARIS), says("Fine.")), toolbox)]
    assert answers[-1].text == "Fine."
    remarks = (ToolsUnreached("files"), ToolsUnreached("tickets"))
    assert {answer.remarks for answer in answers if answer.endpoint} == {remarks}


async def test_several_calls_run_at_the_same_time() -> None:
    """Each waits for the other one, which no order could do."""
    first, second = asyncio.Event(), asyncio.Event()
    tools = [Tool(name, "", SCHEMA) for name in ("one", "two")]
    toolbox = FakeToolbox(*tools, one=first, two=second)
    endpoint = ScriptedEndpoint(calls(("one", "{}"), ("two", "{}")), says("Both."))
    seen: list[Sequence[str]] = []
    async with asyncio.timeout(5), aclosing(turn_of(endpoint, toolbox)) as answers:
        async for answer in answers:
            if answer.steps:
                states = [call.state for call in answer.steps[0].calls]
                if states not in seen:
                    seen.append(states)
            if toolbox.running == 2 and not second.is_set():
                second.set()
            elif toolbox.running == 1:
                first.set()
    assert toolbox.most_running == 2
    assert seen == [["running", "running"], ["running", "done"], ["done", "done"]]
    assert results(endpoint) == ["one came late", "two came late"]


async def test_rounds_go_on_until_the_model_answers() -> None:
    """Each request holds all calls so far, as one answer in progress."""
    endpoint = ScriptedEndpoint(calls(PARIS), calls(("get_weather", '{"city": "Rome"}'), call_id="b"), says("Both."))
    answer = (await whole(turn_of(endpoint, FakeToolbox())))[-1]

    assert (answer.text, len(answer.steps)) == ("Both.", 2)
    assert [part.call_id for part in told_of(endpoint).parts if isinstance(part, ToolCall)] == ["a0", "b0"]
    assert len(endpoint.requests[-1].messages) == 2


@pytest.mark.parametrize(
    ("name", "arguments", "says_what"),
    [
        ("get_weather", '{"city": "Par', "not valid JSON"),
        ("get_weather", '["Paris"]', "one JSON object"),
        ("get_weather", "[" * 100_000, "not valid JSON"),
        ("get_wether", "{}", "There is no tool called `get_wether`. There are: `get_weather`."),
        ("", "{}", "There is no tool called"),
    ],
)
async def test_a_call_that_cannot_be_made_tells_the_model_what_is_wrong(
    name: str, arguments: str, says_what: str
) -> None:
    """It is not made, it shows as failed, and the turn goes on."""
    endpoint, toolbox = ScriptedEndpoint(calls((name, arguments)), says("Sorry.")), FakeToolbox()
    answer = (await whole(turn_of(endpoint, toolbox)))[-1]

    assert toolbox.called == []
    assert answer.steps[0].calls[0].state == "failed"
    assert says_what in results(endpoint)[0]
    assert (answer.text, answer.problem) == ("Sorry.", None)


async def test_no_arguments_at_all_are_an_empty_object() -> None:
    """As some models call tools that take none."""
    toolbox = FakeToolbox()
    await whole(turn_of(ScriptedEndpoint(calls(("get_weather", " ")), says("Done.")), toolbox))
    assert toolbox.called == [("get_weather", {})]


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (ToolOutput("It is broken.", failed=True), "It is broken."),
        (ToolError("The server is gone.", hint=""), "The server is gone."),
    ],
)
async def test_a_tool_that_fails_does_not_end_the_turn(outcome: ToolOutput | ToolError, text: str) -> None:
    """The model is told, the page shows it."""
    endpoint = ScriptedEndpoint(calls(PARIS), says("I could not find out."))
    answer = (await whole(turn_of(endpoint, FakeToolbox(get_weather=outcome))))[-1]

    assert answer.steps[0].calls[0].state == "failed"
    assert results(endpoint) == [text]
    assert answer.problem is None


async def test_an_empty_result_says_so() -> None:
    """Some servers refuse a message without content."""
    endpoint = ScriptedEndpoint(calls(PARIS), says("Done."))
    await whole(turn_of(endpoint, FakeToolbox(get_weather=ToolOutput(""))))
    assert results(endpoint) == [NOTHING]


@pytest.mark.parametrize(
    ("approval", "visitor", "state", "told"),
    [
        ("ask", allow, "done", "get_weather says yes"),
        ("ask", deny, "refused", DENIED),
        ("always", deny, "done", "get_weather says yes"),
    ],
)
async def test_approval_decides_whether_a_call_is_made(approval: str, visitor: Approve, state: str, told: str) -> None:
    """Always, or after the visitor allowed it; the model is told."""
    tool = Tool("get_weather", "", SCHEMA, approval)  # type: ignore[arg-type]
    endpoint, toolbox = ScriptedEndpoint(calls(PARIS), says("So.")), FakeToolbox(tool)
    answers = await whole(turn_of(endpoint, toolbox, approve=visitor))

    assert answers[-1].steps[0].calls[0].state == state
    assert results(endpoint) == [told]
    assert len(toolbox.called) == (state == "done")
    assert endpoint.requests[0].tools == (tool,)


async def test_a_call_that_asks_waits_and_can_be_seen_waiting() -> None:
    """With beats meanwhile, so that a closed tab is noticed; its time begins when it may run."""
    asked: list[ToolCall] = []
    decided = asyncio.Event()

    async def visitor(call: ToolCall) -> Decision:
        asked.append(call)
        await decided.wait()
        return "allow"

    toolbox = FakeToolbox(Tool("get_weather", "", SCHEMA, "ask"))
    beats = 0
    async with asyncio.timeout(5):
        async for answer in turn_of(
            ScriptedEndpoint(calls(PARIS), says("Sunny.")), toolbox, approve=visitor, beat_s=0.01
        ):
            if answer.steps and answer.steps[0].calls[0].state == "asking":
                beats += 1
                assert toolbox.called == []
                if beats == 3:
                    decided.set()
    assert asked == [ToolCall(*PARIS, "a0")]
    call = answer.steps[0].calls[0]
    assert call.state == "done"
    assert call.began_s >= 0.02
    assert call.ended_s is not None


async def test_too_many_rounds_end_the_turn_and_keep_what_came() -> None:
    """The calls of the last round are not made."""
    toolbox = FakeToolbox()
    endpoint = ScriptedEndpoint(calls(PARIS), calls(PARIS, call_id="b"), calls(PARIS, call_id="c"))
    told: list[TurnSummary] = []
    answer = (await whole(turn_of(endpoint, toolbox, max_rounds=2, told=told)))[-1]

    assert isinstance(answer.problem, TooManyRounds)
    assert "tools.max_rounds" in answer.problem.hint
    assert (len(answer.steps), len(toolbox.called)) == (2, 2)
    assert told[0].outcome == "too_many_rounds"


async def test_without_a_toolbox_a_call_ends_the_turn() -> None:
    """As it always did."""
    answer = (await whole(turn_of(ScriptedEndpoint(calls(PARIS)), None)))[-1]
    assert isinstance(answer.problem, ToolCallWanted)
    assert answer.steps == ()


async def test_a_call_that_the_token_limit_cut_is_not_made() -> None:
    """It may look whole and not be."""
    toolbox = FakeToolbox()
    endpoint = ScriptedEndpoint((STARTED, ToolCallDelta(0, *PARIS, "a0"), Finish("length")))
    answer = (await whole(turn_of(endpoint, toolbox)))[-1]
    assert isinstance(answer.problem, LengthLimit)
    assert toolbox.called == []


async def test_stop_ends_calls_at_once_and_marks_them() -> None:
    """What was done stays, what ran is ended and says so, and the model is not asked again."""
    stop = asyncio.Event()
    tools = [Tool(name, "", SCHEMA) for name in ("quick", "slow")]
    toolbox = FakeToolbox(*tools, slow=asyncio.Event())
    endpoint = ScriptedEndpoint(calls(("quick", "{}"), ("slow", "{}")))
    async with asyncio.timeout(5):
        async for answer in turn_of(endpoint, toolbox, stop=stop):
            if answer.steps and answer.steps[0].calls[0].state == "done":
                stop.set()
    assert isinstance(answer.problem, Stopped)
    assert toolbox.cancelled == ["slow"]
    quick, slow = answer.steps[0].calls
    assert (quick.state, slow.state, slow.output) == ("done", "failed", ToolOutput(STOPPED, failed=True))
    assert slow.ended_s is not None
    assert len(endpoint.requests) == 1


async def test_stop_ends_the_wait_for_the_visitor() -> None:
    """Nobody is asked any more."""
    stop = asyncio.Event()

    async def never(_call: ToolCall) -> Decision:
        await asyncio.Event().wait()
        return "allow"

    toolbox = FakeToolbox(Tool("get_weather", "", SCHEMA, "ask"))
    async with asyncio.timeout(5):
        async for answer in turn_of(ScriptedEndpoint(calls(PARIS)), toolbox, approve=never, stop=stop):
            if answer.steps:
                stop.set()
    assert answer.steps[0].calls[0].state == "failed"
    assert isinstance(answer.problem, Stopped)


async def test_closing_the_turn_ends_its_calls() -> None:
    """As a closed tab does: the tools have ended when the turn has."""
    toolbox = FakeToolbox(get_weather=asyncio.Event())
    told: list[TurnSummary] = []
    async with asyncio.timeout(5), aclosing(turn_of(ScriptedEndpoint(calls(PARIS)), toolbox, told=told)) as answers:
        async for _ in answers:
            if toolbox.running:
                break
    assert (toolbox.cancelled, toolbox.running) == (["get_weather"], 0)
    assert told[0].outcome == "stopped"


async def test_stop_ends_the_wait_for_tool_servers() -> None:
    """One that takes a minute to start keeps nobody, and beats come meanwhile."""
    toolbox, stop, beats = FakeToolbox(), asyncio.Event(), 0
    toolbox.listing = asyncio.Event()
    endpoint = ScriptedEndpoint()
    last = Answer()
    async with asyncio.timeout(5):
        async for answer in turn_of(endpoint, toolbox, stop=stop, beat_s=0.01):
            last = answer
            beats += 1
            if beats == 3:
                stop.set()
    assert isinstance(last.problem, Stopped)
    assert endpoint.requests == []


async def test_a_failure_in_a_later_round_keeps_what_came_before() -> None:
    """The problem stands at the end; the steps stay, and the summary tells who failed."""
    failure = ServerFailed("main failed.", hint="See its log.", endpoint="main")
    told: list[TurnSummary] = []
    answer = (await whole(turn_of(ScriptedEndpoint(calls(PARIS), [failure]), FakeToolbox(), told=told)))[-1]

    assert answer.problem is failure
    assert [call.state for call in answer.steps[0].calls] == ["done"]
    assert (told[0].outcome, told[0].endpoint) == ("server_failed", "main")


async def test_a_defect_of_a_toolbox_is_raised_and_not_hidden() -> None:
    """It never raises: if it does, that is for the log."""
    toolbox = FakeToolbox(get_weather=ValueError("a defect"))
    with pytest.raises(ValueError, match="a defect"):
        await whole(turn_of(ScriptedEndpoint(calls(PARIS)), toolbox))


async def test_ids_that_are_missing_or_double_are_made_unique() -> None:
    """Also beside those of earlier rounds; the model finds each result by its id."""
    both = (
        STARTED,
        ToolCallDelta(0, *PARIS, "x"),
        ToolCallDelta(1, *PARIS, "x"),
        ToolCallDelta(2, *PARIS),
        Finish("tool_calls"),
    )
    endpoint = ScriptedEndpoint(both, (STARTED, ToolCallDelta(0, *PARIS, "x"), Finish("tool_calls")), says("So."))
    await whole(turn_of(endpoint, FakeToolbox()))

    ids = [part.call_id for part in told_of(endpoint).parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 4
    assert ids[0] == "x"
    assert all(len(made) == 9 and made.isalnum() for made in ids[1:])
    assert ids == [part.call_id for part in told_of(endpoint).parts if isinstance(part, ToolResult)]


async def test_counts_of_several_rounds_are_the_last_prompt_and_all_that_was_written() -> None:
    """Each prompt holds the one before it. The first token and the requests are the turn's."""
    first = (Started("main", "toy", attempts=2), ToolCallDelta(0, *PARIS, "a"), Usage(100, 20), Finish("tool_calls"))
    second = (STARTED, Dropped(2), TextDelta("Sunny."), Usage(150, 5), Finish("stop"))
    told: list[TurnSummary] = []
    answers = await whole(turn_of(ScriptedEndpoint(first, second), FakeToolbox(), told=told))

    assert answers[-1].usage == Usage(150, 25)
    assert (told[0].prompt_tokens, told[0].completion_tokens, told[0].attempts) == (150, 25, 3)
    assert told[0].messages_dropped == 2
    begun = next(answer.first_token_s for answer in answers if answer.first_token_s is not None)
    assert answers[-1].first_token_s == begun


async def test_the_same_remark_in_two_rounds_is_made_once() -> None:
    """Else the page and the summary would say that twice as much was left out."""
    rounds = [(STARTED, Dropped(2), *calls(PARIS)[1:]), (STARTED, Dropped(3), TextDelta("So."), Finish("stop"))]
    told: list[TurnSummary] = []
    answer = (await whole(turn_of(ScriptedEndpoint(*rounds), FakeToolbox(), told=told)))[-1]
    assert (answer.remarks, told[0].messages_dropped) == ((Dropped(3),), 3)


async def test_pictures_of_results_go_to_the_model_unless_it_takes_none() -> None:
    """Then it is told that the visitor sees them."""
    output = ToolOutput("Here.", media=(PICTURE,))
    for pictures in (True, False):
        endpoint = ScriptedEndpoint(calls(PARIS), says("Nice."))
        await whole(turn_of(endpoint, FakeToolbox(get_weather=output), pictures=pictures))
        (result,) = (part for part in told_of(endpoint).parts if isinstance(part, ToolResult))
        assert result.images == ((PICTURE,) if pictures else ())
        assert ("you cannot" in result.text) is not pictures


async def test_silence_after_calls_is_an_answer_only_where_something_is_shown() -> None:
    """A page that a tool shows needs no words; a result that only the model has seen does."""
    silent = (STARTED, Finish("stop"))
    shown = ToolOutput("Shown.", displays=(Html("<p>Hi</p>"),))
    answer = (await whole(turn_of(ScriptedEndpoint(calls(PARIS), silent), FakeToolbox(get_weather=shown))))[-1]
    assert answer.problem is None
    answer = (await whole(turn_of(ScriptedEndpoint(calls(PARIS), silent), FakeToolbox())))[-1]
    assert isinstance(answer.problem, EmptyAnswer)
    assert "called tools" in answer.problem.sentence


async def test_a_picture_alone_is_an_answer() -> None:
    """As models that paint give it."""
    answer = (await whole(turn_of(ScriptedEndpoint((STARTED, Media(PICTURE), Finish("stop"))), None)))[-1]
    assert (answer.media, answer.problem) == ((PICTURE,), None)


async def test_an_answer_that_is_gone_on_with_may_call_tools_too() -> None:
    """What stood there before is not told to the model a second time."""
    first = (STARTED, TextDelta(" more"), ToolCallDelta(0, *PARIS, "a0"), Finish("tool_calls"))
    endpoint = ScriptedEndpoint(first, says("Sunny."))
    answer = (await whole(turn_of(endpoint, FakeToolbox(), so_far="Begun")))[-1]

    assert (answer.steps[0].text, answer.text, answer.continued) == ("Begun more", "Sunny.", 0)
    assert told_of(endpoint).parts[0] == Text(" more")


def test_the_parts_of_an_answer_are_what_the_model_was_told_during_the_turn() -> None:
    """In order; reasoning only where it is wanted, and a call that was not made says so."""
    call = ToolCall("f", "{}", "a")
    done = Call(call, "done", ToolOutput("Yes.", media=(PICTURE,)))
    other = Call(ToolCall("g", "{}", "b"), "asking")
    answer = Answer(steps=(Step("Wait.", "Hm.", calls=(done, other)),), text="So.", reasoning="Aha.", media=(PICTURE,))
    assert parts_of(answer, reasoning=True) == (
        Reasoning("Hm."),
        Text("Wait."),
        call,
        other.call,
        ToolResult("a", "Yes.", (PICTURE,)),
        ToolResult("b", NOT_MADE),
        Reasoning("Aha."),
        Text("So."),
        PICTURE,
    )
    assert not any(isinstance(part, Reasoning) for part in parts_of(answer))
    assert parts_of(Answer(text="Hi")) == assistant("Hi").parts


async def test_stop_just_before_the_calls_is_a_stop_and_no_missing_tool() -> None:
    """The model wanted some, and nobody makes them any more."""
    stop = asyncio.Event()
    toolbox = FakeToolbox()
    last = Answer()
    async with asyncio.timeout(5):
        async for answer in turn_of(ScriptedEndpoint(calls(PARIS)), toolbox, stop=stop):
            last = answer
            if answer.finish_reason == "tool_calls":
                stop.set()
    assert isinstance(last.problem, Stopped)
    assert toolbox.called == []


async def test_a_turn_that_is_closed_when_calls_are_wanted_was_stopped() -> None:
    """Nobody made them, so it is not complete; the model has said that it ended, not that it answered."""
    told: list[TurnSummary] = []
    async with asyncio.timeout(5), aclosing(turn_of(ScriptedEndpoint(calls(PARIS)), FakeToolbox(), told=told)) as turn:
        async for answer in turn:
            if answer.finish_reason == "tool_calls":
                break
    assert (told[0].outcome, told[0].finish_reason) == ("stopped", "tool_calls")


async def test_a_call_that_the_tool_itself_cancels_is_not_said_to_be_the_visitors_doing() -> None:
    """The turn goes on, and the model is told the truth."""
    endpoint = ScriptedEndpoint(calls(PARIS), says("Sorry."))
    toolbox = FakeToolbox(get_weather=asyncio.CancelledError())
    answer = (await whole(turn_of(endpoint, toolbox)))[-1]
    assert (results(endpoint), answer.text) == ([ENDED], "Sorry.")


async def test_a_model_that_calls_what_is_not_there_is_told_of_so_many_tools_at_most() -> None:
    """A server may have hundreds."""
    tools = [Tool(f"tool{number}", "", SCHEMA) for number in range(60)]
    endpoint = ScriptedEndpoint(calls(("tool", "{}")), says("Sorry."))
    await whole(turn_of(endpoint, FakeToolbox(*tools)))
    assert "`tool49` and 10 more." in results(endpoint)[0]
    assert "`tool50`" not in results(endpoint)[0]
