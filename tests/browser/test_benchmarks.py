"""What the benchmarks write into the page's store is what today's page lists."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from benchmarks.history import PROBE
from tests.browser.app_process import App

pytestmark = pytest.mark.browser


def test_conversations_that_the_probe_writes_are_listed(page: Page, app: App) -> None:
    """By the page's own store, whose modules may have moved since."""
    page.add_init_script(path=PROBE)
    page.goto(app.base_url)
    page.evaluate("(given) => probe.fill(given)", {"conversations": 2, "messages": 4, "characters": 50})
    page.goto(f"{app.base_url}/#c=kept-0")
    page.reload()
    expect(page.locator("#conversations .row")).to_contain_text(["Conversation 0", "Conversation 1"])
    expect(page.locator("#conversation .bot.message")).to_have_count(2)
