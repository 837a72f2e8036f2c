"""What visitors are told when their browser keeps nothing, or no more, and what is there when several people use it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, Route, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp
from tests.browser.panel import SidePanel
from tests.browser.test_kept_tabs import wait_for
from tests.browser.upstream import Upstream, says

pytestmark = pytest.mark.browser

STORE = "chat_app:visitor"
QUOTA_BYTES = 4_000_000
LARGE = 300_000
"""Characters of a text of which a few fill the storage."""
RAW = """async ([name, version, records, messages]) => {
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version ?? undefined);
    request.onupgradeneeded = ({ target: { result } }) => {
      const conversations = result.createObjectStore("conversations", { keyPath: "id" });
      for (const index of ["schema", "deleted"]) conversations.createIndex(index, index);
      result.createObjectStore("messages", { keyPath: ["conversation", "id"] });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = db.transaction(["conversations", "messages"], "readwrite");
  const [conversations, all] = ["conversations", "messages"].map((each) => transaction.objectStore(each));
  for (const record of records ?? []) conversations.put(record);
  for (const message of messages ?? []) all.put(message);
  const found = [conversations.getAll(), all.getAll()];
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  db.close();
  return [db.version, ...found.map(({ result }) => result)];
}"""
"""Looks into the database past the page's own code, and puts records there."""
NAMES = "async () => (await indexedDB.databases()).map(({ name }) => name).sort()"
BEHIND_A_LOGIN = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
chat: {{forget_on_logout: {forget}}}
server: {{user_header: X-Forwarded-User, logout_url: /signed-out}}
"""
As: TypeAlias = Callable[[App, str], ChatPage]


def noise(length: int) -> str:
    """Words that no browser can make smaller."""
    return " ".join(f"{random.getrandbits(40):010x}" for _ in range(length // 11))


def conversation(id_: str, text: str, *, minutes: int = 0, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record, and its one message, as they were so many minutes after a day in the past."""
    then = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=minutes)
    time_ = then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    shown = {"role": "user", "metadata": None, "options": None, "content": [{"type": "text", "text": text}]}
    record = {
        "schema": 1,
        "id": id_,
        "title": f"Old {id_}",
        "named": True,
        "created": time_,
        "updated": time_,
        "preset": "",
        "model": "",
        "parameters": {},
        "system_prompt": "",
        "pinned": False,
        "head": f"m-{id_}",
        "token": "",
        "deleted": None,
        **fields,
    }
    message = {
        "conversation": id_,
        "id": f"m-{id_}",
        "parent": None,
        "role": "user",
        "created": time_,
        "shown": [shown],
        "rating": "",
        "state": "whole",
    }
    return record, message


def seeded(page: Page, app: App, entries: list[tuple[dict[str, Any], dict[str, Any]]], version: int = 1) -> None:
    """Have the browser keep these before the page is opened."""
    page.goto(f"{app.base_url}/health")
    page.evaluate(RAW, [STORE, version, [record for record, _ in entries], [message for _, message in entries]])


def kept(page: Page, name: str = STORE) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """The database's version, its conversations by their titles, and its messages."""
    version, records, messages = page.evaluate(RAW, [name, None, None, None])
    return version, {record["title"]: record for record in records}, messages


def limit(page: Page, app: App, quota_bytes: int) -> CDPSession:
    """What the browser has room for, as long as the session is there."""
    session = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": app.base_url, "quotaSize": quota_bytes})
    return session


@pytest.fixture
def full(page: Page, app: App, server: Upstream) -> ChatPage:
    """A page with eight earlier conversations, the oldest of them pinned, whose storage is full since its last turn."""
    limit(page, app, QUOTA_BYTES)
    old = [conversation(str(n), noise(LARGE), minutes=n, pinned=n == 1) for n in range(1, 9)]
    seeded(page, app, old)
    chat = open_chat(page, app)
    for turn in range(20):
        server.then(says(f"Answer {turn}. {noise(LARGE // 3)}"))
        chat.ask(f"Question {turn}")
        # A write can fail while the browser still makes room, and go through the next time.
        if SidePanel(page).notices.filter(has_text="stays on this page only").count():
            break
    expect(SidePanel(page).notices).to_contain_text("storage for this site is full")
    return chat


