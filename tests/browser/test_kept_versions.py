"""Versions of questions and answers, and the verdicts that belong to them: kept, shown, gone between, and sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.accessibility import violations
from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import StartApp
from tests.browser.panel import SidePanel
from tests.browser.test_kept import reload, sent
from tests.browser.test_kept_tabs import records_kept, wait_for
from tests.browser.upstream import Upstream, says, says_without_end

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
chat: {{flagging_options: [Like, Dislike, Inaccurate]}}
"""


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with one verdict more."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


def versions(chat: ChatPage, of: str) -> Locator:
    """The arrows on the last question or answer that has any."""
    return chat.conversation.get_by_role("group", name=f"Versions of this {of}").last


def earlier(arrows: Locator) -> Locator:
    """The arrow to the version before."""
    return arrows.get_by_role("button", name="Earlier version")


def later(arrows: Locator) -> Locator:
    """The arrow to the version behind."""
    return arrows.get_by_role("button", name="Later version")


def retry(chat: ChatPage, answer: str) -> None:
    """Ask again, and wait for this answer."""
    chat.button("Retry").click()
    chat.expect_answer(answer)
    chat.expect_done()


def expect_verdicts(chat: ChatPage, verdicts: Sequence[str]) -> None:
    """Wait until the answers have these: `Liked`, `Disliked` or nothing, from the first to the last."""
    expect(chat.conversation.get_by_role("button", name=re.compile("^Liked?$"))).to_have_count(len(verdicts))
    for name, pressed in (("Like", "Liked"), ("Dislike", "Disliked")):
        buttons = chat.conversation.get_by_role("button", name=re.compile(f"^{name}d?$"))
        for at, verdict in enumerate(verdicts):
            expect(buttons.nth(at)).to_have_attribute("aria-label", pressed if verdict == pressed else name)


def ratings_kept(page: Page) -> dict[str, str]:
    """The rating of each message that the browser has, by its id."""
    return {message["id"]: message["rating"] for message in records_kept(page)}


@contextmanager
def rating_kept(page: Page) -> Iterator[None]:
    """Wait until the verdict that is given in this block is kept, which is when the server has taken it."""
    before = ratings_kept(page)
    yield
    wait_for(page, lambda: ratings_kept(page) != before)


def press(chat: ChatPage, verdict: str, answer: int) -> None:
    """Press the thumb of that answer, and wait until it is kept."""
    buttons = chat.conversation.get_by_role("button", name=re.compile(f"^{verdict}d?$"))
    with rating_kept(chat.page):
        buttons.nth(answer).click()
    expect(buttons.nth(answer)).to_have_attribute("aria-label", f"{verdict}d")


def is_verdict(request: Request) -> bool:
    """Whether it tells the server of a thumb, and does not ask how the servers are."""
    return '"on_page"' in (request.post_data or "")


def test_asking_again_keeps_the_earlier_answer(chat: ChatPage, server: Upstream) -> None:
    """Arrows go between them and end at the ends; all is so after a reload."""
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    expect(chat.conversation.locator(".versions")).to_have_count(0)
    retry(chat, "Two.")
    retry(chat, "Three.")
    arrows = versions(chat, "answer")
    expect(arrows).to_contain_text("3 / 3")
    expect(later(arrows)).to_be_disabled()
    earlier(arrows).click()
    expect(chat.answers).to_have_text(["Two."])
    expect(arrows).to_contain_text("2 / 3")
    expect(later(arrows)).to_be_enabled()
    earlier(arrows).click()
    expect(chat.answers).to_have_text(["One."])
    expect(earlier(arrows)).to_be_disabled()
    reload(chat)
    expect(chat.answers).to_have_text(["One."])
    expect(arrows).to_contain_text("1 / 3")
    later(arrows).click()
    expect(chat.answers).to_have_text(["Two."])


def test_an_edited_question_keeps_the_earlier_one_with_all_that_followed(chat: ChatPage, server: Upstream) -> None:
    """What was said after a version stands under that version only, and the model is told what is on the page."""
    server.then(says("One."), says("Two."), says("Three."), says("Four."), says("Five."))
    chat.ask("a")
    chat.ask("b")
    chat.edit("A")
    chat.expect_answer("Three.")
    chat.expect_done()
    assert sent(server) == ["A"]
    expect(chat.questions).to_have_text(["A"])
    chat.ask("C")
    assert sent(server) == ["A", "Three.", "C"]
    arrows = versions(chat, "question")
    expect(arrows).to_contain_text("2 / 2")
    earlier(arrows).click()
    expect(chat.questions).to_have_text(["a", "b"])
    expect(chat.answers).to_have_text(["One.", "Two."])
    chat.ask("c")
    assert sent(server) == ["a", "One.", "b", "Two.", "c"]
    later(versions(chat, "question")).click()
    expect(chat.questions).to_have_text(["A", "C"])
    expect(chat.answers).to_have_text(["Three.", "Four."])
    reload(chat)
    expect(chat.questions).to_have_text(["A", "C"])


