"""What a model thought and called is shown in order, nested, and never as markup of its own."""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from chat_app.config_sources.words_file import texts_of
from chat_app.conversation.deltas import Answer
from chat_app.conversation.messages import Image, ToolCall
from chat_app.conversation.tools import Call, Replies, Step, Table, ToolOutput
from chat_app.ui.history import messages_of as read
from chat_app.ui.render import api_value, kept_messages, messages_of
from chat_app.ui.service import Reply
from chat_app.ui.steps import LONGEST_SHOWN
from chat_app.ui.words import Words

WORDS = Words(texts_of("en"))
ASKED = ToolCall("look_up", '{"word": "sky"}', "c1")
FOUND = ToolOutput("The sky is above.", media=(Image("image/png", "aGk="),), displays=(Table(("a",), (("b",),)),))
RUNNING = Call(ASKED, began_s=1.0)
DONE = Call(ASKED, "done", FOUND, 1.0, 1.5)


def answer_of(*calls: Call, **fields: Any) -> Answer:
    """An answer whose first round ended in `calls`."""
    return Answer(steps=(Step("Let me look.", "hm", 0.5, calls=calls),), **fields)


def shown(answer: Answer, token: str = "") -> list[dict[str, Any]]:
    """The messages of `answer`."""
    return messages_of(Reply(answer, "id", token), WORDS)


def titles(answer: Answer) -> list[str]:
    """The titles of its messages, empty for what has none."""
    return [unescape((message["metadata"] or {}).get("title", "")) for message in shown(answer)]


def test_a_round_is_a_thought_what_was_said_and_its_calls() -> None:
    """In the order in which they came; the answer stands behind them."""
    answer = answer_of(DONE, text="It is above.", total_s=2.0)
    assert titles(answer) == ["Thought", "", "Called a tool: look_up", "look_up", "", "", ""]
    assert [message["content"][0]["type"] for message in shown(answer)] == ["text"] * 4 + ["file", "text", "text"]


def test_a_call_is_nested_in_its_round_with_its_state_and_duration() -> None:
    """Arguments and result are in it."""
    running, done = shown(answer_of(RUNNING)), shown(answer_of(DONE))
    parent, call = done[2]["metadata"], done[3]["metadata"]
    assert parent["id"] == call["parent_id"]
    assert (call["status"], call["log"], call["duration"]) == ("done", "done", 0.5)
    assert (running[3]["metadata"]["status"], running[2]["metadata"]["status"]) == ("pending", "pending")
    assert "duration" not in running[3]["metadata"]
    text = done[3]["content"][0]["text"]
    assert '"word": "sky"' in text
    assert "The sky is above." in text


def test_calls_of_one_round_are_told_apart() -> None:
    """Each is a thought of its own, also when both are of one tool."""
    messages = shown(answer_of(DONE, replace(DONE, call=replace(ASKED, call_id="c2"))))
    ids = [message["metadata"]["id"] for message in messages if (message["metadata"] or {}).get("id")]
    assert len(ids) == len(set(ids)) == 3
    assert messages[2]["metadata"]["title"].startswith("Called 2 tools")


@pytest.mark.parametrize("said", ["<img src=x>", "![x](https://example.invalid/p.png)", "```\n# out", "`````", "$x$"])
def test_what_a_tool_says_is_never_markup(said: str) -> None:
    """Its name is escaped, its arguments and its result stand in blocks that they cannot end."""
    call = Call(ToolCall(said, said, "c1"), "failed", ToolOutput(said, failed=True), 0.0, 1.0)
    (message,) = [each for each in shown(answer_of(call)) if (each["metadata"] or {}).get("parent_id")]
    assert not set(message["metadata"]["title"]) & set("<![`$")
    blocks = message["content"][0]["text"].split("\n\n", 1)[1]
    fence = blocks[: len(blocks) - len(blocks.lstrip("`"))]
    assert len(fence) > max((len(run) for run in said.split() if set(run) == {"`"}), default=2)
    assert blocks.startswith(f"{fence}json\n{said}\n{fence}")


def test_a_long_result_is_shown_as_far_as_the_page_can_draw_it() -> None:
    """And says how much there is besides."""
    call = replace(DONE, output=ToolOutput("x" * (LONGEST_SHOWN + 7)))
    assert "7 more characters" in shown(answer_of(call))[3]["content"][0]["text"]


def test_a_call_that_asks_has_two_buttons() -> None:
    """They name the call, and only while it waits."""
    messages = shown(answer_of(replace(RUNNING, state="asking")))
    assert [option["value"] for option in messages[-1]["options"]] == ["allow:id:c1", "deny:id:c1"]
    assert not any(message.get("options") for message in shown(answer_of(RUNNING)))


def test_replies_are_buttons_under_the_finished_answer() -> None:
    """A click says them."""
    offered = replace(DONE, output=ToolOutput("Shown.", displays=(Replies(("Yes", "No")),)))
    answer = answer_of(offered, text="Shall I?", total_s=2.0)
    assert shown(answer)[-1]["options"] == [
        {"label": "Yes", "value": "reply:Yes"},
        {"label": "No", "value": "reply:No"},
    ]
    assert "options" not in shown(replace(answer, total_s=None))[-1]


def test_only_the_answer_itself_carries_the_token() -> None:
    """What was said before the calls is not what is rated."""
    messages = shown(answer_of(DONE, text="It is above.", total_s=2.0), "token")
    assert [bool((message["metadata"] or {}).get("log") == "token") for message in messages] == [False] * 6 + [True]


def test_the_api_tells_the_calls_and_what_they_showed() -> None:
    """Thoughts and calls by their titles, pictures and tables as on the page."""
    value = api_value(Reply(answer_of(DONE, text="It is above.", total_s=2.0), "id"), WORDS)
    assert isinstance(value, list)
    assert [each.get("metadata", {}) and each["metadata"].get("title") for each in value if each.get("metadata")] == [
        "Thought",
        'look_up({"word": "sky"})',
    ]
    assert value[-1] == {"role": "assistant", "content": "It is above."}


def test_a_client_of_the_api_keeps_what_the_next_question_sends() -> None:
    """Calls and results are read back from it."""
    answer = answer_of(DONE, text="It is above.", total_s=2.0)
    reply = Reply(answer, "id", "token", parts=(ASKED,))
    assert read(kept_messages(reply, WORDS))[0].parts == (ASKED,)
    assert read(kept_messages(replace(reply, parts=()), WORDS))[-1].text == "It is above."


def test_an_answer_that_ends_with_its_calls_is_rated_by_what_was_said_before_them() -> None:
    """The token stands there, and the replies under the last of its messages."""
    offered = replace(DONE, output=ToolOutput("Shown.", displays=(Replies(("Yes", "No")),)))
    messages = shown(answer_of(offered, total_s=2.0), "token")
    assert [
        message["content"][0]["text"] for message in messages if (message["metadata"] or {}).get("log") == "token"
    ] == ["Let me look."]
    assert [option["label"] for option in messages[-1]["options"]] == ["Yes", "No"]


def test_half_a_character_from_a_model_can_be_shown() -> None:
    """JSON can say it, and UTF-8 cannot."""
    call = Call(ToolCall("f", '{"q": "\\ud83d"}', "c1"), "done", ToolOutput("x"), 0.0, 1.0)
    json.dumps(shown(answer_of(call)), ensure_ascii=False).encode()
