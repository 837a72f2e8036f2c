"""What one visitor saw is not shown to the next, in a browser that keeps the pages it has left.

A module of its own, as Playwright's sync interface runs once in a thread, and its own browser forgets such pages.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.app_process import App
from tests.browser.chat_page import open_chat
from tests.browser.chromium import executable
from tests.browser.conftest import ARGUMENTS, StartApp
from tests.browser.upstream import Upstream, says

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def behind_a_proxy(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app whose visitors a proxy names."""
    return start_app(
        f"endpoints: [{{name: scripted, base_url: {upstream_server.base_url}}}]\n"
        "server: {user_header: X-Forwarded-User, logout_url: /health}\n"
    )


@pytest.fixture
def remembering() -> Iterator[Browser]:
    """A browser that keeps the pages it has left as they were, as people's browsers do and Playwright's does not."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable(),
            args=list(ARGUMENTS),
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield chromium
        chromium.close()


def test_back_after_logging_out_shows_nothing_of_who_was_there(
    behind_a_proxy: App, server: Upstream, remembering: Browser
) -> None:
    """The browser would show the page as it was left, whoever is logged in by now."""
    server.otherwise = says("Yes.")
    context = remembering.new_context(extra_http_headers={"X-Forwarded-User": "ada"})
    chat = open_chat(context.new_page(), behind_a_proxy)
    chat.ask("Private words")
    chat.page.get_by_role("link", name="Log out").click()
    chat.page.wait_for_url("**/health")
    context.set_extra_http_headers({"X-Forwarded-User": "bob"})
    chat.page.go_back()
    expect(chat.page.locator("#conversations .viewer")).to_contain_text("bob")
    expect(chat.page.get_by_text("Private words")).to_have_count(0)
