"""An endpoint that learns what its server does not take: over the fake wire's port, and once over HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import aclosing
from typing import Any

import httpx
import pytest
import respx

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Asked, Delta, Started, TextDelta, ToolsNotTaken
from chat_app.conversation.messages import Message, ToolCall, ToolResult, assistant, system, user
from chat_app.conversation.tools import Tool
from chat_app.conversation.turn import Request
from chat_app.endpoints.chain.parameters import MOST_REMEDIES, Adapting
from chat_app.endpoints.failures.unsupported import SYSTEM_PROMPT
from chat_app.endpoints.request import body_of, parameters_of
from chat_app.errors import EndpointError, RateLimited, RequestRefused
from tests.doubles import ScriptedEndpoint, says
from tests.endpoints.wire import BASE, HELLO, config, connected

PROMPTED = (system("Be brief."), user("Hi"), assistant("Hello."), user("Why?"))


def refused(parameter: str) -> RequestRefused:
    """What a server's refusal of `parameter` is made into."""
    error = RequestRefused("main does not take it.", hint="Change it.", endpoint="main")
    error.parameter = parameter
    return error


def asking(parameters: dict[str, object] | None = None, *messages: Message) -> Request:
    """A request with these parameters."""
    return Request(messages or (user("Hi"),), "m", parameters or {})


async def outcome(adapting: Adapting, request: Request) -> tuple[list[Delta], EndpointError | None]:
    """The deltas, and the error behind them."""
    deltas: list[Delta] = []
    try:
        async with aclosing(adapting.stream(request)) as stream:
            async for delta in stream:
                deltas.append(delta)  # noqa: PERF401 - those before an error count
    except EndpointError as error:
        return deltas, error
    return deltas, None


def sent(endpoint: ScriptedEndpoint, settings: EndpointConfig) -> list[dict[str, object]]:
    """The parameters of each request, as they go out."""
    return [parameters_of(request, settings) for request in endpoint.requests]


async def test_a_parameter_that_is_refused_is_left_out_and_stays_so() -> None:
    """At once, for this question and the next ones; the answer counts the request that was refused."""
    endpoint = ScriptedEndpoint([Asked("main"), refused("top_k")], says("Hello"), says("Yes"))
    adapting = Adapting(endpoint, config())
    deltas, error = await outcome(adapting, asking({"top_k": 4, "seed": 1, "stream_options": None}))
    assert error is None
    assert deltas[:3] == [Asked("main"), Started("scripted", "toy", attempts=2), TextDelta("Hello")]
    assert sent(endpoint, config()) == [{"top_k": 4, "seed": 1}, {"seed": 1}]

    deltas, _ = await outcome(adapting, asking({"top_k": 4, "stream_options": None}))
    assert deltas[0] == Started("scripted", "toy")
    assert sent(endpoint, config())[2:] == [{}]
    assert endpoint.open == 0


@pytest.mark.parametrize(
    ("settings", "parameters", "named", "then"),
    [
        ({}, {}, "stream_options", {}),
        ({"extra_body": {"top_k": 4}}, {}, "top_k", {"stream_options": {"include_usage": True}}),
        ({}, {"presence_penalty": 1, "stream_options": None}, "presencePenalty", {}),
        ({}, {"max_tokens": 5, "stream_options": None}, "max_tokens", {"max_completion_tokens": 5}),
        ({}, {"max_completion_tokens": 5, "stream_options": None}, "max_completion_tokens", {"max_tokens": 5}),
        (
            {},
            {"max_tokens": 5, "max_completion_tokens": 6, "stream_options": None},
            "max_tokens",
            {"max_completion_tokens": 6},
        ),
        (
            {
                "rename_parameters": {"limit": "max_len"},
                "extra_body": {"limit": 5},
                "drop_parameters": ["stream_options"],
            },
            {},
            "max_len",
            {},
        ),
        ({"rename_parameters": {"limit": "max_len"}}, {"limit": 5, "stream_options": None}, "max_len", {}),
        (
            {"rename_parameters": {"max_tokens": "max_completion_tokens"}},
            {"max_tokens": 5, "stream_options": None},
            "max_completion_tokens",
            {},
        ),
    ],
)
async def test_what_is_left_out_or_renamed_is_what_was_sent(
    settings: dict[str, Any], parameters: dict[str, object], named: str, then: dict[str, object]
) -> None:
    """Wherever it came from, and by whatever name: the server knows only the one on the wire."""
    endpoint = ScriptedEndpoint([refused(named)], says("Hello"))
    endpoint_config = config(**settings)
    _, error = await outcome(Adapting(endpoint, endpoint_config), asking(parameters))
    assert error is None
    assert sent(endpoint, endpoint_config)[-1] == then