def test_full_storage_is_said_and_nothing_is_lost_by_it(full: ChatPage, server: Upstream) -> None:
    """The chat goes on, one click saves all of it, and another makes room: for all that could not be kept."""
    panel = SidePanel(full.page)
    expect(panel.notices).to_contain_text("stays on this page only")
    expect(panel.notices).to_contain_text("Nothing was deleted")
    expect(panel.notices.get_by_role("button", name=re.compile("Delete"))).to_have_count(0)
    server.then(says(f"The last answer. {noise(LARGE // 3)}"))
    full.ask("The last question")
    full.expect_answer("The last answer.")
    questions = [text.strip() for text in full.questions.all_text_contents()]  # those far above are not painted
    assert questions[-1] == "The last question"
    titles = {f"Old {n}" for n in range(1, 9)} | {"Question 0"}
    assert set(kept(full.page)[1]) == titles

    with full.page.expect_download() as downloading:
        panel.notices.get_by_role("button", name="Save everything to a file").click()
    saved = json.loads(Path(downloading.value.path()).read_text())
    texts = {
        part["text"]
        for each in saved["conversations"]
        for message in each["messages"]
        for shown in message["shown"]
        for part in shown["content"]
    }
    assert {each["title"] for each in saved["conversations"]} == titles
    assert set(questions) < texts
    assert any(text.startswith("The last answer.") for text in texts)
    assert set(kept(full.page)[1]) == titles

    panel.notices.get_by_role("button", name="Delete the 2 oldest conversations").click()
    expect(panel.notices).to_contain_text("There is room again")
    # Neither the pinned one, which is the oldest, nor the one on the page.
    titles -= {"Old 2", "Old 3"}
    wait_for(full.page, lambda: set(kept(full.page)[1]) == titles)  # there is room after the first of them, perhaps
    full.page.reload()
    expect(full.questions).to_have_text(questions)
    full.expect_answer("The last answer.")
    expect(panel.rows).to_have_count(len(titles))


def test_nothing_is_deleted_without_the_click_that_says_so(full: ChatPage, server: Upstream) -> None:
    """Saving alone does not, nor closing the notice; and the chat goes on."""
    panel = SidePanel(full.page)
    titles = set(kept(full.page)[1])
    with full.page.expect_download():
        panel.notices.get_by_role("button", name="Save everything to a file").click()
    expect(panel.notices.get_by_role("button", name=re.compile("^Delete the"))).to_be_visible()
    panel.notices.get_by_role("button", name="Close").click()
    server.then(says(f"Another answer. {noise(LARGE // 3)}"))
    full.ask("Another question")
    full.expect_answer("Another answer.")
    assert set(kept(full.page)[1]) == titles


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        ("IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError') }", "does not let"),
        ("Object.defineProperty(self, 'indexedDB', {value: undefined})", "does not let"),
        ("IDBFactory.prototype.open = () => ({})", "does not answer"),
    ],
    ids=["throws", "undefined", "never answers"],
)
def test_where_storage_is_refused_the_page_says_so_and_works_for_this_tab(
    context: BrowserContext, app: App, server: Upstream, refusal: str, sentence: str
) -> None:
    """The panel has what was said since the tab was opened; nothing of it is there later."""
    context.add_init_script(refusal)
    chat = open_chat(context.new_page(), app)
    panel = SidePanel(chat.page)
    expect(panel.notices).to_contain_text(sentence, timeout=PATIENCE_MS)
    expect(panel.notices).to_contain_text("gone when this tab is closed")
    expect(panel.aside).to_contain_text("keeps nothing for this page")
    server.otherwise = says("A rare answer.")
    chat.ask("Bees")
    panel.new_chat()
    chat.ask("Ants")
    panel.expect_titles("Ants", "Bees")
    panel.open("Bees")
    expect(chat.questions).to_have_text("Bees")
    panel.rename("Bees", "Wasps")
    panel.search("rare")
    expect(panel.found).to_have_count(2)
    panel.search("")
    panel.menu("Ants", "Delete")
    panel.expect_titles("Wasps")
    expect(panel.notices).to_have_count(2)
    chat.page.reload()
    expect(panel.aside).to_contain_text("No conversations yet.", timeout=PATIENCE_MS)


