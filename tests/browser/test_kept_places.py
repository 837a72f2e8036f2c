"""What is clicked in one conversation stays in it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.chat_page import ChatPage
from tests.browser.panel import SidePanel
from tests.browser.upstream import Upstream, says

pytestmark = pytest.mark.browser


def test_an_edit_that_the_server_tells_of_late_stays_in_its_conversation(chat: ChatPage, server: Upstream) -> None:
    """Another conversation is on the page by then; it is neither changed nor asked."""
    server.otherwise = says("Yes.")
    panel = SidePanel(chat.page)
    chat.ask("Alpha")
    panel.new_chat()
    chat.ask("Beta")
    panel.open("Alpha")
    expect(chat.questions).to_have_text(["Alpha"])
    held: list[Route] = []

    def hold(route: Route) -> None:
        if '"index"' in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    chat.page.route("**/run/predict", hold)
    with chat.page.expect_request(lambda request: '"index"' in (request.post_data or "")):
        chat.edit("Alpha, edited")
    panel.open("Beta")
    expect(chat.questions).to_have_text(["Beta"])
    held[0].continue_()
    panel.open("Alpha")
    expect(chat.questions).to_have_text(["Alpha, edited"])
    chat.expect_answer("Yes.")
    panel.open("Beta")
    expect(chat.questions).to_have_text(["Beta"])
    assert [exchange.body["messages"][-1]["content"] for exchange in server.asked] == ["Alpha", "Beta", "Alpha, edited"]


def test_a_link_to_a_place_in_an_answer_leaves_the_conversation_on_the_page(chat: ChatPage, server: Upstream) -> None:
    """Its address has a hash that is not ours."""
    server.otherwise = says("[Jump](#section)")
    chat.ask("Where?")
    chat.conversation.get_by_role("link", name="Jump").click()
    expect(chat.page).to_have_url(re.compile("#section$"))
    chat.ask("Still there?")
    expect(chat.questions).to_have_text(["Where?", "Still there?"])
