"""The side panel in the real app: every way to a conversation, by mouse, by keyboard, on a phone, and for everybody."""

from __future__ import annotations

import re
from itertools import count

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PHONE, StartApp, picture_of
from tests.browser.panel import SidePanel
from tests.browser.upstream import Upstream, chunk, fails, hangs, says, stream

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
presets: [{{name: Plain}}, {{name: Tutor}}]
chat:
  title: Chat
  description: Ask anything.
  flagging_options: [Like, Dislike, Inaccurate]
  examples: [Tell me of bees]
"""
LONG = "A title that is longer than the panel is wide, so that its end cannot be seen there"


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with all that a page can have."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


@pytest.fixture
def phone(phone_context: BrowserContext, app: App, server: Upstream) -> ChatPage:
    """The page on a phone."""
    assert not server.asked
    return open_chat(phone_context.new_page(), app)


def test_the_panel_follows_the_conversations(chat: ChatPage, panel: SidePanel) -> None:
    """Under their days, the open one marked, each at its own address, which the buttons of the browser go along."""
    expect(panel.aside).to_contain_text("No conversations yet.")
    chat.ask("Bees")
    panel.expect_titles("Bees")
    expect(panel.aside.locator("h2")).to_have_text(["Today"])
    expect(panel.open_row).to_have_text("Bees")
    expect(chat.page).to_have_url(re.compile(r"#c=[0-9a-f]{24}$"))
    panel.begin()
    expect(chat.page).to_have_url(re.compile(r"^[^#]*$"))
    chat.ask("Ants")
    panel.expect_titles("Ants", "Bees")
    panel.open("Bees")
    expect(chat.questions).to_have_text("Bees")
    chat.page.go_back()
    expect(panel.open_row).to_have_text("Ants")
    expect(chat.questions).to_have_text("Ants")
    chat.page.reload()
    expect(chat.questions).to_have_text("Ants")
    expect(panel.open_row).to_have_text("Ants")
    chat.page.clock.set_fixed_time("2030-01-03T12:00:00")
    chat.page.reload()
    panel.expect_titles("Ants", "Bees")
    expect(panel.aside.locator("h2")).not_to_have_text(["Today"])


def test_it_renames_pins_and_deletes_with_undo(chat: ChatPage, panel: SidePanel) -> None:
    """All of it is there after a reload; what is deleted and not brought back is not."""
    for question in ("Bees", "Ants", "Wasps"):
        chat.ask(question)
        panel.begin()
    panel.rename("Bees", "My bees")
    panel.menu("My bees", "Pin")
    panel.expect_titles("My bees", "Wasps", "Ants")
    expect(panel.aside.locator("h2")).to_have_text(["Pinned", "Today"])
    panel.open("Wasps")
    panel.menu("Wasps", "Delete")
    panel.expect_titles("My bees", "Ants")
    expect(chat.questions).to_have_count(0)
    panel.notices.get_by_role("button", name="Undo").click()
    panel.expect_titles("My bees", "Wasps", "Ants")
    panel.menu("Ants", "Delete")
    panel.expect_titles("My bees", "Wasps")
    chat.page.reload()
    panel.expect_titles("My bees", "Wasps")
    panel.open("Wasps")
    expect(chat.questions).to_have_text("Wasps")
    panel.open("My bees")
    chat.ask("More of them")
    panel.expect_titles("My bees", "Wasps")


def test_deleting_in_the_middle_of_an_answer_ends_it(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """And undo brings back what had arrived."""
    server.then(hangs("Half of ", "it."))
    chat.send("Bees")
    chat.expect_answer("Half of it.")
    expect(panel.open_row).to_contain_text("An answer is arriving.")
    panel.menu("Bees", "Delete")
    panel.expect_titles()
    assert server.asked[0].closed.wait(10)
    expect(chat.send_button).to_be_visible()
    panel.notices.get_by_role("button", name="Undo").click()
    panel.open("Bees")
    chat.expect_answer("Half of it.")


def test_the_menu_stays_open_while_an_answer_grows(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """The conversation scrolls by itself then; the menu's button stays where it is."""
    pieces = (step for number in count() for step in (chunk({"content": f"piece{number}\n\n"}), 0.1))
    server.then(says("Yes."), stream(pieces))
    chat.ask("Bees")
    panel.begin()
    chat.send("Ants")
    chat.expect_answer("piece10")
    panel.row("Bees").hover()
    panel.aside.get_by_role("button", name="More for “Bees”").click()
    chat.expect_answer("piece40")
    chat.page.get_by_role("menuitem", name="Pin", exact=True).click()
    panel.expect_titles("Bees", "Ants")
    chat.stop_button.click()
    chat.expect_done()