def test_what_a_newer_version_has_kept_is_named_and_left_as_it_is(page: Page, app: App, server: Upstream) -> None:
    """After an update was taken back; what this version knows can be used."""
    newer = conversation("new", "In another form", schema=99, title="From <b>the future</b>", more={"a": [1]})
    seeded(page, app, [newer, conversation("1", "Known")], version=99)
    before = kept(page)
    chat = open_chat(page, app)
    panel = SidePanel(page)
    expect(panel.notices).to_contain_text("Cannot be shown: “From <b>the future</b>”")
    expect(panel.notices).to_contain_text("newer version")
    panel.expect_titles("Old 1")
    server.then(says("Yes."))
    chat.ask("Bees")
    panel.expect_titles("Bees", "Old 1")
    page.reload()
    expect(chat.questions).to_have_text("Bees")
    after = kept(page)
    assert after[0] == before[0] == 99
    assert [after[1][title] for title in before[1]] == list(before[1].values())
    assert all(message in after[2] for message in before[2])


def test_what_cannot_be_brought_into_a_newer_form_is_named_and_left_as_it_is(
    page: Page, app: App, server: Upstream
) -> None:
    """The page of the next version lacks the step for it."""
    server.then(says("Yes."))
    chat = open_chat(page, app)
    chat.ask("Bees")
    before = kept(page)

    def newer(route: Route) -> None:
        text = route.fetch().text()
        assert "SCHEMA = 1" in text
        route.fulfill(body=text.replace("SCHEMA = 1", "SCHEMA = 2"), content_type="text/javascript")

    page.context.route("**/page/page.mjs*", newer)
    other = open_chat(page.context.new_page(), app)
    panel = SidePanel(other.page)
    expect(panel.notices).to_contain_text("Cannot be shown: “Bees”")
    expect(panel.notices).to_contain_text("Nothing of it was changed or deleted")
    # The older page has had to let go of the store, and says so.
    expect(SidePanel(page).notices).to_contain_text("newer version")
    page.close()
    other.ask("Ants")
    panel.expect_titles("Ants")
    after = kept(other.page)
    assert (after[0], after[1]["Bees"]) == (2, before[1]["Bees"])
    assert all(message in after[2] for message in before[2])


