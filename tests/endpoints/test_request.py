from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chat_app.conversation.messages import Message, Reasoning, Text, ToolCall, ToolResult, assistant, system, user
from chat_app.conversation.tools import Tool
from chat_app.conversation.turn import Request
from chat_app.endpoints.request import body_of, parameters_of
from tests.endpoints.wire import config


def test_a_request_holds_what_every_server_accepts_and_nothing_else() -> None:
    """Content is a plain string, a message has a role and content, the token counts are asked for."""
    request = Request((system("Be brief."), user("Hi"), assistant("Hello."), user("Why?")), "", {"temperature": 0.7})

    assert body_of(request, "llama3.2", config()) == {
        "model": "llama3.2",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": "Why?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.7,
    }


def test_text_goes_out_as_it_was_typed() -> None:
    """Tabs, indentation, leading blank lines and several parts, joined as they stand."""
    typed = "\n\n\tdef f():\r\n\t\treturn 'é🙂'  \n"
    said = (user(typed), assistant("Yes."), Message("user", (Text(" a"), Text("b "))))
    body = body_of(Request(said, "m"), "m", config())

    assert [message["content"] for message in body["messages"]] == [typed, "Yes.", " ab "]


def test_neighbours_of_one_role_go_out_as_one_message() -> None:
    """A question whose turn failed and the next one: many chat templates refuse two in a row."""
    request = Request((system("Be brief."), user("Hi"), user("Hello?"), assistant("Yes."), user("Why?")), "m")
    body = body_of(request, "m", config())

    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi\n\nHello?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "Why?"},
    ]
    assert len(request.messages) == 5


def test_half_an_emoji_does_not_stop_the_request() -> None:
    """A lone surrogate, which a browser can send, has no UTF-8; it goes out as U+FFFD."""
    body = body_of(Request((user("a\ud83d b"),), "m"), "m", config())

    assert json.dumps(body, ensure_ascii=False).encode()
    assert body["messages"][0]["content"] == "a\ufffd b"


def test_parameters_cannot_change_what_is_asked() -> None:
    """Model, messages and streaming are not theirs; `stream_options` is, for servers that refuse ours."""
    parameters = {"model": "other", "messages": [], "stream": False, "stream_options": {}}
    body = body_of(Request((user("Hi"),), "m", parameters), "m", config())

    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {},
    }


def sent(parameters: Mapping[str, object], **settings: Any) -> dict[str, object]:
    """The parameters that are sent for a preset's to an endpoint with these settings."""
    return parameters_of(Request((user("Hi"),), "m", parameters), config(**settings))


def test_the_fields_of_the_endpoint_give_way_to_the_parameters_of_the_preset() -> None:
    """What one says about a model is more particular than what holds for a whole server."""
    extra_body = {"top_k": 40, "seed": 1, "stream_options": {"include_usage": False}, "model": "other"}
    assert sent({"seed": 2}, extra_body=extra_body) == {
        "stream_options": {"include_usage": False},
        "top_k": 40,
        "seed": 2,
    }


def test_nothing_leaves_out_what_would_be_sent_otherwise() -> None:
    """A parameter of None, which no server takes anyway."""
    assert sent({"stream_options": None, "top_k": None, "seed": 1}, extra_body={"top_k": 40}) == {"seed": 1}


def test_what_a_server_does_not_take_is_dropped_or_renamed() -> None:
    """By its own name or the server's; what is given by the server's name wins."""
    renamed = {"max_tokens": "max_completion_tokens"}
    assert sent({"seed": 1}, drop_parameters=["stream_options", "seed"]) == {}
    assert sent({"max_tokens": 5, "stream_options": None}, rename_parameters=renamed) == {"max_completion_tokens": 5}
    both = {"max_completion_tokens": 7, "max_tokens": 5, "stream_options": None}
    for given in (both, dict(reversed(both.items()))):
        assert sent(given, rename_parameters=renamed) == {"max_completion_tokens": 7}
    for name in ("max_tokens", "max_completion_tokens"):
        dropped = ["stream_options", name]
        assert sent({"max_tokens": 5}, rename_parameters=renamed, drop_parameters=dropped) == {}


WEATHER = Tool("get_weather", "Tells the weather.", {"type": "object", "properties": {}})
OFFERED = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {}},
    },
}
CALLED = Message(
    "assistant", (Reasoning("Hm."), ToolCall("get_weather", "{}", "a"), ToolResult("a", "Sunny."), Text("Go out."))
)


def test_tools_are_offered_as_functions_and_not_at_all_where_there_are_none() -> None:
    """An empty list is refused by OpenAI."""
    assert body_of(Request((user("Hi"),), "m", tools=(WEATHER,)), "m", config())["tools"] == [OFFERED]
    assert "tools" not in body_of(Request((user("Hi"),), "m"), "m", config())


def test_tools_of_the_preset_still_go_as_they_are() -> None:
    """Unless the request has its own: nobody here would run theirs."""
    mine = [{"type": "function", "function": {"name": "mine"}}]
    assert body_of(Request((user("Hi"),), "m", {"tools": mine}), "m", config())["tools"] == mine
    assert body_of(Request((user("Hi"),), "m", {"tools": mine}, (WEATHER,)), "m", config())["tools"] == [OFFERED]


def test_calls_go_where_tools_are_offered_and_nowhere_else() -> None:
    """Also not to an endpoint whose settings say that it takes no tools."""
    said = (user("Weather?"), CALLED, user("Thanks."))
    with_tools = body_of(Request(said, "m", tools=(WEATHER,)), "m", config())
    assert [message["role"] for message in with_tools["messages"]] == ["user", "assistant", "tool", "assistant", "user"]
    for body in (
        body_of(Request(said, "m"), "m", config()),
        body_of(Request(said, "m", tools=(WEATHER,)), "m", config(drop_parameters=["tools"])),
    ):
        assert "tools" not in body
        assert [message["content"] for message in body["messages"]] == ["Weather?", "Go out.", "Thanks."]


@pytest.mark.parametrize("name", ["never", "reasoning_content", "reasoning"])
def test_the_endpoint_says_whether_it_is_sent_what_was_thought(name: str) -> None:
    """And by which name."""
    body = body_of(Request((user("Hi"), CALLED), "m", tools=(WEATHER,)), "m", config(send_reasoning=name))
    first = body["messages"][1]
    assert first.get(name) == (None if name == "never" else "Hm.")
    assert ("reasoning" in first) is (name == "reasoning")
