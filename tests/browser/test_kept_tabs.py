"""Two tabs of one visitor over the same conversations: each sees what the other does, and none overwrites the other."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Locator, Page, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS
from tests.browser.panel import SidePanel
from tests.browser.upstream import Reply, Step, Upstream, chunk, hangs, says, stream

pytestmark = pytest.mark.browser

ROW_WHEN_TOLD = """(title) => {
  const { store } = JSON.parse(document.getElementById("chat-app-settings").textContent);
  globalThis.rowWhenTold = new Promise((resolve) => {
    new BroadcastChannel(store).onmessage = ({ data }) => {
      const isThere = () => document.getElementById("conversations").textContent.includes(title);
      if (data.conversation?.title === title) setTimeout(() => resolve(isThere()));
    };
  });
}"""
"""Whether a title stands in the panel as soon as this tab was told of it; the page was told just before."""


@pytest.fixture
def one(context: BrowserContext, app: App, server: Upstream) -> ChatPage:
    """A tab."""
    assert not server.asked
    return open_chat(context.new_page(), app)


@pytest.fixture
def two(one: ChatPage, context: BrowserContext, app: App) -> ChatPage:
    """Another tab of the same visitor, opened after it."""
    del one
    return open_chat(context.new_page(), app)


def panel_of(chat: ChatPage) -> SidePanel:
    """Its side panel."""
    return SidePanel(chat.page)


def beside(chat: ChatPage, other: ChatPage) -> ChatPage:
    """`chat` with the conversation on the page of `other`."""
    chat.page.goto(other.page.url)
    expect(chat.send_button).to_be_visible()
    expect(chat.questions).to_have_count(other.questions.count())
    return chat


def places(chat: ChatPage) -> Locator:
    """Where the messages stand among their versions."""
    return chat.conversation.locator(".versions span")


def wait_for(page: Page, true: Callable[[], bool]) -> None:
    """Wait for something that no locator tells of."""
    until_s = time.monotonic() + PATIENCE_MS / 1000
    while not true():
        assert time.monotonic() < until_s, "It did not happen."
        page.wait_for_timeout(20)


def records_kept(page: Page) -> list[dict[str, Any]]:
    """The messages that the browser has, past the page's own code."""
    kept: list[dict[str, Any]] = page.evaluate(
        """async () => {
          const { store } = JSON.parse(document.getElementById("chat-app-settings").textContent);
          const db = await new Promise((resolve) => {
            indexedDB.open(store).onsuccess = ({ target }) => resolve(target.result);
          });
          const found = await new Promise((resolve) => {
            const request = db.transaction("messages").objectStore("messages").getAll();
            request.onsuccess = () => resolve(request.result);
          });
          db.close();
          return found;
        }"""
    )
    return kept


def messages_kept(page: Page) -> dict[str, str]:
    """The state of each of them, by its text."""

    def text_of(message: dict[str, Any]) -> str:
        shown = [each for each in message["shown"] if not (each["metadata"] or {}).get("title")]
        return "".join(part.get("text", "") for each in shown for part in each["content"])

    return {text_of(message): message["state"] for message in records_kept(page)}


def test_each_tab_sees_at_once_what_the_other_does_to_the_list(one: ChatPage, two: ChatPage) -> None:
    """A new conversation, its new title, its pin, its deletion and its return; what each has open stays open."""
    first, second = panel_of(one), panel_of(two)
    one.ask("Bees")
    second.expect_titles("Bees")
    expect(two.questions).to_have_count(0)
    two.ask("Ants")
    first.expect_titles("Ants", "Bees")
    expect(first.open_row).to_have_text("Bees")
    one.page.evaluate(ROW_WHEN_TOLD, "Wasps")
    second.rename("Bees", "Wasps")
    expect(first.row("Wasps")).to_be_visible()
    assert one.page.evaluate("globalThis.rowWhenTold")
    first.menu("Wasps", "Pin")
    second.expect_titles("Wasps", "Ants")
    expect(second.aside.locator("h2").first).to_have_text("Pinned")
    first.menu("Ants", "Delete")
    first.notices.get_by_role("button", name="Undo").focus()  # so it stays
    second.expect_titles("Wasps")
    first.notices.get_by_role("button", name="Undo").click()
    second.expect_titles("Wasps", "Ants")
    for tab in (one, two):
        tab.page.reload()
        panel_of(tab).expect_titles("Wasps", "Ants")


