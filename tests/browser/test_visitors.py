"""What the document tells the page's modules: who asks, and under which name their conversations are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from tests.browser import app_process
from tests.browser.app_process import NO_OLLAMA, App
from tests.browser.proxy import proxy

pytestmark = pytest.mark.browser

SETTINGS = f"""
endpoints: [{{name: closed, base_url: "{NO_OLLAMA}/v1", attempts: 1}}]
chat: {{storage_key: team, forget_on_logout: true}}
server: {{user_header: X-Forwarded-User, logout_url: /oauth2/sign_out, root_path: /chat}}
"""
SETTINGS_ELEMENT = re.compile(
    r'<head>\s*<link rel="icon"[^>]*>\s*<script type="application/json" id="chat-app-settings">(.*?)</script>'
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app behind a login."""
    started = app_process.start(tmp_path_factory.mktemp("app"), SETTINGS)
    yield started
    assert started.stop() == 0


def settings_in(document: httpx2.Response) -> Any:
    """The settings that stand first in the head."""
    found = SETTINGS_ELEMENT.search(document.text)
    assert found is not None
    return json.loads(found[1])


def told(app: App, *users: str) -> Any:
    """What the page is told when the proxy says that these ask."""
    headers = [(b"x-forwarded-user", user.encode()) for user in users]
    return settings_in(httpx2.get(f"{app.base_url}/", headers=headers))


def test_the_page_is_told_who_asks(app: App) -> None:
    """And all that it needs to keep their conversations apart from those of others."""
    zoe = told(app, "Zoë </script>")
    assert re.fullmatch(r"team:[0-9a-f]{16}", zoe.pop("store"))
    assert zoe == {
        "databases": "team:",
        "saveHistory": True,
        "forgetOnLogout": True,
        "user": "Zoë </script>",
        "logoutUrl": "/oauth2/sign_out",
        "words": {},
        "multimodal": True,
        "uploads": {"maxFiles": 10, "maxFileBytes": 20_000_000},
        "artifacts": True,
        "inPieces": True,
        "parameters": [],
        "parameterDefaults": {},
        "submitBtn": True,
        "stopBtn": True,
    }
    assert told(app)["store"] == "team:visitor"
    assert told(app)["user"] == told(app, "alice", "bob")["user"] == ""
    assert len({told(app, user)["store"] for user in ("alice", "bob", "")}) == 3


def test_a_visitor_has_the_same_store_wherever_the_key_is_the_same(app: App, tmp_path: Path) -> None:
    """After a restart, or on another replica; with another key there is another store, and visitors share theirs."""
    shared = {"CHAT_APP__CHAT__FLAGGING_DIR": str(app.feedback)}
    changed = {"CHAT_APP__FEEDBACK__SECRET": "another one, and long enough"}
    stores, shares = [], []
    for name, environment in (("replica", shared), ("changed", changed)):
        (tmp_path / name).mkdir()
        other = app_process.start(tmp_path / name, SETTINGS, environment=environment)
        assert other.base_url != app.base_url
        stores.append(told(other, "alice")["store"])
        shares.append(told(other)["store"])
        assert other.stop() == 0
    own = told(app, "alice")["store"]
    assert [store == own for store in stores] == [True, False]
    assert shares == ["team:visitor", "team:visitor"]


def test_nobody_keeps_the_document_and_everybody_the_modules(app: App) -> None:
    """Behind a proxy that takes the path off, and one that leaves it there."""
    with proxy(app.base_url.removesuffix("/chat"), "/chat") as stripping:
        for address in (app.base_url, stripping):
            document = httpx2.get(f"{address}/")
            assert document.headers.get_list("cache-control") == ["no-store"]
            [ours] = re.findall(r'src="(/[^"]+/page/page\.mjs)"', document.text)
            module = httpx2.get(urljoin(f"{address}/", ours))
            assert (module.status_code, module.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
            assert "immutable" in module.headers["cache-control"]


def test_our_modules_run_before_gradios(app: App) -> None:
    """Modules run in the order of the document, and the inline script before them all."""
    text = httpx2.get(f"{app.base_url}/").text
    places = [text.index("globalThis.chatApp"), text.index("/page/page.mjs"), text.index('src="./assets/')]
    assert places == sorted(places)
