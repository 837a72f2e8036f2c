from __future__ import annotations

import json

from chat_app.conversation.messages import Message, Text, assistant, system, user
from chat_app.conversation.turn import Request
from chat_app.endpoints.request import body_of


def test_a_request_holds_what_every_server_accepts_and_nothing_else() -> None:
    """Content is a plain string, a message has a role and content, the token counts are asked for."""
    request = Request((system("Be brief."), user("Hi"), assistant("Hello."), user("Why?")), "", {"temperature": 0.7})

    assert body_of(request, "llama3.2") == {
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
    body = body_of(Request(said, "m"), "m")

    assert [message["content"] for message in body["messages"]] == [typed, "Yes.", " ab "]


def test_neighbours_of_one_role_go_out_as_one_message() -> None:
    """A question whose turn failed and the next one: many chat templates refuse two in a row."""
    request = Request((system("Be brief."), user("Hi"), user("Hello?"), assistant("Yes."), user("Why?")), "m")
    body = body_of(request, "m")

    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi\n\nHello?"},
        {"role": "assistant", "content": "Yes."},
        {"role": "user", "content": "Why?"},
    ]
    assert len(request.messages) == 5


def test_half_an_emoji_does_not_stop_the_request() -> None:
    """A lone surrogate, which a browser can send, has no UTF-8; it goes out as U+FFFD."""
    body = body_of(Request((user("a\ud83d b"),), "m"), "m")

    assert json.dumps(body, ensure_ascii=False).encode()
    assert body["messages"][0]["content"] == "a\ufffd b"


def test_parameters_cannot_change_what_is_asked() -> None:
    """Model, messages and streaming are not theirs; `stream_options` is, for servers that refuse ours."""
    parameters = {"model": "other", "messages": [], "stream": False, "stream_options": {}}
    body = body_of(Request((user("Hi"),), "m", parameters), "m")

    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {},
    }