def click_together(*buttons: Locator) -> None:
    """Have all of these clicked at the same moment, each by its own page."""
    at_ms = time.time() * 1000 + 300
    for button in buttons:
        button.evaluate("(button, at) => void setTimeout(() => button.click(), at - Date.now())", at_ms)


TELLS_LATER = """(() => {
  const tell = BroadcastChannel.prototype.postMessage;
  const waiting = [];
  BroadcastChannel.prototype.postMessage = function (told) { waiting.push([this, told]); };
  globalThis.tellNow = () => {
    BroadcastChannel.prototype.postMessage = tell;
    for (const [channel, told] of waiting) tell.call(channel, told);
  };
})()"""
"""The tabs do not hear of each other before both have asked, however busy the machine is."""


def test_both_tabs_ask_at_the_same_moment_and_both_branches_stay(
    one: ChatPage, two: ChatPage, server: Upstream
) -> None:
    """Neither is overwritten; arrows lead from one to the other in both tabs, also after both were loaded anew."""
    server.then(says("Start."))
    one.ask("Begin")
    beside(two, one)
    server.otherwise = says("Answer", " to it.", pace_s=0.3)
    for tab, text in ((one, "From one"), (two, "From two")):
        tab.box.fill(text)
        tab.page.evaluate(TELLS_LATER)
    click_together(one.send_button, two.send_button)
    for tab, question in ((one, "From one"), (two, "From two")):
        expect(tab.questions.last).to_have_text(question)
    for tab in (one, two):
        tab.page.evaluate("globalThis.tellNow()")
    for tab, question in ((one, "From one"), (two, "From two")):
        expect(tab.questions.last).to_have_text(question)
        tab.expect_done()
        tab.expect_answer("Answer to it.")
    assert len(server.asked) == 3
    for tab in (one, two):
        expect(places(tab)).to_have_count(1)
        expect(places(tab)).to_have_text(re.compile("[12] / 2"))
    wait_for(one.page, lambda: set(messages_kept(one.page).values()) == {"whole"})
    assert {"From one", "From two"} < set(messages_kept(one.page))
    for tab in (one, two):
        tab.page.reload()
        expect(tab.questions).to_have_count(2)
        expect(places(tab)).to_have_text(re.compile("[12] / 2"))
        here = tab.questions.last.inner_text().strip()
        there = {"From one": "From two", "From two": "From one"}[here]
        ways = [("Earlier version", "1 / 2"), ("Later version", "2 / 2")]
        if places(tab).inner_text() == "1 / 2":
            ways.reverse()
        for (name, place), question in zip(ways, (there, here), strict=True):
            tab.button(name).click()
            expect(places(tab)).to_have_text(place)
            expect(tab.questions.last).to_have_text(question)
            tab.expect_answer("Answer to it.")


def growing(enough: threading.Event) -> Reply:
    """An answer of numbered pieces that ends when a test has seen enough of it."""

    def steps() -> Iterator[Step]:
        for number in count():
            yield chunk({"content": f"piece{number} "})
            yield 0.1
            if enough.is_set():
                break
        yield from says("The end.").steps

    return stream(steps())


def test_the_other_tab_shows_the_answer_growing_and_cannot_ask_into_it(
    one: ChatPage, two: ChatPage, server: Upstream
) -> None:
    """It is told politely, and what it has typed stays there; when the answer is whole it can go on."""
    enough = threading.Event()
    server.then(says("Start."), growing(enough))
    one.ask("Begin")
    beside(two, one)
    one.send("Go on")
    expect(two.answers.last).to_contain_text("piece0")
    expect(panel_of(two).row("Begin")).to_be_visible()
    two.send("Me too")
    expect(panel_of(two).notices).to_contain_text("still arriving in another tab")
    expect(two.box).to_have_value("Me too")
    so_far = re.findall(r"piece(\d+) ", two.answers.last.inner_text())
    expect(two.answers.last).to_contain_text(f"piece{len(so_far) + 10} ")
    expect(two.answers.last).not_to_contain_text("The end.")
    enough.set()
    one.expect_done()
    expect(two.answers.last).to_contain_text("The end.")
    assert len(server.asked) == 2
    two.box.press("Enter")
    expect(two.questions).to_have_count(3)
    two.expect_done()
    expect(one.questions.last).to_have_text("Me too")
    assert [message["content"] for message in server.asked[-1].body["messages"] if message["role"] == "user"] == [
        "Begin",
        "Go on",
        "Me too",
    ]


