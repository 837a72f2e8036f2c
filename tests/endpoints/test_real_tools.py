"""Tools, reasoning and files against llama.cpp's own server: the model is a toy, protocol and parsing are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from chat_app.config import EndpointConfig
from chat_app.conversation.answer_parts import parts_of
from chat_app.conversation.calling import Tooling
from chat_app.conversation.deltas import Answer
from chat_app.conversation.messages import File, Image, Message, Reasoning, Text, ToolCall, ToolResult, user
from chat_app.conversation.tools import Tool, ToolOutput
from chat_app.conversation.turn import Endpoint, Request, Turn, run_turn
from chat_app.endpoints.chain.retry import Retrying
from chat_app.endpoints.client import connect
from chat_app.errors import RequestRefused
from tests.conversation.toolboxes import FakeToolbox, allow
from tests.toy_model import ANSWERS, NAME, REASONING

pytestmark = pytest.mark.real

WITHIN_S = 90.0
CITY = {"type": "object", "properties": {"city": {"type": "string"}, "unit": {"type": "string"}}, "required": ["city"]}
WEATHER = Tool("get_weather", "Tells the weather.", CITY)


@pytest.fixture
async def real(llama: str) -> AsyncGenerator[Endpoint, None]:
    """The server, asked as the app does."""
    config = EndpointConfig(name="real", base_url=llama)
    connected = connect(config)
    yield Retrying(connected, config)
    await connected.aclose()


async def turn(endpoint: Endpoint, *messages: Message, toolbox: FakeToolbox | None = None) -> Answer:
    """The end of a whole turn."""
    asked = Turn("answer", "talk", 1, "Assistant", Request(messages, NAME))
    tooling = Tooling(toolbox, allow) if toolbox else None
    async with asyncio.timeout(WITHIN_S):
        return [answer async for answer in run_turn(asked, endpoint, stop=asyncio.Event(), tooling=tooling)][-1]


async def test_a_tool_is_called_and_the_model_answers_from_its_result(real: Endpoint) -> None:
    """The model says the call in its own markup, the server makes a call of it, and takes the result back."""
    toolbox = FakeToolbox(WEATHER, get_weather=ToolOutput("Sunny."))
    answer = await turn(real, user("Use a tool!"), toolbox=toolbox)

    assert toolbox.called == [("get_weather", {"city": "Paris", "unit": "celsius"})]
    assert (answer.text, answer.problem) == (ANSWERS["result"], None)
    (step,) = answer.steps
    assert [(call.state, call.output) for call in step.calls] == [("done", ToolOutput("Sunny."))]
    assert answer.usage.prompt_tokens
    assert answer.usage.completion_tokens


async def test_an_answer_with_calls_is_taken_in_a_later_turn_with_tools_and_without(real: Endpoint) -> None:
    """With them it costs more than its text; the server takes both."""
    toolbox = FakeToolbox(WEATHER, get_weather=ToolOutput("Sunny."))
    first = await turn(real, user("Use a tool!"), toolbox=toolbox)
    said = (user("Use a tool!"), Message("assistant", parts_of(first)), user("Hi"))
    plain = (said[0], Message("assistant", (Text(first.text),)), said[2])

    with_calls = await turn(real, *said, toolbox=toolbox)
    with_text = await turn(real, *plain, toolbox=toolbox)
    assert with_calls.text == with_text.text == ANSWERS["hello"]
    assert (with_calls.usage.prompt_tokens or 0) > (with_text.usage.prompt_tokens or 0)
    without = await turn(real, *said)
    assert without.text == ANSWERS["hello"]
    assert without.usage.prompt_tokens == (await turn(real, *plain)).usage.prompt_tokens


async def test_calls_that_a_model_got_wrong_do_not_break_later_turns(real: Endpoint) -> None:
    """The server parses the arguments of earlier calls, and fails on what is no JSON."""
    wrong = (ToolCall("get weather!", '{"city": ', "a"), ToolCall("get_weather", "", "a2"), ToolResult("a", "Wrong."))
    answer = await turn(real, user("Use it"), Message("assistant", wrong), user("Hi"), toolbox=FakeToolbox(WEATHER))
    assert (answer.text, answer.problem) == (ANSWERS["hello"], None)


async def test_reasoning_has_its_time_and_goes_back_only_where_that_is_set(llama: str) -> None:
    """The prompt tells: it is longer by what was thought."""
    read = {}
    for name in ("never", "reasoning_content"):
        config = EndpointConfig(name="real", base_url=llama, send_reasoning=name)
        connected = connect(config)
        endpoint = Retrying(connected, config)
        thought = await turn(endpoint, user("Please think."))
        assert thought.reasoning.strip() == REASONING
        assert thought.reasoning_from_s is not None
        assert thought.reasoning_until_s is not None
        parts = parts_of(thought, reasoning=True)
        assert isinstance(parts[0], Reasoning)
        said = (user("Please think."), Message("assistant", parts), user("Hi"))
        read[name] = (await turn(endpoint, *said)).usage.prompt_tokens or 0
        await connected.aclose()
    assert read["reasoning_content"] > read["never"]


async def test_a_document_is_read_as_text(real: Endpoint) -> None:
    """As a part of the string that every template takes."""
    alone = await turn(real, user("Hi"))
    answer = await turn(real, user("Hi", File("a.txt", "text/plain", "One word after the other. " * 20)))
    assert answer.text == ANSWERS["hello"]
    assert (answer.usage.prompt_tokens or 0) > (alone.usage.prompt_tokens or 0) + 50


async def test_a_picture_that_the_model_cannot_see_is_refused_with_the_setting(real: Endpoint) -> None:
    """In the server's words, and with what says so before it is sent."""
    picture = Image("image/png", "iVBORw0KGgo=")
    answer = await turn(real, replace(user("What is it?"), parts=(picture, Text("What is it?"))))
    assert isinstance(answer.problem, RequestRefused)
    assert "takes no pictures" in answer.problem.sentence
    assert "input_modalities" in answer.problem.hint
