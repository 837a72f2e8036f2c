"""A turn that Gradio or the gate before it refuses, or that fails in it: the page goes on without being loaded anew.

The app's own queue has no end and its events have no validator, so these two refusals are played to the page as Gradio
6.31 words them (`routes.py`, `queue_join_helper`); the others come from the app itself, for requests that are altered.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from chat_app.server.gate import MAX_BODY_BYTES
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import StartApp
from tests.browser.upstream import Upstream, says

pytestmark = pytest.mark.browser

MARK = "globalThis.neverLoadedAnew"
TOO_LARGE = """(most) => {
  const send = globalThis.fetch;
  globalThis.fetch = (address, options) => {
    if (!String(address.url ?? address).includes("/gradio_api/queue/join")) return send(address, options);
    globalThis.fetch = send;
    return send(address, { ...options, body: options.body + " ".repeat(most) });
  };
}"""
"""The page posts a body once that is larger than the gate lets through."""


def posted(request: Request) -> dict[str, Any]:
    """What the page posts to begin an event."""
    body: dict[str, Any] = json.loads(request.post_data or "")
    return body


def is_full(route: Route) -> None:
    """The queue is full."""
    route.fulfill(status=503, json={"detail": "Queue is full. Max size is 1 and size is 1."})


def is_invalid(route: Route) -> None:
    """The validator of the event refuses what is posted."""
    refused = {"is_valid": False, "message": "Not this.", "__type__": "validate"}
    route.fulfill(status=422, json={"detail": [refused]})


def is_shut(route: Route) -> None:
    """The gate does not know the path."""
    route.continue_(url=route.request.url.replace("/queue/join", "/queue/other"))


def fails_inside(route: Route) -> None:
    """The handler raises: it is given a file."""
    body = posted(route.request)
    body["data"][0] = [{"role": "user", "content": {"path": "/x", "meta": {"_type": "gradio.FileData"}}}]
    route.continue_(post_data=json.dumps(body))


def has_no_function(route: Route) -> None:
    """There is no such event: the page is older than the app."""
    route.continue_(post_data=json.dumps({**posted(route.request), "fn_index": 9999}))


def is_unreadable(route: Route) -> None:
    """The body is no JSON."""
    route.continue_(post_data="{")


def of_another_session(route: Route) -> None:
    """The stream of a session that there is not."""
    route.continue_(url=f"{route.request.url.partition('session_hash=')[0]}session_hash=forgotten")


@pytest.mark.parametrize("refuse", [is_full, is_invalid, is_shut, fails_inside, has_no_function, is_unreadable])
def test_a_turn_that_is_refused_can_be_sent_again(
    chat: ChatPage, server: Upstream, allowed_errors: list[str], refuse: Callable[[Route], None]
) -> None:
    """The question stands there with a button, what was typed stays in the box, and both are answered then."""
    chat.page.route("**/gradio_api/queue/join*", refuse, times=1)
    expect_sent_again(chat, server, allowed_errors)


def test_a_turn_that_is_too_large_can_be_sent_again(
    page: Page, start_app: StartApp, server: Upstream, allowed_errors: list[str]
) -> None:
    """The same; without files the limit is the lowest."""
    settings = (
        f"endpoints: [{{name: scripted, base_url: {server.base_url}, attempts: 1}}]\nchat: {{multimodal: false}}\n"
    )
    chat = open_chat(page, start_app(settings))
    chat.page.evaluate(TOO_LARGE, MAX_BODY_BYTES)
    expect_sent_again(chat, server, allowed_errors)


def expect_sent_again(chat: ChatPage, server: Upstream, allowed_errors: list[str]) -> None:
    """Send a question that is refused once, see what stands there, and send it again."""
    allowed_errors += ["Failed to load resource", "Queue is full", "could not reach its server"]
    server.otherwise = says("Fine.")
    chat.page.evaluate(f"{MARK} = true")
    chat.send("First")
    expect(chat.questions).to_have_text(["First"])
    chat.box.fill("Second")
    expect(chat.try_again).to_be_visible()
    chat.expect_done()
    expect(chat.questions).to_have_text(["First"])
    expect(chat.box).to_have_value("Second")
    assert server.asked == []
    chat.try_again.click()
    chat.expect_answer("Fine.")
    chat.expect_done()
    expect(chat.try_again).to_have_count(0)
    expect(chat.box).to_have_value("Second")
    chat.box.press("Enter")
    expect(chat.questions).to_have_text(["First", "Second"])
    expect(chat.answers).to_have_count(2)
    chat.expect_answer("Fine.")
    assert chat.page.evaluate(MARK), "The page was loaded anew."


def test_a_stream_that_is_lost_leaves_the_page_in_use(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """The app does not know the session: it was started anew between the question and its stream."""
    allowed_errors += ["Failed to load resource", "could not reach its server", "Unexpected error", "Response"]
    server.otherwise = says("Fine.")
    chat.page.evaluate(f"{MARK} = true")
    chat.page.route("**/gradio_api/queue/data*", of_another_session, times=1)
    chat.send("First")
    expect(chat.questions).to_have_text(["First"])
    chat.box.fill("Second")
    expect(chat.try_again).to_be_visible()
    chat.expect_done()
    expect(chat.box).to_have_value("Second")
    chat.box.press("Enter")
    chat.expect_answer("Fine.")
    expect(chat.questions).to_have_text(["First", "Second"])
    assert chat.page.evaluate(MARK), "The page was loaded anew."