async def test_a_limit_that_is_refused_by_both_names_is_left_out() -> None:
    """And never exchanged back."""
    endpoint = ScriptedEndpoint([refused("max_tokens")], [refused("max_completion_tokens")], says("Hello"))
    _, error = await outcome(Adapting(endpoint, config()), asking({"max_tokens": 5, "stream_options": None}))
    assert error is None
    assert sent(endpoint, config()) == [{"max_tokens": 5}, {"max_completion_tokens": 5}, {}]


@pytest.mark.parametrize("named", ["", "top_p", "messages", "model", "stream", SYSTEM_PROMPT])
async def test_what_was_not_sent_is_not_left_out(named: str) -> None:
    """Nor what makes it a request: the refusal is told, as it was."""
    endpoint = ScriptedEndpoint([refused(named)])
    _, error = await outcome(Adapting(endpoint, config()), asking({"top_k": 4}))
    assert isinstance(error, RequestRefused)
    assert len(endpoint.requests) == 1


async def test_a_server_that_refuses_everything_ends_it() -> None:
    """After a few remedies; none of them is kept, because none helped."""
    names = [f"p{number}" for number in range(MOST_REMEDIES + 1)]
    endpoint = ScriptedEndpoint(*([refused(name)] for name in names), says("Hello"))
    adapting = Adapting(endpoint, config())
    _, error = await outcome(adapting, asking(dict.fromkeys(names, 1)))
    assert isinstance(error, RequestRefused)
    assert error.attempts == len(endpoint.requests) == MOST_REMEDIES + 1
    await outcome(adapting, asking(dict.fromkeys(names, 1)))
    assert set(names) <= set(sent(endpoint, config())[-1])


async def test_another_failure_after_a_remedy_is_told_with_all_its_requests() -> None:
    """It is for others to ask again."""
    limited = RateLimited("Too many.", hint="Wait.", endpoint="main")
    endpoint = ScriptedEndpoint([refused("stream_options")], [limited])
    assert await outcome(Adapting(endpoint, config()), asking()) == ([], limited)
    assert limited.attempts == 2


async def test_nothing_is_asked_again_once_the_answer_has_begun() -> None:
    """Two beginnings of an answer would stand one behind the other."""
    endpoint = ScriptedEndpoint([*says("Hello")[:2], refused("stream_options")])
    deltas, error = await outcome(Adapting(endpoint, config()), asking())
    assert isinstance(error, RequestRefused)
    assert deltas[-1] == TextDelta("Hello")


async def test_a_model_without_a_system_role_gets_the_prompt_with_the_first_question() -> None:
    """Once; all else of the conversation stays as it is, and the next question is asked like this at once."""
    endpoint = ScriptedEndpoint([refused(SYSTEM_PROMPT)], says("Hello"), says("Yes"))
    adapting = Adapting(endpoint, config())
    for _ in range(2):
        assert (await outcome(adapting, asking(None, *PROMPTED)))[1] is None
    first, *folded = ([(message.role, message.text) for message in request.messages] for request in endpoint.requests)
    assert first[0] == ("system", "Be brief.")
    assert folded == [[("user", "Be brief.\n\nHi"), ("assistant", "Hello."), ("user", "Why?")]] * 2


async def test_roles_that_are_refused_without_a_prompt_are_told_once() -> None:
    """There is nothing left to change."""
    endpoint = ScriptedEndpoint([refused(SYSTEM_PROMPT)], [refused(SYSTEM_PROMPT)])
    _, error = await outcome(Adapting(endpoint, config()), asking(None, *PROMPTED))
    assert isinstance(error, RequestRefused)
    assert len(endpoint.requests) == 2


async def test_what_one_model_refuses_is_sent_to_another() -> None:
    """gpt-5 takes no `temperature`, gpt-4o does; and only so many models are remembered."""
    endpoint = ScriptedEndpoint([refused("seed")], *[says("Hello")] * 103)
    adapting = Adapting(endpoint, config())
    for number in range(102):
        request = Request((user("Hi"),), f"m{number}", {"seed": 1})
        await outcome(adapting, request)
    assert "seed" in sent(endpoint, config())[2]
    assert len(adapting._known) == 1  # noqa: SLF001 - the only way to see that it does not grow
    for number in range(102):
        endpoint.rounds = [[refused("seed")], says("Hello")]
        await outcome(adapting, Request((user("Hi"),), f"n{number}", {"seed": 1}))
    assert len(adapting._known) == 100  # noqa: SLF001