@pytest.mark.parametrize("way", ["new chat", "another", "delete"])
def test_an_edit_that_was_begun_does_not_stay_in_another_conversation(
    chat: ChatPage, panel: SidePanel, way: str
) -> None:
    """Its box would stand there with the words of the conversation that was left."""
    chat.ask("Bees")
    panel.begin()
    chat.ask("Ants")
    chat.conversation.get_by_role("button", name="Edit", exact=True).first.click()
    expect(chat.conversation.locator("textarea")).to_have_value("Ants")
    match way:
        case "new chat":
            panel.begin()
            chat.send("Wasps")
            expect(chat.questions).to_have_text("Wasps")
        case "another":
            panel.open("Bees")
            expect(chat.questions).to_have_text("Bees")
        case _:
            panel.menu("Ants", "Delete")
            expect(chat.questions).to_have_count(0)
            chat.send("Wasps")
            expect(chat.questions).to_have_text("Wasps")
    expect(chat.conversation.locator("textarea")).to_have_count(0)


def test_search_finds_what_was_said_just_now_and_what_was_said_before_a_reload(
    chat: ChatPage, panel: SidePanel, server: Upstream
) -> None:
    """In questions and answers, whatever the case and the accents; a click opens it."""
    server.then(says("It is a Schwärmer."), says("It is a hoverfly."), says("A dragonfly it is."))
    chat.ask("What flies there?")
    panel.begin()
    chat.ask("And there?")
    chat.page.reload()
    panel.search("schwarmer")
    expect(panel.found).to_have_count(1)
    panel.found.click()
    expect(chat.answers).to_have_text(re.compile("Schwärmer"))
    expect(panel.found).to_have_attribute("aria-current", "page")
    chat.ask("What else?")
    panel.search("DRAGON")
    expect(panel.found).to_have_count(1)
    expect(panel.found.locator("mark")).to_have_text("DRAGON", ignore_case=True)
    panel.search("it is")
    expect(panel.found).to_have_count(2)
    panel.search("no such word")
    expect(panel.aside).to_contain_text("Nothing found.")
    panel.search("")
    panel.expect_titles("What flies there?", "And there?")


def test_everything_can_be_done_with_the_keyboard(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """From the empty page to a second conversation, and back, without a mouse."""
    server.otherwise = says("Yes.")
    press = chat.page.keyboard.press
    expect(chat.box).to_be_focused()
    for question in ("Bees", "Ants"):
        chat.page.keyboard.type(question)
        press("Enter")
        expect(chat.questions).to_have_text(question)
        chat.expect_done()
        begin = panel.aside.get_by_role("button", name="New chat")
        begin.focus()
        press("Enter")
        expect(chat.questions).to_have_count(0)
        expect(chat.box).to_be_focused()
    panel.aside.get_by_role("button", name="New chat").focus()
    press("Tab")
    expect(panel.search_box).to_be_focused()
    press("Tab")
    expect(panel.row("Ants")).to_be_focused()
    press("ArrowDown")
    expect(panel.row("Bees")).to_be_focused()
    press("Enter")
    expect(chat.questions).to_have_text("Bees")
    expect(panel.row("Bees")).to_be_focused()
    press("F2")
    expect(panel.aside.get_by_role("textbox", name="Title")).to_be_focused()
    chat.page.keyboard.type("My bees")
    press("Enter")
    panel.expect_titles("Ants", "My bees")
    expect(panel.row("My bees")).to_be_focused()
    press("Tab")
    expect(panel.aside.get_by_role("button", name="More for “My bees”")).to_be_focused()
    press("Enter")
    expect(chat.page.get_by_role("menuitem", name="Rename")).to_be_focused()
    press("ArrowDown")
    expect(chat.page.get_by_role("menuitem", name="Pin")).to_be_focused()
    press("Enter")
    panel.expect_titles("My bees", "Ants")
    panel.row("My bees").focus()
    press("Delete")
    panel.expect_titles("Ants")
    expect(panel.row("Ants")).to_be_focused()
    press("Control+z")
    panel.expect_titles("My bees", "Ants")
    press("Shift+Tab")
    expect(panel.search_box).to_be_focused()
    chat.page.keyboard.type("bees")
    press("ArrowDown")
    expect(panel.found).to_be_focused()
    press("Enter")
    expect(chat.questions).to_have_text("Bees")


def test_keys_wait_for_what_is_typed(chat: ChatPage, panel: SidePanel) -> None:
    """Enter at once opens what the whole query finds, and what has the focus keeps it when more is typed."""
    for question in ("Bees", "Beetles"):
        chat.ask(question)
        panel.begin()
    panel.search_box.focus()
    chat.page.keyboard.type("bee")
    expect(panel.found).to_have_count(2)
    chat.page.keyboard.type("s")
    chat.page.keyboard.press("Enter")
    expect(chat.questions).to_have_text("Bees")
    expect(panel.found).to_have_count(1)
    panel.search("bee")
    expect(panel.found).to_have_count(2)
    kept = panel.found.filter(has_text="Beetles")
    chat.page.evaluate(
        """link => {
            const box = document.querySelector("[type=search]");
            box.value = "beet";
            box.dispatchEvent(new InputEvent("input"));
            link.focus();
        }""",
        kept.element_handle(),
    )
    expect(panel.found).to_have_count(1)
    expect(kept).to_be_focused()


def test_on_a_phone_it_is_a_drawer(phone: ChatPage) -> None:
    """Open it, begin, go to another conversation, find, delete: after each it is out of the way again."""
    panel = SidePanel(phone.page)
    inside = panel.aside.locator(".inside")
    expect(inside).to_be_hidden()
    phone.ask("Bees")
    panel.toggle.tap()
    expect(inside).to_be_visible()
    panel.aside.get_by_role("button", name="New chat").tap()
    expect(inside).to_be_hidden()
    expect(phone.questions).to_have_count(0)
    phone.ask("Ants")
    panel.toggle.tap()
    panel.expect_titles("Ants", "Bees")
    panel.row("Bees").tap()
    expect(inside).to_be_hidden()
    expect(phone.questions).to_have_text("Bees")
    panel.toggle.tap()
    panel.search("ants")
    panel.found.tap()
    expect(inside).to_be_hidden()
    expect(phone.questions).to_have_text("Ants")
    panel.toggle.tap()
    panel.search("")
    panel.aside.get_by_role("button", name="More for “Bees”").tap()
    phone.page.get_by_role("menuitem", name="Delete").tap()
    panel.expect_titles("Ants")
    panel.notices.get_by_role("button", name="Undo").tap()
    panel.expect_titles("Ants", "Bees")
    phone.page.touchscreen.tap(380, 400)
    expect(inside).to_be_hidden()
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0]


