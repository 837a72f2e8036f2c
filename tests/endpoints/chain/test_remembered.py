from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest

from chat_app.conversation.deltas import (
    Asked,
    Delta,
    Finish,
    Media,
    PassedOver,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from chat_app.conversation.messages import Image, assistant, system, user
from chat_app.conversation.tools import Tool
from chat_app.conversation.turn import Endpoint, Request, Turn, run_turn
from chat_app.endpoints.chain.remembered import Remembered, ask_ahead
from chat_app.errors import ChoiceError, ConnectionRefused, StreamBroken
from tests.doubles import Round, ScriptedEndpoint, refused, says

HI = Request((system("Be kind."), user("Hi")), "toy", {"temperature": 0.5})
WHOLE: Round = (
    Asked("main"),
    PassedOver("down", "It is down."),
    Started("main", "toy", 2),
    ReasoningDelta("Hm. "),
    TextDelta("Hel"),
    TextDelta("lo"),
    Finish("stop"),
    Usage(9, 2),
)
KEPT = (Started("main", "toy", 0), ReasoningDelta("Hm. "), TextDelta("Hello"), Finish("stop"), Usage(9, 2))


async def deltas_of(endpoint: Endpoint, request: Request = HI) -> tuple[Delta, ...]:
    """All that comes back."""
    async with aclosing(endpoint.stream(request)) as deltas:
        return tuple([delta async for delta in deltas])


async def until(condition: Any) -> None:
    """Waits for it, a second at most."""
    async with asyncio.timeout(1):
        while not condition():  # noqa: ASYNC110 -- what is waited for is another task
            await asyncio.sleep(0)


async def test_a_whole_answer_is_given_again_without_a_request() -> None:
    """All at once, by the endpoint that gave it, with its usage; what was waited for is not part of it."""
    endpoint, remembered = ScriptedEndpoint(WHOLE), Remembered()
    assert await deltas_of(remembered.around(endpoint, "A")) == tuple(WHOLE)
    assert await deltas_of(remembered.around(endpoint, "A")) == KEPT
    assert len(endpoint.requests) == 1


async def test_an_answer_that_is_given_again_says_that_it_took_no_request() -> None:
    """By that the page knows it."""
    endpoint, remembered = ScriptedEndpoint(WHOLE), Remembered()
    await deltas_of(remembered.around(endpoint, "A"))
    turn = Turn("1", "c", 1, "A", HI)
    answers = [each async for each in run_turn(turn, remembered.around(endpoint, "A"), stop=asyncio.Event())]
    assert (answers[-1].text, answers[-1].attempts, answers[-1].problem) == ("Hello", 0, None)


@pytest.mark.parametrize(
    "other",
    [
        replace(HI, model="other"),
        replace(HI, messages=(system("Be brief."), user("Hi"))),
        replace(HI, messages=(user("Hi"),)),
        replace(HI, messages=(system("Be kind."), user("Hi", Image("image/png", "aGk=")))),
        replace(HI, parameters={"temperature": 0.6}),
        replace(HI, tools=(Tool("clock", "What time it is.", {}),)),
    ],
)
async def test_another_question_has_another_answer(other: Request) -> None:
    """Model, prompt, files, parameters and tools belong to it."""
    endpoint, remembered = ScriptedEndpoint(WHOLE, says("Another.")), Remembered()
    await deltas_of(remembered.around(endpoint, "A"))
    assert TextDelta("Another.") in await deltas_of(remembered.around(endpoint, "A"), other)


async def test_another_preset_has_another_answer() -> None:
    """Its endpoints may be others."""
    endpoint, remembered = ScriptedEndpoint(WHOLE, says("Another.")), Remembered()
    await deltas_of(remembered.around(endpoint, "A"))
    assert TextDelta("Another.") in await deltas_of(remembered.around(endpoint, "B"))


@pytest.mark.parametrize(
    "request_",
    [
        replace(HI, messages=(user("Hi"), assistant("Hello"), user("Hi"))),
        replace(HI, messages=(user("Hi"), assistant("Let me look."))),
        replace(HI, model=""),
    ],
)
async def test_only_a_first_question_to_a_known_model_is_remembered(request_: Request) -> None:
    """A conversation goes on differently, the later rounds of a turn too; and who is the first model may change."""
    endpoint, remembered = ScriptedEndpoint(says("1"), says("2")), Remembered()
    for answer in "12":
        assert TextDelta(answer) in await deltas_of(remembered.around(endpoint, "A"), request_)


@pytest.mark.parametrize(
    "cut",
    [
        (Started("main", "toy"), TextDelta("Hel"), Finish("length")),
        (Started("main", "toy"), TextDelta("Hel"), Finish("content_filter")),
        (Started("main", "toy"), TextDelta("Hel")),
        (Started("main", "toy"), TextDelta(" "), Finish("stop")),
        (Started("main", "toy"), TextDelta("Look:"), ToolCallDelta(0, "clock", "{}", "1"), Finish("stop")),
        (Started("main", "toy"), TextDelta("See"), Media(Image("image/png", "a" * 2_000_001)), Finish("stop")),
    ],
)
async def test_an_answer_that_is_not_whole_is_not_kept(cut: Sequence[Delta]) -> None:
    """Nor one that used tools, nor one that is huge."""
    endpoint, remembered = ScriptedEndpoint(cut, WHOLE), Remembered()
    assert await deltas_of(remembered.around(endpoint, "A")) == tuple(cut)
    assert await deltas_of(remembered.around(endpoint, "A")) == tuple(WHOLE)


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        ((refused(),), ConnectionRefused),
        ((Started("main", "toy"), TextDelta("Hel"), StreamBroken("Cut.", hint="", endpoint="main")), StreamBroken),
    ],
)
async def test_a_failure_is_told_and_not_kept(failing: Round, error: type[Exception]) -> None:
    """The next one asks again."""
    endpoint, remembered = ScriptedEndpoint(failing, WHOLE), Remembered()
    with pytest.raises(error):
        await deltas_of(remembered.around(endpoint, "A"))
    assert await deltas_of(remembered.around(endpoint, "A")) == tuple(WHOLE)


