"""The demo's tools, pictures and artifacts, asked by the client that asks all other servers and by whole turns."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from chat_app.conversation.answer_parts import parts_of
from chat_app.conversation.calling import Tooling
from chat_app.conversation.deltas import Answer
from chat_app.conversation.messages import Image, Message, ToolCall, ToolResult, user
from chat_app.conversation.tools import DISPLAY_TOOLS, Tool, ToolOutput
from chat_app.conversation.turn import Request, Turn, run_turn
from chat_app.endpoints.client import HttpEndpoint, connect
from chat_app.endpoints.demo import MODELS, running
from chat_app.endpoints.demo_answers import ANY_TOOL, SCRIPTS
from chat_app.endpoints.demo_tools import PLOT, REPLIES, TABLE, call_of_first
from chat_app.tools.displays import display_functions
from tests.conversation.toolboxes import SCHEMA, WEATHER, FakeToolbox, allow

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def demo() -> AsyncGenerator[HttpEndpoint]:
    """The demo on its socket."""
    async with running(words_per_s=1e6) as config:
        endpoint = connect(config)
        yield endpoint
        await endpoint.aclose()


async def turn(demo: HttpEndpoint, toolbox: FakeToolbox | None, *messages: Message) -> Answer:
    """The end of a turn that asks the demo."""
    asked = Turn("answer", "talk", 1, "Assistant", Request(messages, MODELS[0]))
    tooling = Tooling(toolbox, allow) if toolbox else None
    answers = run_turn(asked, demo, stop=asyncio.Event(), tooling=tooling, every_s=0.0)
    return [answer async for answer in answers][-1]


async def test_it_calls_the_first_tool_and_answers_from_its_result(demo: HttpEndpoint) -> None:
    """A whole turn over a real socket: call, result, answer."""
    toolbox = FakeToolbox(WEATHER, get_weather=ToolOutput("It is sunny."))
    answer = await turn(demo, toolbox, user("Show me tools!"))
    assert toolbox.called == [("get_weather", {"city": "Paris"})]
    assert (answer.problem, len(answer.steps)) == (None, 1)
    assert answer.steps[0].text == "Let me see."
    assert "It is sunny." in answer.text


async def test_a_later_turn_with_the_calls_in_its_history_calls_anew(demo: HttpEndpoint) -> None:
    """What is asked now counts, and its call has an id of its own though the demo repeats its ids."""
    toolbox = FakeToolbox(WEATHER)
    first = await turn(demo, toolbox, user("tools"))
    second = await turn(demo, toolbox, user("tools"), Message("assistant", parts_of(first)), user("tools"))
    assert (len(toolbox.called), second.problem) == (2, None)
    assert second.steps[0].calls[0].call.call_id != first.steps[0].calls[0].call.call_id


async def test_pictures_that_a_tool_gives_are_no_question(demo: HttpEndpoint) -> None:
    """They follow as a message of the visitor's role."""
    output = ToolOutput("A picture.", media=(Image("image/png", "iVBORw0KGgo="),))
    answer = await turn(demo, FakeToolbox(WEATHER, get_weather=output), user("tools"))
    assert "A picture." in answer.text


async def test_a_question_behind_a_result_that_was_not_answered_is_a_question(demo: HttpEndpoint) -> None:
    """As after an answer that was stopped while a tool ran."""
    stopped = Message("assistant", (ToolCall("get_weather", "{}", "a"), ToolResult("a", "Late.")))
    answer = await turn(demo, FakeToolbox(WEATHER), user("tools"), stopped, user("echo"))
    assert answer.steps == ()
    assert "The tool gave this back" not in answer.text


@pytest.mark.parametrize("word", ["plot", "table", "replies"])
async def test_it_shows_what_display_tools_are_for(demo: HttpEndpoint, word: str) -> None:
    """Each word calls its own tool."""
    tools = [Tool(name, "", SCHEMA) for name in DISPLAY_TOOLS]
    toolbox = FakeToolbox(*tools)
    answer = await turn(demo, toolbox, user(word))
    assert [name for name, _ in toolbox.called] == [SCRIPTS[word].tool]
    assert answer.problem is None
    assert answer.text