def test_the_request_follows_the_answer_that_is_shown(chat: ChatPage, server: Upstream) -> None:
    """Not the newest one."""
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    retry(chat, "Two.")
    earlier(versions(chat, "answer")).click()
    expect(chat.answers).to_have_text(["One."])
    chat.ask("b")
    assert sent(server) == ["a", "One.", "b"]
    later(versions(chat, "answer")).click()
    expect(chat.questions).to_have_text(["a"])
    expect(chat.answers).to_have_text(["Two."])
    earlier(versions(chat, "answer")).click()
    expect(chat.questions).to_have_text(["a", "b"])


def test_versions_can_be_gone_between_with_the_keyboard(chat: ChatPage, server: Upstream) -> None:
    """The focus stays on the arrows while they are drawn anew, and never falls off the page."""
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    retry(chat, "Two.")
    retry(chat, "Three.")
    arrows = versions(chat, "answer")
    expect(arrows).to_contain_text("3 / 3")
    earlier(arrows).focus()
    expect(earlier(arrows)).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(arrows).to_contain_text("2 / 3")
    expect(earlier(arrows)).to_be_focused()
    chat.page.keyboard.press("Space")
    expect(arrows).to_contain_text("1 / 3")
    expect(later(arrows)).to_be_focused()
    chat.page.keyboard.press("Enter")
    expect(arrows).to_contain_text("2 / 3")
    expect(later(arrows)).to_be_focused()
    assert violations(chat.page) == []


def test_there_are_no_arrows_to_press_while_an_answer_grows(chat: ChatPage, server: Upstream) -> None:
    """The answer that arrives would be somewhere else."""
    server.then(says("One."), says_without_end())
    chat.ask("a")
    chat.button("Retry").click()
    chat.expect_answer("word")
    expect(chat.conversation.locator(".versions").last).not_to_be_visible()
    chat.stop_button.click()
    chat.expect_done()
    expect(versions(chat, "answer")).to_be_visible()
    earlier(versions(chat, "answer")).click()
    expect(chat.answers).to_have_text(["One."])


def test_verdicts_are_there_after_a_reload_and_after_other_conversations(
    chat: ChatPage, panel: SidePanel, server: Upstream
) -> None:
    """Each on its own answer, whatever thoughts stand above it."""
    server.then(says("One.", reasoning=["Hm."]), says("Two."), says("Three.", reasoning=["Well."]), says("Other."))
    for question in ("a", "b", "c"):
        chat.ask(question)
    press(chat, "Like", 0)
    press(chat, "Dislike", 2)
    expect_verdicts(chat, ["Liked", "", "Disliked"])
    reload(chat)
    expect(chat.questions).to_have_count(3)
    expect_verdicts(chat, ["Liked", "", "Disliked"])
    panel.new_chat()
    chat.ask("d")
    expect_verdicts(chat, [""])
    panel.open("a")
    expect(chat.questions).to_have_count(3)
    expect_verdicts(chat, ["Liked", "", "Disliked"])
    panel.open("d")
    expect(chat.questions).to_have_text(["d"])
    expect_verdicts(chat, [""])


def test_a_verdict_belongs_to_its_version(chat: ChatPage, server: Upstream) -> None:
    """A new version has none; the earlier one has its own when it is shown again, also after a reload."""
    server.then(says("One."), says("Two."))
    chat.ask("a")
    press(chat, "Like", 0)
    retry(chat, "Two.")
    expect_verdicts(chat, [""])
    press(chat, "Dislike", 0)
    earlier(versions(chat, "answer")).click()
    expect(chat.answers).to_have_text(["One."])
    expect_verdicts(chat, ["Liked"])
    reload(chat)
    expect_verdicts(chat, ["Liked"])
    later(versions(chat, "answer")).click()
    expect(chat.answers).to_have_text(["Two."])
    expect_verdicts(chat, ["Disliked"])


def test_a_verdict_that_is_answered_after_the_conversation_was_left_is_kept(
    chat: ChatPage, panel: SidePanel, server: Upstream
) -> None:
    """Whoever presses a thumb and then another row finds it when they come back."""
    server.then(says("One."), says("Other."))
    chat.ask("a")
    panel.new_chat()
    chat.ask("d")
    panel.open("a")
    expect(chat.answers).to_have_text(["One."])
    held: list[Route] = []

    def hold(route: Route) -> None:
        if is_verdict(route.request):
            held.append(route)
        else:
            route.continue_()

    chat.page.route("**/run/predict*", hold)
    with chat.page.expect_request(is_verdict):
        chat.button("Like").click()
    wait_for(chat.page, lambda: bool(held))
    panel.open("d")
    expect(chat.questions).to_have_text(["d"])
    with rating_kept(chat.page):
        held[0].continue_()
    expect_verdicts(chat, [""])
    panel.open("a")
    expect(chat.answers).to_have_text(["One."])
    expect_verdicts(chat, ["Liked"])


def test_a_verdict_that_was_taken_back_stays_away(chat: ChatPage, server: Upstream) -> None:
    """After a reload, too."""
    server.then(says("One."))
    chat.ask("a")
    press(chat, "Like", 0)
    with rating_kept(chat.page):
        chat.button("Liked").click()
    expect_verdicts(chat, [""])
    reload(chat)
    expect(chat.answers).to_have_text(["One."])
    expect_verdicts(chat, [""])