async def test_all_who_ask_at_once_share_one_request() -> None:
    """Each has all of the answer, whenever they came."""
    go_on = asyncio.Event()
    endpoint, remembered = ScriptedEndpoint((*WHOLE[:5], go_on, *WHOLE[5:])), Remembered()
    first = [asyncio.create_task(deltas_of(remembered.around(endpoint, "A"))) for _ in range(3)]
    await until(lambda: endpoint.open)
    late = asyncio.create_task(deltas_of(remembered.around(endpoint, "A")))
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*first, late) == [tuple(WHOLE)] * 4
    assert len(endpoint.requests) == 1


async def test_all_who_share_a_request_share_its_failure() -> None:
    """Nobody waits for ever."""
    go_on = asyncio.Event()
    endpoint, remembered = ScriptedEndpoint((go_on, refused())), Remembered()
    both = [asyncio.create_task(deltas_of(remembered.around(endpoint, "A"))) for _ in range(2)]
    await until(lambda: endpoint.open)
    go_on.set()
    failures = await asyncio.gather(*both, return_exceptions=True)
    assert [type(failure) for failure in failures] == [ConnectionRefused, ConnectionRefused]


async def test_one_who_leaves_takes_the_answer_from_nobody() -> None:
    """The request ends when the last one has left, and whoever comes then asks anew."""
    never = asyncio.Event()
    endpoint, remembered = ScriptedEndpoint((*WHOLE[:5], never), WHOLE), Remembered()
    streams = [remembered.around(endpoint, "A").stream(HI) for _ in range(2)]
    for stream in streams:
        assert await anext(stream) == WHOLE[0]
    await streams[0].aclose()
    assert endpoint.open == 1
    assert await anext(streams[1]) == WHOLE[1]
    await streams[1].aclose()
    assert endpoint.open == 0
    assert await deltas_of(remembered.around(endpoint, "A")) == tuple(WHOLE)


async def test_the_oldest_answers_give_way() -> None:
    """So many are kept, those last given."""
    questions = [replace(HI, messages=(user(str(number)),)) for number in range(3)]
    endpoint = ScriptedEndpoint(*(says(str(number)) for number in range(3)), says("again"))
    remembered = Remembered(answers=2)
    for question in (*questions[:2], questions[0], questions[2], questions[0], questions[1]):
        said = await deltas_of(remembered.around(endpoint, "A"), question)
    assert TextDelta("again") in said
    assert len(endpoint.requests) == 4


async def test_questions_can_be_asked_ahead_and_a_failure_stops_none(caplog: pytest.LogCaptureFixture) -> None:
    """One after the other; what failed is left to the first who asks it."""
    endpoint, remembered = ScriptedEndpoint((refused(),), WHOLE), Remembered()
    around = remembered.around(endpoint, "A")

    def nobody() -> tuple[Endpoint, Request]:
        raise ChoiceError("There is no such model.", hint="")

    with caplog.at_level(logging.WARNING):
        await ask_ahead([nobody, lambda: (around, replace(HI, messages=(user("A"),))), lambda: (around, HI)])
    assert [(each.__dict__["example"], each.__dict__["code"]) for each in caplog.records] == [
        (0, "unknown_choice"),
        (1, "connection_refused"),
    ]
    assert await deltas_of(around) == KEPT
