"""What goes wrong is said in the conversation, below what had arrived, and the page goes on."""

from __future__ import annotations

import socket

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp
from tests.browser.upstream import Reply, Upstream, breaks, fails, hangs, is_cut, says, says_without_end

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints:
  - name: scripted
    base_url: "{base_url}"
    attempts: 1
  - name: hasty
    base_url: "{base_url}"
    attempts: 1
    first_token_timeout_s: 3
    idle_timeout_s: 3
presets:
  - {{name: Patient, endpoints: [scripted]}}
  - {{name: Hasty, endpoints: [hasty]}}
chat: {{title: Chat}}
"""
PAINTED_MS = 1000
"""How soon a page is to be there. On a busy machine none is: then it is not to be later than others are."""


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with two ways to the same server; one of them waits for three seconds at most."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


def pick_hasty(chat: ChatPage) -> None:
    """Have the one answer that does not wait."""
    chat.page.locator("#preset input").click()
    chat.page.get_by_role("option", name="Hasty", exact=True).click()
    expect(chat.page.locator("#preset input")).to_have_value("Hasty")


@pytest.mark.parametrize(
    ("reply", "said", "hint"),
    [
        (fails(401, "Incorrect API key provided: sk-1234567890abcdef1234"), "key", "api_key"),
        (fails(404, "model 'toy' not found", code="model_not_found"), "toy", "model"),
        (fails(429, "Slow down"), "too many requests", "try again"),
        (fails(500, "Out of memory <b>*now*</b>"), "Out of memory <b>*now*</b>", "Try again"),
        (hangs(), "first_token_timeout_s", "first_token_timeout_s"),
        (says(finish="stop"), "answered with nothing", "Retry"),
    ],
    ids=["key", "model", "too many", "server", "silence", "empty"],
)
def test_a_failure_before_the_answer_is_a_sentence_and_a_hint(
    chat: ChatPage, server: Upstream, reply: Reply, said: str, hint: str
) -> None:
    """In the conversation, as text and never as markup; one click asks the same question again."""
    if "timeout" in said:
        pick_hasty(chat)
    server.then(reply, says("Better now."))
    chat.ask("My question")
    chat.expect_answer(said)
    chat.expect_answer(hint)
    assert "sk-1234567890abcdef1234" not in chat.answers.last.inner_text()
    expect(chat.answers.last.locator("b")).to_have_count(0)
    chat.try_again.click()
    chat.expect_answer("Better now.")
    chat.expect_done()
    expect(chat.questions).to_have_text(["My question"])
    expect(chat.try_again).to_have_count(0)
    assert server.asked[-1].body["messages"] == [{"role": "user", "content": "My question"}]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (breaks("Half an ", "answer"), "scripted"),
        (is_cut("Half an ", "answer"), "before its answer was whole"),
        (hangs("Half an answer"), "idle_timeout_s"),
        (says("Half an answer", finish="length"), "token limit"),
    ],
    ids=["reset", "cut", "silence", "length"],
)
def test_what_had_arrived_stays_above_what_went_wrong(
    chat: ChatPage, server: Upstream, reply: Reply, said: str
) -> None:
    """And is part of the conversation from then on; the notice is not."""
    if "timeout" in said:
        pick_hasty(chat)
    server.then(reply, says("Whole."))
    chat.ask("Hi")
    chat.expect_answer("Half an answer")
    chat.expect_answer(said)
    chat.ask("Go on")
    assert server.asked[-1].body["messages"] == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Half an answer"},
        {"role": "user", "content": "Go on"},
    ]


def test_a_refused_connection_says_which_endpoint_it_was(page: Page, start_app: StartApp) -> None:
    """The page is there at once and says so too; a configured endpoint is never replaced by the demo."""
    app = start_app('endpoints: [{name: nobody, base_url: "http://127.0.0.1:9/v1", attempts: 1}]')
    chat = open_chat(page, app)
    expect(chat.status).to_contain_text("nobody (127.0.0.1:9) refused the connection.")
    expect(chat.status).not_to_contain_text("demo")
    chat.ask("Hi")
    chat.expect_answer("nobody (127.0.0.1:9) refused the connection.")


def test_an_endpoint_that_never_answers_does_not_hold_the_page_up(page: Page, app: App, start_app: StartApp) -> None:
    """It accepts connections and says nothing; the page paints within a second all the same, or as soon as another."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        waits = start_app(
            f'endpoints: [{{name: silent, base_url: "http://127.0.0.1:{port}/v1", connect_timeout_s: 1}}]'
        )
        others_ms = painted_ms(page, app)
        page.goto(f"{waits.base_url}/health")
        silent_ms = painted_ms(page, waits)
        expect(ChatPage(page).status).not_to_contain_text("demo")
        others_ms = max(others_ms, painted_ms(page, app))
    assert silent_ms < max(PAINTED_MS, 3 * others_ms)


def painted_ms(page: Page, app: App) -> float:
    """When the page of `app` was there, since it was asked for."""
    open_chat(page, app)
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_restart_under_an_open_page_loses_nothing(
    page: Page, start_app: StartApp, server: Upstream, allowed_errors: list[str]
) -> None:
    """In the middle of an answer: it stays, the page says what happened, and goes on when the server is back."""
    allowed_errors += ["ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "could not reach its server", "ERR_EMPTY"]
    settings = f"endpoints: [{{name: scripted, base_url: {server.base_url}, attempts: 1}}]\n"
    port = str(free_port())
    first = start_app(settings, arguments=["--port", port])
    chat = open_chat(page, first)
    server.then(says_without_end())
    chat.send("Hi")
    chat.expect_answer("word word")
    first.process.kill()
    chat.expect_answer("could not reach its server")
    chat.expect_answer("word word")
    chat.expect_done()
    chat.send("While it is gone")
    expect(chat.questions).to_have_text(["Hi", "While it is gone"])
    expect(chat.answers).to_have_count(2)
    chat.expect_answer("could not reach its server")
    chat.expect_done()
    server.then(says("Back again."))
    start_app(settings, arguments=["--port", port])
    chat.try_again.click()
    chat.expect_answer("Back again.")
    expect(chat.questions).to_have_text(["Hi", "While it is gone"])
    assert [message["content"] for message in server.asked[-1].body["messages"]][0::2] == ["Hi", "While it is gone"]


def test_a_closed_tab_lets_the_server_go(chat: ChatPage, server: Upstream) -> None:
    """Long before it is given up; how soon is measured in `test_stop.py`."""
    server.otherwise = says_without_end()
    chat.send("Hi")
    chat.expect_answer("word")
    chat.page.close()
    assert server.asked[-1].closed.wait(PATIENCE_MS / 1000)
    assert server.asked[-1].by_client
