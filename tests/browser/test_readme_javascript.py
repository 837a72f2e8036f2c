"""README.md's JavaScript, run by a real browser with the real `@gradio/client`.

That package is not installed here and nothing is downloaded in tests, but Gradio's own page is made with it: the
snippet gets the client out of the page's bundle. That Node runs it too cannot be seen here.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route

from tests.browser.app_process import App
from tests.browser.upstream import Upstream, says
from tests.readme import asking, of_kind

pytestmark = pytest.mark.browser

IMPORT = 'import { Client } from "@gradio/client";\n'
BUNDLED = re.compile(r"\bClient:(\w+),app_mode:")
"""Where the page's entry script hands its client on, under the name it has in there."""


@pytest.mark.parametrize("code", of_kind("js"))
def test_the_javascript_prints_the_answer(code: str, app: App, server: Upstream, page: Page) -> None:
    """As it stands in README.md, but for where the client comes from."""
    server.then(says("Because", " of air."))
    page.goto(app.base_url)
    entry = page.locator("script[type=module][src*='assets/index-']").get_attribute("src")
    assert entry is not None

    def with_client(route: Route) -> None:
        bundle = page.context.request.get(f"{app.base_url}/{entry.removeprefix('./')}").text()
        found = BUNDLED.search(bundle)
        assert found, "The bundle hands its client on in another way."
        route.fulfill(body=f"{bundle}\nexport {{ {found[1]} as Client }};", content_type="text/javascript")

    page.route("**/assets/client-of-the-bundle.js", with_client)
    page.goto(f"{app.base_url}/health")
    printed: list[str] = []
    page.on("console", lambda message: printed.append(message.text))
    assert code.startswith(IMPORT)
    script = asking(code.removeprefix(IMPORT), app.base_url)
    page.evaluate(
        f"""async () => {{
            const {{ Client }} = await import("/assets/client-of-the-bundle.js");
            const process = {{ exit() {{}} }};
            {script}
        }}"""
    )

    assert printed == ["Because of air."]
    assert server.asked[-1].body["messages"][-1]["content"] == "Why is the sky blue?"