def test_whoever_has_scrolled_up_in_the_other_tab_is_left_there(one: ChatPage, two: ChatPage, server: Upstream) -> None:
    """What arrives in one tab does not take the other's reader away."""
    long = "\n\n".join(f"Paragraph {number}." for number in range(80))
    server.then(says(long), says(*[f"piece{number} " for number in range(8)], pace_s=0.4))
    one.ask("Begin")
    beside(two, one)
    expect(two.answers.last).to_contain_text("Paragraph 79.")
    box = two.conversation.locator(".bubble-wrap")
    box.hover()
    two.page.mouse.wheel(0, -100_000)
    wait_for(two.page, lambda: bool(box.evaluate("(box) => box.scrollTop") < 50))
    one.send("Go on")
    expect(two.answers.last).to_contain_text("piece5")
    assert box.evaluate("(box) => box.scrollTop") < 50


def test_what_is_picked_in_the_other_tab_stays_while_an_answer_arrives(
    one: ChatPage, two: ChatPage, server: Upstream
) -> None:
    """The pickers follow the conversation that comes onto the page, and nothing else."""
    server.then(says("Start."), says(*[f"piece{number} " for number in range(8)], pace_s=0.4))
    one.ask("Begin")
    beside(two, one)
    model = two.page.locator("#model input")
    expect(model).to_have_value("toy")
    model.fill("mine")
    model.press("Enter")
    one.send("Go on")
    expect(two.answers.last).to_contain_text("piece6")
    expect(model).to_have_value("mine")


def test_an_answer_whose_tab_has_crashed_is_marked_at_the_next_look(
    one: ChatPage, two: ChatPage, server: Upstream
) -> None:
    """What had arrived is there, and it can be asked again."""
    server.then(hangs("Half of ", "it."))
    one.send("Bees")
    expect(one.answers.last).to_contain_text("Half of it.")
    panel_of(two).open("Bees")
    expect(two.answers.last).to_contain_text("Half of it.")
    expect(two.answers.last).not_to_contain_text("interrupted")
    with pytest.raises(Error, match="crash"):
        one.page.goto("chrome://crash")
    panel_of(two).new_chat()
    panel_of(two).open("Bees")
    expect(two.answers.last).to_contain_text("interrupted")
    expect(two.answers.last).to_contain_text("Half of it.")
    server.then(says("All of it."))
    two.try_again.click()
    two.expect_answer("All of it.")


def test_what_one_tab_deletes_the_other_can_go_on_with(
    one: ChatPage, two: ChatPage, server: Upstream, context: BrowserContext, app: App
) -> None:
    """It keeps everything that was said, although a tab that was opened since has purged what was deleted."""
    server.then(says("First answer."), says("Second answer."))
    one.ask("Bees")
    beside(two, one)
    panel_of(one).menu("Bees", "Delete")
    panel_of(two).expect_titles()
    expect(two.answers).to_have_count(1)
    # Ten seconds later another tab comes and purges it.
    three = context.new_page()
    three.clock.install(time=time.time() + 60)
    third = SidePanel(open_chat(three, app).page)
    wait_for(three, lambda: messages_kept(three) == {})
    two.ask("And wasps?")
    two.expect_answer("Second answer.")
    for panel in (panel_of(one), panel_of(two), third):
        panel.expect_titles("Bees")
    whole = dict.fromkeys(("Bees", "First answer.", "And wasps?", "Second answer."), "whole")
    wait_for(one.page, lambda: messages_kept(one.page) == whole)
    two.page.reload()
    expect(two.questions).to_have_text(["Bees", "And wasps?"])