async def test_words_for_tools_are_offered_and_known_only_where_there_are_tools(demo: HttpEndpoint) -> None:
    """`table` without the tool is a word like any other."""
    assert "`table`" not in (await turn(demo, None, user("Hi"))).text
    with_tools = (await turn(demo, FakeToolbox(WEATHER), user("Hi"))).text
    assert "`tools`" in with_tools
    assert "`table`" not in with_tools
    assert "This is the **demo**" in (await turn(demo, None, user("table"))).text


async def test_it_paints_a_picture(demo: HttpEndpoint) -> None:
    """A PNG beside the text."""
    answer = await turn(demo, None, user("image"))
    (picture,) = answer.media
    assert picture.mime_type == "image/png"
    assert b64decode(picture.data).startswith(b"\x89PNG\r\n\x1a\n")
    assert answer.text


async def test_an_artifact_is_a_page_and_a_drawing(demo: HttpEndpoint) -> None:
    """Each in a block of code that names its language."""
    text = (await turn(demo, None, user("artifact"))).text
    assert "```html\n<!DOCTYPE html>" in text
    assert '```svg\n<svg xmlns="http://www.w3.org/2000/svg"' in text


@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({}, {}),
        (SCHEMA, {"city": "Paris"}),
        ({"properties": {"a": {"type": "integer", "minimum": 3}, "b": {}}}, {"a": 3}),
        (
            {
                "properties": {
                    "kind": {"enum": ["x", "y"]},
                    "count": {"type": "number"},
                    "on": {"type": "boolean"},
                    "names": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                    "where": {"$ref": "#/$defs/Place"},
                    "maybe": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
                    "either": {"type": ["null", "string"]},
                    "given": {"default": "z"},
                },
                "required": ["kind", "count", "on", "names", "where", "maybe", "either", "given"],
                "$defs": {"Place": {"type": "object", "properties": {"city": {"type": "string"}}}},
            },
            {
                "kind": "x",
                "count": 7,
                "on": True,
                "names": ["example", "example"],
                "where": {"city": "Paris"},
                "maybe": 7,
                "either": "example",
                "given": "z",
            },
        ),
    ],
)
async def test_arguments_are_what_a_schema_allows(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Whatever tool a visitor has."""
    call = call_of_first({"messages": [], "tools": [{"function": {"name": "f", "parameters": schema}}]})
    assert call is not None
    assert call.arguments == arguments


async def test_a_schema_that_refers_to_itself_ends() -> None:
    """As that of a tree does."""
    node = {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}, "required": ["child"]}
    schema = {**node, "$defs": {"Node": node}}
    assert call_of_first({"messages": [], "tools": [{"function": {"name": "f", "parameters": schema}}]})


async def test_without_tools_nothing_is_called() -> None:
    """There is nothing to call."""
    assert call_of_first({"messages": []}) is None
    assert {script.tool for script in SCRIPTS.values()} >= {ANY_TOOL, PLOT.name, TABLE.name, REPLIES.name}


@pytest.mark.parametrize(("word", "name"), [("tools", "tool_calls"), ("image", "images")])
async def test_an_answer_that_is_not_streamed_has_calls_and_pictures_too(
    demo: HttpEndpoint, word: str, name: str
) -> None:
    """For programs that do not ask for a stream."""
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": dict(SCHEMA)}}
    body = {"model": MODELS[0], "messages": [{"role": "user", "content": word}], "tools": [tool]}
    async with httpx2.AsyncClient(base_url=demo.config.base_url) as client:
        (choice,) = (await client.post("chat/completions", json=body)).json()["choices"]
    (found,) = choice["message"][name]
    assert found.get("function", {}).get("name", "get_weather") == "get_weather"
    assert choice["finish_reason"] == ("tool_calls" if word == "tools" else "stop")


@pytest.mark.parametrize("call", [PLOT, TABLE, REPLIES], ids=lambda call: call.name)
async def test_the_calls_of_the_demo_are_what_the_display_tools_take(call: Any) -> None:
    """The real ones; they are given the arguments as they arrive."""
    (function,) = (function for function in display_functions() if function.name == call.name)
    output = await function.run(json.loads(call.json))
    assert not output.failed
    assert output.displays