async def test_what_helped_is_logged_once_with_the_settings_that_make_it_permanent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An event and fields, with nothing of the conversation."""
    rounds = [[refused("stream_options")], [refused("max_tokens")], says("Hello"), says("Yes")]
    adapting = Adapting(ScriptedEndpoint(*rounds), config())
    for _ in range(2):
        await outcome(adapting, asking({"max_tokens": 5}))
    told = [record for record in caplog.records if record.name == "chat_app.endpoints.chain.parameters"]
    assert [(record.getMessage(), record.levelno) for record in told] == [
        ("parameter_not_accepted", logging.WARNING)
    ] * 2
    assert [record.__dict__["settings"] for record in told] == [
        "`drop_parameters: [stream_options]` of endpoint `main`",
        "`rename_parameters: {max_tokens: max_completion_tokens}` of endpoint `main`",
    ]
    assert [record.__dict__["parameter"] for record in told] == ["stream_options", "max_tokens"]
    assert {(record.__dict__["endpoint"], record.__dict__["model"]) for record in told} == {("main", "m")}


async def test_closing_it_closes_the_stream_below() -> None:
    """Also after a remedy: the upstream's socket is what is closed."""
    endpoint = ScriptedEndpoint([refused("stream_options")], [*says("Hello")[:2], asyncio.Event()])
    stream = Adapting(endpoint, config()).stream(asking())
    assert isinstance(await anext(stream), Started)
    assert endpoint.open == 1
    await stream.aclose()
    assert endpoint.open == 0


async def test_a_server_is_asked_again_over_http_without_what_it_refuses(httpx2_mock: respx.Router) -> None:
    """From its words to the next request: Mistral's, to `stream_options`."""
    place = ["body", "stream_options", "include_usage"]
    detail = {"type": "extra_forbidden", "loc": place, "msg": "Extra inputs are not permitted"}
    replies = [
        httpx.Response(422, json={"object": "error", "message": {"detail": [detail]}}),
        httpx.Response(200, content=b"".join(HELLO)),
    ]
    chat = httpx2_mock.post(f"{BASE}/chat/completions").mock(side_effect=replies)
    async with connected() as endpoint:
        deltas, error = await outcome(Adapting(endpoint, config()), asking())
    assert error is None
    assert Started("main", "m", attempts=2) in deltas
    assert ["stream_options" in json.loads(call.request.content) for call in chat.calls] == [True, False]


TOOL = Tool("f", "Does something.", {"type": "object", "properties": {}})
CALLED = Message("assistant", (ToolCall("f", "{}", "a"), ToolResult("a", "One.")))


async def test_a_model_that_takes_no_tools_is_asked_without_and_that_is_said() -> None:
    """At every question, also when it is known; nothing that needs tools is sent either."""
    endpoint = ScriptedEndpoint([Asked("main"), refused("tools")], says("Hello"), says("Yes"))
    adapting = Adapting(endpoint, config())
    request = Request((user("Hi"),), "m", {"tool_choice": "auto", "stream_options": None}, (TOOL,))
    deltas, error = await outcome(adapting, request)
    assert error is None
    assert deltas[1:3] == [Started("scripted", "toy", attempts=2), ToolsNotTaken("scripted", "toy")]
    assert [each.tools for each in endpoint.requests] == [(TOOL,), ()]
    assert sent(endpoint, config())[1] == {}

    deltas, _ = await outcome(adapting, request)
    assert deltas[:2] == [Started("scripted", "toy"), ToolsNotTaken("scripted", "toy")]
    assert endpoint.requests[-1].tools == ()


async def test_calls_are_not_lost_when_tools_are_refused_in_the_middle_of_a_turn() -> None:
    """Another server may be asked then: it is told the results as text."""
    endpoint = ScriptedEndpoint([refused("tools")], says("Two."))
    await outcome(Adapting(endpoint, config()), Request((user("Hi"), CALLED), "m", {}, (TOOL,)))
    *_, told = body_of(endpoint.requests[-1], "m", config())["messages"]
    assert told["role"] == "user"
    assert "One." in told["content"]


async def test_tools_that_the_settings_keep_back_are_said_to_be_missing() -> None:
    """`drop_parameters` makes it permanent, and the visitor still has to know."""
    settings = config(drop_parameters=["tools"])
    deltas, _ = await outcome(
        Adapting(ScriptedEndpoint(says("Hi")), settings), Request((user("Hi"),), "m", {}, (TOOL,))
    )
    assert ToolsNotTaken("scripted", "toy") in deltas


async def test_tools_that_are_taken_are_no_remark() -> None:
    """So that the tests above say something."""
    endpoint = ScriptedEndpoint(says("Hi"))
    deltas, _ = await outcome(Adapting(endpoint, config()), Request((user("Hi"),), "m", {}, (TOOL,)))
    assert not any(isinstance(delta, ToolsNotTaken) for delta in deltas)
    assert endpoint.requests[0].tools == (TOOL,)
