"""A thumb on the page becomes a row of the feedback file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TypeAlias

import pytest
from playwright.sync_api import Page, Response, Route, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp
from tests.browser.test_kept_tabs import wait_for
from tests.browser.test_kept_versions import is_verdict
from tests.browser.upstream import Upstream, fails, is_cut, says, says_without_end

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints:
  - {{name: scripted, base_url: "{base_url}", attempts: 1}}
presets: [{{name: Plain, system_prompt: Be plain., parameters: {{temperature: 0.5}}}}]
chat: {{flagging_options: [Like, Dislike, Inaccurate, Too long]}}
"""


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with a feedback file of its own, and two verdicts more."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


Rows: TypeAlias = Callable[[int], list[dict[str, str]]]


@pytest.fixture
def rows(app: App) -> Rows:
    """The rows that this test has made, when there are as many as it is asked for."""
    before = len(app.rows())

    def made(count: int) -> list[dict[str, str]]:
        until = time.monotonic() + PATIENCE_MS / 1000
        while len(found := app.rows()[before:]) < count and time.monotonic() < until:
            time.sleep(0.05)
        assert len(found) == count
        return found

    return made


def test_a_thumb_is_a_row_with_all_that_is_known_of_the_answer(chat: ChatPage, rows: Rows, server: Upstream) -> None:
    """Who answered what, with which parameters; the thought above the answer is not it."""
    server.then(says("One."), says("Two,\n\ttwo.", reasoning=["Hm."], pace_s=0.01))
    chat.ask("a")
    chat.ask("b")
    chat.button("Like").click()
    (row,) = rows(1)
    assert row["rating"] == "Like"
    assert (row["question"], row["answer"], row["turn"]) == ("b", "Two,\n\ttwo.", "2")
    assert (row["preset"], row["endpoint"], row["model"]) == ("Plain", "scripted", "toy")
    assert json.loads(row["parameters"]) == {"temperature": 0.5}
    assert json.loads(row["messages"]) == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "b"},
    ]
    assert (row["finish_reason"], row["prompt_tokens"], row["completion_tokens"]) == ("stop", "5", "7")
    assert float(row["first_token_s"]) <= float(row["total_s"])
    assert row["recorded_at"].endswith("Z")


def test_answers_of_one_conversation_share_its_id_and_another_has_its_own(
    chat: ChatPage, rows: Rows, server: Upstream
) -> None:
    """The id travels with the answers, not on the server."""
    server.otherwise = says("Yes.")
    chat.ask("a")
    chat.button("Like").click()
    chat.ask("b")
    chat.button("Like").click()
    rows(2)
    chat.page.get_by_role("button", name="New chat").click()
    expect(chat.questions).to_have_count(0)
    chat.ask("c")
    chat.button("Like").click()
    first, second, other = rows(3)
    assert first["conversation_id"] == second["conversation_id"] != other["conversation_id"]
    assert len({row["answer_id"] for row in (first, second, other)}) == 3


def test_a_verdict_can_be_changed_and_taken_back(chat: ChatPage, rows: Rows, server: Upstream) -> None:
    """Each is a row; the last one counts."""
    server.then(says("Yes."))
    chat.ask("Hi")
    chat.button("Like").click()
    rows(1)
    chat.button("Dislike").click()
    rows(2)
    chat.conversation.locator("button[aria-label*='islike']").last.click()
    assert [row["rating"] for row in rows(3)] == ["Like", "Dislike", ""]


def test_other_options_are_behind_the_flag_and_make_one_row_each(chat: ChatPage, rows: Rows, server: Upstream) -> None:
    """Gradio says them twice."""
    server.then(says("Yes."))
    chat.ask("Hi")
    answered: list[Response] = []
    chat.page.on("response", lambda response: answered.append(response) if is_verdict(response.request) else None)
    chat.button("Feedback").click()
    chat.conversation.get_by_text("Inaccurate").click()
    wait_for(chat.page, lambda: len(answered) == len(("said", "said again")))
    assert [row["rating"] for row in rows(1)] == ["Inaccurate"]


def test_what_was_stopped_or_broken_off_can_be_rated_too(chat: ChatPage, rows: Rows, server: Upstream) -> None:
    """With what had arrived, and how it ended."""
    server.then(says_without_end(), is_cut("Half"))
    chat.send("a")
    chat.expect_answer("word")
    chat.stop_button.click()
    chat.expect_done()
    chat.button("Dislike").click()
    (row,) = rows(1)
    assert row["finish_reason"] == "stopped"
    assert row["answer"].startswith("word ")
    chat.ask("b")
    chat.button("Dislike").click()
    assert rows(2)[1]["answer"] == "Half"


def test_an_answer_that_was_edited_or_asked_again_can_be_rated(chat: ChatPage, rows: Rows, server: Upstream) -> None:
    """Its conversation is the one it was given in."""
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    chat.button("Retry").click()
    chat.expect_answer("Two.")
    chat.expect_done()
    chat.button("Like").click()
    rows(1)
    chat.edit("b")
    chat.expect_answer("Three.")
    chat.expect_done()
    chat.button("Like").click()
    first, second = rows(2)
    assert [(row["question"], row["answer"]) for row in (first, second)] == [("a", "Two."), ("b", "Three.")]
    assert first["conversation_id"] == second["conversation_id"]


def forged(change: Callable[[str], str]) -> Callable[[Route], None]:
    """Changes what the page posts."""

    def handle(route: Route) -> None:
        route.continue_(post_data=change(route.request.post_data or ""))

    return handle


@pytest.mark.parametrize("altered", ["token", "answer", "question"])
def test_a_verdict_on_what_this_server_did_not_sign_is_refused(
    chat: ChatPage, app: App, rows: Rows, server: Upstream, altered: str
) -> None:
    """A made-up token, or other words than those that were said; it is logged, and the page says so."""
    server.then(says("The answer."))
    chat.ask("The question?")

    def change(body: str) -> str:
        posted = json.loads(body)
        if not posted["event_data"]:
            return body  # a look at the servers
        question, answer = (message["shown"][0] for message in posted["data"][0]["on_page"])
        match altered:
            case "token":
                answer["metadata"]["log"] = "made.up"
            case "answer":
                answer["content"][0]["text"] = "Another answer."
            case "question":
                question["content"][0]["text"] = "Another question?"
        return json.dumps(posted)

    chat.page.route("**/run/predict", forged(change))
    chat.button("Like").click()
    expect(chat.status).to_contain_text("not recorded")
    expect(chat.button("Like")).to_be_visible()  # and not "Liked"
    assert rows(0) == []
    assert "token_refused" in app.log


def test_where_verdicts_are_off_there_are_no_buttons(page: Page, start_app: StartApp, server: Upstream) -> None:
    """`flagging_mode: never`."""
    settings = f'endpoints: [{{name: a, base_url: "{server.base_url}"}}]\nchat: {{flagging_mode: never}}\n'
    chat = open_chat(page, start_app(settings))
    server.then(says("Yes."))
    chat.ask("Hi")
    expect(chat.button("Retry")).to_be_visible()
    expect(chat.button("Like")).to_have_count(0)


def test_the_thumb_under_a_mere_failure_does_not_stay(chat: ChatPage, rows: Rows, server: Upstream) -> None:
    """There is nothing to rate, the page says so, and no thumb says otherwise."""
    server.then(fails(400, "No."))
    chat.ask("Hi")
    chat.button("Dislike").click()
    expect(chat.status).to_contain_text("cannot be rated")
    expect(chat.button("Dislike")).to_be_visible()
    assert rows(0) == []
