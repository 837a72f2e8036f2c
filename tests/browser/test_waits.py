"""What a visitor sees before an answer and around it: what is waited for, who answered, what goes on."""

from __future__ import annotations

import json
import re
from itertools import chain
from threading import Event

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp
from tests.browser.upstream import Reply, Upstream, fails, hangs, says, says_without_end, until

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints:
  - {{name: broken, base_url: "http://127.0.0.1:9/v1", models: [toy], attempts: 1}}
  - {{name: scripted, base_url: "{base_url}", models: {{toy: vendor/toy-3b}}, max_concurrency: 1}}
presets:
  - {{name: Assistant, endpoints: [scripted]}}
  - {{name: Careful, endpoints: [broken, scripted]}}
"""
WAITED = re.compile(r"No answer yet from scripted, (\d+) s")


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with a broken endpoint before one that answers one question at a time."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


def test_a_cold_model_does_not_look_dead(chat: ChatPage, server: Upstream) -> None:
    """The page counts the seconds; Stop ends the waiting and closes the request."""
    server.then(hangs())
    chat.send("Hi")
    expect(chat.answers.last).to_contain_text(WAITED)
    waited_s = seconds_in(chat)
    expect(chat.answers.last).not_to_contain_text(f", {waited_s} s")
    expect(chat.answers.last).to_contain_text(WAITED)
    assert seconds_in(chat) > waited_s
    chat.stop_button.click()
    chat.expect_done()
    chat.expect_answer("You stopped this answer.")
    assert server.asked[-1].closed.wait(PATIENCE_MS / 1000)


def seconds_in(chat: ChatPage) -> int:
    """How long the page says that it has waited."""
    waited = WAITED.search(chat.answers.last.inner_text())
    assert waited, "It says nothing of that any more."
    return int(waited.group(1))


def test_a_server_that_loads_its_model_says_so(chat: ChatPage, server: Upstream) -> None:
    """llama.cpp answers 503 until it is done; that is no failure."""
    server.otherwise = fails(503, "Loading model", code="unavailable_error")
    chat.send("Hi")
    chat.expect_answer("scripted is loading the model")
    server.otherwise = says("Loaded.")
    chat.expect_answer("Loaded.")
    chat.expect_done()
    expect(chat.try_again).to_have_count(0)


def test_the_wait_before_another_attempt_is_shown_and_stop_ends_it(chat: ChatPage, server: Upstream) -> None:
    """A server may ask for seconds of patience."""
    server.then(fails(429, "Slow down", headers={"retry-after": "20"}), says("Never asked for."))
    chat.send("Hi")
    chat.expect_answer("Asking again in")
    chat.stop_button.click()
    chat.expect_done()
    chat.expect_answer("You stopped this answer.")
    assert len(server.asked) == 1


def test_a_full_line_is_shown_with_the_place_in_it(page: Page, app: App, server: Upstream) -> None:
    """Who waits sees that it goes on, and is asked as soon as there is room."""
    server.then(says_without_end(), says("Now you."))
    first, second = open_chat(page, app), open_chat(page.context.new_page(), app)
    first.send("Hi")
    first.expect_answer("word")
    second.send("Hello")
    second.expect_answer("scripted is busy: you are next")
    assert len(server.asked) == 1
    first.stop_button.click()
    second.expect_answer("Now you.")


def test_the_answer_says_who_gave_it_when_another_was_to(page: Page, app: App, server: Upstream) -> None:
    """And the next request holds nothing of that."""
    chat = open_chat(page, app)
    chat.page.get_by_label("Preset").click()
    chat.page.get_by_role("option", name="Careful").click()
    expect(chat.page.get_by_label("Preset")).to_have_value("Careful")
    chat.ask("Hi")
    chat.expect_answer("Answered by scripted: broken (127.0.0.1:9) refused the connection.")
    chat.expect_answer("Hello there.")
    chat.ask("Again")
    assert [message["content"] for message in server.asked[-1].body["messages"]] == ["Hi", "Hello there.", "Again"]


def test_each_endpoint_is_asked_for_the_model_by_its_own_name(chat: ChatPage, server: Upstream) -> None:
    """The page knows it by the name in the settings."""
    expect(chat.page.get_by_label("Model")).to_have_value("toy")
    chat.ask("Hi")
    assert server.asked[-1].body["model"] == "vendor/toy-3b"


def test_an_answer_that_was_cut_goes_on_in_place(chat: ChatPage, server: Upstream) -> None:
    """With one click, as one answer, which can be rated and is sent as one from then on."""
    server.then(says("Half an ", finish="length"), says("answer, and more", finish="length"), says("."), says("Fine."))
    chat.ask("Hi")
    chat.button("Continue").click()
    chat.expect_answer("Half an answer, and more")
    chat.expect_done()
    said = server.asked[-1].body["messages"]
    assert [message["content"] for message in said[:2]] == ["Hi", "Half an "]
    assert [message["role"] for message in said] == ["user", "assistant", "user"]
    chat.button("Continue").click()
    chat.expect_answer("Half an answer, and more.")
    chat.expect_done()
    expect(chat.answers).to_have_count(1)
    expect(chat.try_again).to_have_count(0)
    chat.ask("Thanks")
    assert [message["content"] for message in server.asked[-1].body["messages"]] == [
        "Hi",
        "Half an answer, and more.",
        "Thanks",
    ]


def test_a_failure_while_it_goes_on_loses_nothing(chat: ChatPage, server: Upstream) -> None:
    """What there was stays."""
    server.then(says("Half an ", finish="length"), fails(400, "Out of memory"), says("Whole."))
    chat.ask("Hi")
    chat.button("Continue").click()
    chat.expect_answer("Out of memory")
    chat.expect_answer("Half an")
    chat.expect_done()
    chat.try_again.click()
    chat.expect_answer("Whole.")
    expect(chat.answers.last).not_to_contain_text("Half an")


@pytest.fixture
def ollama(server: Upstream) -> Upstream:
    """The scripted server as an Ollama without models."""
    server.models = ("other:latest",)
    server.elsewhere["/"] = Reply(200, {"content-type": "text/plain"}, [b"Ollama is running"])
    server.elsewhere["/api/ps"] = Reply(200, {"content-type": "application/json"}, [b'{"models": []}'])
    return server


@pytest.mark.parametrize("allowed", ["true", "false"])
def test_a_missing_model_can_be_had_where_that_is_allowed(
    page: Page, start_app: StartApp, ollama: Upstream, allowed: str
) -> None:
    """The page shows how it comes, and then the answer to the question."""
    seen = Event()
    layer = {"status": "pulling 6a0746a1ec1a", "digest": "sha256:6a07", "total": 2_000_000_000}
    ollama.elsewhere["/api/pull"] = Reply(
        200,
        {"content-type": "application/x-ndjson"},
        chain(
            [json.dumps({**layer, "completed": 500_000_000}).encode() + b"\n"],
            until(seen),
            [b'{"status": "success"}\n'],
        ),
    )
    app = start_app(
        f"""
endpoints: [{{name: ollama, base_url: "{ollama.base_url}"}}]
presets: [{{name: Assistant, model: "llama3.2:1b"}}]
server: {{allow_pull: {allowed}}}
"""
    )
    chat = open_chat(page, app)
    chat.ask("Hi")
    chat.expect_answer("There is no model")
    if allowed == "false":
        expect(chat.conversation.get_by_role("button", name="Get the model")).to_have_count(0)
        return
    chat.button("Get the model").click()
    chat.expect_answer("0.5 / 2.0 GB")
    seen.set()
    chat.expect_answer("Hello there.")
    assert [exchange.body for exchange in ollama.exchanges if exchange.path == "/api/pull"] == [
        {"model": "llama3.2:1b", "stream": True}
    ]
