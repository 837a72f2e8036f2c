"""The switches that Chromium is started with: ours take back nothing of Playwright's, and do what they are for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import OF_PLAYWRIGHT, new_context
from tests.browser.modules import EmptyPage

pytestmark = pytest.mark.browser

SWITCH = re.compile(r"--disable-features=(\S*)")


def test_what_playwright_switches_off_stays_off(browser: Browser) -> None:
    """All that stands in its own switch stands in ours, which comes later and is the one that counts."""
    session = browser.new_browser_cdp_session()
    of_playwright, ours = SWITCH.findall(session.send("SystemInfo.getInfo")["commandLine"])
    assert set(of_playwright.split(",")) == set(OF_PLAYWRIGHT) <= set(ours.split(","))


def test_a_visitor_has_no_pages_that_nobody_sees(browser: Browser, address: str) -> None:
    """A window holds the page that was opened and none of Chromium's own, each of which costs as much as ours."""
    context = new_context(browser)
    EmptyPage(context, address)
    session = browser.new_browser_cdp_session()
    found = session.send("Target.getTargets", {"filter": [{"type": "tab", "exclude": True}, {}]})
    context.close()
    assert [target["url"] for target in found["targetInfos"] if "omnibox-popup" in target["url"]] == []