@pytest.fixture(scope="module")
def shared(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app behind a login, where conversations stay when somebody else comes."""
    return start_app(BEHIND_A_LOGIN.format(base_url=upstream_server.base_url, forget="false"))


@pytest.fixture(scope="module")
def forgetful(start_app: StartApp, upstream_server: Upstream) -> App:
    """One where they do not."""
    return start_app(BEHIND_A_LOGIN.format(base_url=upstream_server.base_url, forget="true"))


@pytest.fixture
def visit(page: Page, server: Upstream) -> As:
    """Opens the page of an app in the one tab that everybody uses, as somebody."""
    server.otherwise = says("Yes.")
    page.context.route(
        "**/signed-out", lambda route: route.fulfill(body="<!doctype html><title>Bye</title>", content_type="text/html")
    )

    def opened(app: App, user: str) -> ChatPage:
        page.context.set_extra_http_headers({"X-Forwarded-User": user})
        return open_chat(page, app)

    return opened


def test_nobody_sees_the_conversations_of_who_was_here_before(visit: As, shared: App) -> None:
    """At the same browser; they are there again for whose they are, also by their address."""
    ada = visit(shared, "ada")
    panel = SidePanel(ada.page)
    expect(panel.aside).to_contain_text("ada")
    ada.ask("Ada's question")
    address = ada.page.url
    bob = visit(shared, "bob")
    expect(panel.aside).to_contain_text("No conversations yet.")
    expect(panel.aside).not_to_contain_text("ada")
    bob.ask("Bob's question")
    bob.page.goto("about:blank")
    bob.page.goto(address, wait_until="commit")  # it is said while the rest still loads, for a while
    expect(panel.notices).to_contain_text("not in this browser")
    expect(bob.send_button).to_be_visible()
    expect(bob.questions).to_have_count(0)
    panel.search("Ada")
    expect(panel.aside.get_by_text("Nothing found.").first).to_be_visible()
    expect(panel.found).to_have_count(0)
    visit(shared, "ada")
    panel.expect_titles("Ada's question")
    panel.open("Ada's question")
    expect(ada.questions).to_have_text("Ada's question")


def test_the_link_to_log_out_goes_where_the_settings_say_and_keeps_what_is_kept(visit: As, shared: App) -> None:
    """Without `forget_on_logout`. What was typed and not sent is gone."""
    ada = visit(shared, "ada")
    ada.ask("Ada's question")
    ada.box.fill("Half a sent")
    SidePanel(ada.page).aside.get_by_role("link", name="Log out").click()
    expect(ada.page).to_have_title("Bye")
    assert ada.page.url == f"{shared.base_url}/signed-out"
    (conversations, files) = ada.page.evaluate(NAMES)
    assert files == f"{conversations} files"
    assert ada.page.evaluate("JSON.stringify(sessionStorage)").count("Half") == 0
    bob = visit(shared, "bob")
    expect(bob.box).to_have_value("")


def test_where_it_is_wanted_the_conversations_of_others_are_deleted(visit: As, forgetful: App) -> None:
    """When the next one comes, also when nobody had logged out."""
    ada = visit(forgetful, "ada")
    ada.ask("Ada's question")
    (adas, adas_files) = ada.page.evaluate(NAMES)
    bob = visit(forgetful, "bob")
    bob.ask("Bob's question")
    wait_for(bob.page, lambda: adas not in bob.page.evaluate(NAMES) and adas_files not in bob.page.evaluate(NAMES))
    (bobs, bobs_files) = bob.page.evaluate(NAMES)
    assert (adas_files, bobs_files) == (f"{adas} files", f"{bobs} files")
    assert adas != bobs
    visit(forgetful, "ada")
    expect(SidePanel(ada.page).aside).to_contain_text("No conversations yet.")


def test_where_it_is_wanted_logging_out_deletes_at_once(visit: As, forgetful: App, context: BrowserContext) -> None:
    """Also what another tab has open, which says so."""
    ada = visit(forgetful, "ada")
    ada.ask("Ada's question")
    other = open_chat(context.new_page(), forgetful)
    SidePanel(other.page).expect_titles("Ada's question")
    SidePanel(ada.page).aside.get_by_role("link", name="Log out").click()
    expect(ada.page).to_have_title("Bye")
    assert ada.page.evaluate(NAMES) == []
    expect(SidePanel(other.page).notices).to_contain_text("deleted in another tab")


def test_a_verdict_has_the_name_of_who_gave_it(visit: As, shared: App) -> None:
    """In the column `user`."""
    before = len(shared.rows())
    ada = visit(shared, "ada")
    ada.ask("Ada's question")
    ada.button("Like").click()
    expect(ada.conversation.locator("button[aria-label*='iked']")).to_have_count(1)
    wait_for(ada.page, lambda: len(shared.rows()) > before)
    assert [row["user"] for row in shared.rows()[before:]] == ["ada"]
