"""The check for accessibility can fail, and works under the policy of the app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route

from chat_app.server.headers import HEADERS
from tests.browser.accessibility import violations

pytestmark = pytest.mark.browser

ADDRESS = "http://127.0.0.1:9/"
GOOD = '<!doctype html><html lang="en"><title>A</title><main><h1>A</h1>{}</main></html>'


@pytest.fixture(autouse=True)
def _allow_the_address(own_hosts: set[str]) -> Iterator[None]:
    own_hosts.add("127.0.0.1:9")
    yield
    own_hosts.discard("127.0.0.1:9")


def opened(page: Page, body: str) -> Page:
    """A page with `body` in it and the headers of the app."""

    def answer(route: Route) -> None:
        route.fulfill(body=GOOD.format(body), content_type="text/html", headers=dict(HEADERS))

    page.route(f"{ADDRESS}**", answer)
    page.goto(ADDRESS)
    return page


def test_what_is_wrong_is_told_with_the_rule_and_the_element(page: Page) -> None:
    """One line for each, in the words of axe."""
    bad = opened(page, '<img id="one" src="data:,"><img id="two" src="data:,"><button id="three"></button>')
    found = violations(bad)
    assert [line.partition(":")[0] for line in found] == [
        "button-name (critical) #three",
        "image-alt (critical) #one",
        "image-alt (critical) #two",
    ]
    assert "alt attribute" in found[1]


def test_it_looks_into_shadow_roots_and_at_contrast(page: Page) -> None:
    """Gradio's components and our panel are made by scripts."""
    script = (
        "<p style='color: #ddd; background: #fff'>Hard to read</p><div id='host'></div><script>"
        "document.querySelector('#host').attachShadow({mode: 'open'}).innerHTML = '<input>';</script>"
    )
    assert [line.split(": ")[0] for line in violations(opened(page, script))] == [
        "color-contrast (serious) p",
        "label (critical) #host input",
    ]


def test_a_page_without_faults_has_none(page: Page, allowed_errors: list[str]) -> None:
    """Or it would not be believed; and the page's own policy is in force."""
    allowed_errors.append("unsafe-eval")
    script = "<p>Hello</p><script>try { eval('1') } catch (error) { document.title = error.name }</script>"
    good = opened(page, script)
    assert good.title() == "EvalError"
    assert violations(good) == []