def furnish(chat: ChatPage, server: Upstream) -> SidePanel:
    """A page with everything on it: conversations, versions, a thought, a table, code, an error, and a notice."""
    panel = SidePanel(chat.page)
    answer = (
        "Two.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n\n[A link](https://example.org), `code`."
    )
    server.then(says("Yes."), says("One."), says(answer, reasoning=["Hm."]), fails(400, "No such thing."))
    chat.ask(LONG)
    begin = panel.aside.get_by_role("button", name="New chat")
    if not begin.is_visible():
        panel.toggle.click()
    begin.click()
    expect(chat.questions).to_have_count(0)
    chat.ask("Bees")
    chat.button("Retry").click()
    chat.expect_answer("Two.")
    chat.expect_done()
    chat.button("Like").click()
    chat.ask("And?")
    expect(chat.try_again).to_be_visible()
    return panel


def looked_at(page: Page, name: str) -> list[str]:
    """What axe finds; a picture is kept."""
    page.evaluate(
        "Promise.all(document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < 1e4)"
        ".map((each) => each.finished.catch(() => {})))"
    )
    page.screenshot(path=picture_of(f"side-panel-{name}"))
    return [f"{name}: {line}" for line in violations(page)]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong(page: Page, app: App, server: Upstream, theme: str) -> None:
    """An empty page, and one with a conversation, versions, a verdict, a notice, the menu, renaming, and a search."""
    chat = open_chat(page, app, f"/?__theme={theme}")
    found = looked_at(page, f"{theme}-empty")
    panel = furnish(chat, server)
    panel.menu(LONG[:60].rsplit(" ", 1)[0] + "…", "Pin")
    found += looked_at(page, f"{theme}-conversation")
    panel.rows.last.hover()
    panel.aside.get_by_role("button", name=re.compile("^More")).last.click()
    found += looked_at(page, f"{theme}-menu")
    page.get_by_role("menuitem", name="Delete").click()
    panel.notices.hover()  # it stays then, however long the look at it takes
    expect(panel.notices.get_by_role("button", name="Undo")).to_be_visible()
    found += looked_at(page, f"{theme}-notice")
    panel.notices.get_by_role("button", name="Undo").click()
    panel.open("Bees")
    expect(panel.row("Bees")).to_be_focused()
    page.keyboard.press("F2")
    expect(panel.aside.get_by_role("textbox", name="Title")).to_be_focused()
    found += looked_at(page, f"{theme}-renaming")
    page.keyboard.press("Escape")
    panel.search("bees")
    expect(panel.found).to_have_count(1)
    found += looked_at(page, f"{theme}-search")
    panel.search("")
    chat.conversation.get_by_role("button", name="Edit", exact=True).first.click()
    found += looked_at(page, f"{theme}-edit")
    panel.new_chat()
    server.then(hangs("Half of ", "it."))
    chat.send("Hold on")
    chat.expect_answer("Half of it.")
    found += looked_at(page, f"{theme}-arriving")
    panel.toggle.click()
    found += looked_at(page, f"{theme}-closed")
    chat.stop_button.click()
    chat.expect_done()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_wrong_on_a_phone(phone: ChatPage, app: App, server: Upstream, theme: str) -> None:
    """With the drawer closed, and open."""
    chat = open_chat(phone.page, app, f"/?__theme={theme}")
    panel = furnish(chat, server)
    found = looked_at(phone.page, f"{theme}-phone")
    panel.toggle.click()
    expect(panel.aside.locator(".inside")).to_be_visible()
    found += looked_at(phone.page, f"{theme}-phone-drawer")
    assert not found, "\n".join(found)
