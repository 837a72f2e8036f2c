"""The side panel alone, on a page of its own: what it shows, what it asks for, by mouse, by keyboard and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

import pytest
from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect

from chat_app.config import ChatConfig
from tests.browser.accessibility import violations
from tests.browser.conftest import DESKTOP
from tests.browser.modules import theme_css
from tests.browser.panel import SidePanel

pytestmark = pytest.mark.browser

THEMES = get_args(ChatConfig.model_fields["theme"].annotation)
HOSTILE = [
    "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>",
    "long " * 2_000,
    "\u202egpj.exe \u2066isolated",
    "👩‍👩‍👧‍👦 🏳️‍🌈",
    "",
    "\u200b",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
]
CONTRAST = """
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const light = (rgb) => rgb.map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  // All that is behind the element, painted from the back to the front.
  const pixel = (fills) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const fill of fills) (canvas.fillStyle = fill, canvas.fillRect(0, 0, 1, 1));
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const behind = (element) => {
    const fills = [];
    for (let at = element; at; at = at.parentElement) fills.unshift(getComputedStyle(at).backgroundColor);
    return ["white", ...fills];
  };
  const ratio = (color, fills) => {
    const [a, b] = [light(pixel([...fills, color])), light(pixel(fills))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const probe = (element, color) => {
    const made = element.appendChild(document.createElement("i"));
    made.style.color = color;
    const found = getComputedStyle(made).color;
    made.remove();
    return found;
  };
  const worst = {};
  const say = (name, found) => (worst[name] = Math.min(worst[name] ?? 99, found));
  for (const element of document.querySelectorAll("#conversations *, #notices *")) {
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!text || !element.checkVisibility() || element.closest(".unseen")) continue;
    say(element.closest("[class]").className, ratio(getComputedStyle(element).color, behind(element)));
  }
  const input = document.querySelector("#conversations .search input");
  say("placeholder", ratio(getComputedStyle(input, "::placeholder").color, behind(input)));
  for (const place of document.querySelectorAll(".row > a, .search input, .told button")) {
    say("ring x 1.5", 1.5 * ratio(probe(place.parentElement, "var(--ring)"), behind(place)));
  }
  return worst;
}
"""
"""The least contrast of text for each kind of element; that of the focus ring, which may be 3, is told times 1.5."""


class PanelPage(SidePanel):
    """The panel on its own page; `conversations`, `options` and `fields` are given to it as they are."""

    def start(
        self,
        conversations: list[dict[str, Any]] | int = 10,
        options: dict[str, Any] | None = None,
        *,
        theme: str = "default",
        dark: bool = False,
        **fields: Any,
    ) -> PanelPage:
        """With so many conversations, or these."""
        self.page.add_style_tag(content=theme_css(theme))
        if dark:
            self.page.evaluate("document.body.classList.add('dark')")
        self.page.evaluate(
            "([given, options, {arriving = [], ...fields}]) => void harness.start("
            "typeof given === 'number' ? harness.many(given) : given, options,"
            "{...fields, arriving: new Set(arriving)})",
            [conversations, options or {}, fields],
        )
        return self

    def calls(self, *names: str) -> list[list[Any]]:
        """What the panel has asked for; only the actions of these names, if any are given."""
        calls: list[list[Any]] = self.page.evaluate("harness.calls")
        return [call for call in calls if not names or call[0] in names]


def opened(page: Page, address: str) -> PanelPage:
    """The panel's page in this tab."""
    page.goto(f"{address}tests/browser/panel_page.html")
    expect(page.locator("html[data-ready]")).to_have_count(1)
    return PanelPage(page)


def stop_clock(page: Page) -> None:
    """From now on no time passes but what the clock is run for."""
    page.clock.install(time="2026-11-21T12:00:00")
    page.clock.pause_at("2026-11-21T13:00:00")


def box_of(shown: Locator) -> FloatRect:
    """Where it is on the page."""
    box = shown.bounding_box()
    assert box
    return box


@pytest.fixture
def panel(page: Page, address: str) -> PanelPage:
    """On a wide window, not started."""
    return opened(page, address)


@pytest.fixture
def phone(phone_context: BrowserContext, address: str) -> PanelPage:
    """On a phone, not started."""
    return opened(phone_context.new_page(), address)


def test_conversations_stand_under_their_days_and_the_open_one_is_marked(panel: PanelPage) -> None:
    """The pinned above all; each is a link to its address."""
    conversations = [
        {"id": "a", "title": "Now", "updated": "2026-11-21T12:00:00", "pinned": False},
        {"id": "b", "title": "Long ago", "updated": "2026-08-01T12:00:00", "pinned": False},
        {"id": "c", "title": "Kept", "updated": "2020-08-01T12:00:00", "pinned": True},
    ]
    panel.start(conversations, open="b", arriving=["a"])
    expect(panel.aside.get_by_role("heading")).to_have_text(["Pinned", "Today", "August 2026"])
    expect(panel.rows.locator(".title")).to_have_text(["Kept", "Now", "Long ago"])
    expect(panel.page.locator("[aria-current=page]")).to_have_attribute("href", re.compile(r"#c=b$"))
    expect(panel.aside.get_by_role("link", name="Now An answer is arriving.")).to_be_visible()
    expect(panel.aside.get_by_role("link", name="Long ago", exact=True)).to_be_visible()


def test_a_click_opens_and_one_for_another_tab_is_the_browsers(panel: PanelPage) -> None:
    """The page's own address does not change by itself; whoever opens it sees to that."""
    panel.start()
    panel.row("Conversation 3").click()
    expect(panel.page.locator("[aria-current=page]")).to_have_text("Conversation 3")
    with panel.page.context.expect_page() as other:
        panel.row("Conversation 4").click(modifiers=["ControlOrMeta"])
    expect(other.value).to_have_url(re.compile(r"#c=c4$"))
    panel.page.get_by_role("button", name="New chat").click()
    assert panel.calls() == [["open", "c3"], ["begin"]]


def test_rows_are_kept_when_something_changes(panel: PanelPage) -> None:
    """What changed is changed in its row; a row that comes to the top is moved, and keeps the focus."""
    panel.start(3)
    moved = panel.page.evaluate("""() => {
      const rows = [...document.querySelectorAll(".row")];
      rows[1].querySelector("a").focus();
      const conversations = harness.many(3);
      conversations[1] = {...conversations[1], title: "Renamed", updated: "2026-11-22T00:00:00.000Z"};
      harness.update({conversations});
      const now = [...document.querySelectorAll(".row")];
      return [now.map((row) => rows.indexOf(row)), document.activeElement === rows[1].querySelector("a")];
    }""")
    assert moved == [[1, 0, 2], True]
    expect(panel.rows.first).to_have_text("Renamed")


def test_a_conversation_is_renamed_in_its_place(panel: PanelPage) -> None:
    """Enter saves, Escape does not, leaving the box does; nothing typed keeps the old title."""
    panel.start()
    box = panel.page.get_by_role("textbox", name="Title")
    panel.menu("Conversation 1", "Rename")
    expect(box).to_be_focused()
    expect(box).to_have_value("Conversation 1")
    box.fill("  By Enter ")
    box.press("Enter")
    expect(panel.row("By Enter")).to_be_focused()
    panel.row("By Enter").press("F2")
    box.fill("Never")
    box.press("Escape")
    expect(panel.row("By Enter")).to_be_focused()
    panel.row("By Enter").press("F2")
    box.fill("By leaving")
    panel.search_box.click()
    expect(panel.row("By leaving")).to_be_visible()
    panel.row("By leaving").press("F2")
    box.fill(" ")
    box.press("Enter")
    expect(panel.row("By leaving")).to_be_visible()
    assert panel.calls() == [["rename", "c1", "By Enter"], ["rename", "c1", "By leaving"]]


def test_what_comes_from_elsewhere_does_not_disturb_who_is_typing_a_title(panel: PanelPage) -> None:
    """Neither a new title, nor a new place in the list."""
    panel.start(3)
    panel.row("Conversation 2").press("F2")
    box = panel.page.get_by_role("textbox", name="Title")
    box.fill("Half a ti")
    panel.page.evaluate("""() => harness.update({conversations: harness.many(3).map((each) =>
      each.id === "c2" ? {...each, title: "Other", updated: "2026-11-22T00:00:00.000Z"} : each)})""")
    expect(box).to_be_focused()
    expect(box).to_have_value("Half a ti")
    expect(panel.page.locator(".row").first.locator("input")).to_have_count(1)
    assert panel.calls() == []
    box.press_sequentially("tle")
    box.press("Enter")
    assert panel.calls() == [["rename", "c2", "Half a title"]]


def test_the_menu_pins_and_saves(panel: PanelPage) -> None:
    """A pinned one can be unpinned."""
    panel.start()
    panel.menu("Conversation 1", "Pin")
    expect(panel.aside.get_by_role("heading").first).to_have_text("Pinned")
    panel.menu("Conversation 1", "Unpin")
    panel.menu("Conversation 1", "Save as Markdown")
    panel.menu("Conversation 1", "Save as JSON")
    panel.page.get_by_role("button", name="Save all").click()
    assert panel.calls() == [
        ["pin", "c1", True],
        ["pin", "c1", False],
        ["save", "c1", "markdown"],
        ["save", "c1", "json"],
        ["saveAll"],
    ]


def test_the_menu_is_used_by_keyboard_and_closes_by_a_click_elsewhere(panel: PanelPage) -> None:
    """Arrows go round, Home and End to its ends, a letter to what begins so, Escape back to the button."""
    panel.start()
    button = panel.page.get_by_role("button", name="More for “Conversation 0”")
    items = panel.page.get_by_role("menuitem")
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(items.first).to_be_focused()
    for key, item in [("ArrowUp", 4), ("ArrowDown", 0), ("End", 4), ("Home", 0), ("ArrowDown", 1), ("d", 4)]:
        panel.page.keyboard.press(key)
        expect(items.nth(item)).to_be_focused()
    panel.page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(items).to_have_count(0)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.click()
    panel.page.locator("#question").click()
    expect(items).to_have_count(0)
    assert panel.calls() == []


def test_a_deleted_conversation_goes_at_once_and_can_be_brought_back_for_ten_seconds(panel: PanelPage) -> None:
    """The focus goes to the next one; the clock stops while the notice is looked at."""
    stop_clock(panel.page)
    panel.start()
    panel.row("Conversation 1").press("Delete")
    expect(panel.row("Conversation 1")).to_have_count(0)
    expect(panel.row("Conversation 2")).to_be_focused()
    notice = panel.page.get_by_role("status").filter(has_text="Deleted")
    panel.page.clock.run_for(100)
    expect(notice).to_contain_text("Deleted “Conversation 1”.")
    notice.hover()
    panel.page.clock.run_for(60_000)
    notice.get_by_role("button", name="Undo").click()
    expect(panel.row("Conversation 1")).to_be_visible()
    expect(notice).to_have_count(0)
    panel.page.locator("#question").hover()
    panel.menu("Conversation 2", "Delete")
    panel.page.clock.run_for(9_000)
    expect(notice).to_be_visible()
    panel.page.clock.run_for(1_500)
    expect(notice).to_have_count(0)
    panel.page.keyboard.press("ControlOrMeta+z")
    assert panel.calls() == [["remove", "c1"], ["restore", "c1"], ["remove", "c2"]]


def test_the_last_deletion_is_taken_back_by_key(panel: PanelPage) -> None:
    """Without a way to the notice."""
    panel.start()
    panel.row("Conversation 1").press("Delete")
    panel.row("Conversation 2").press("ControlOrMeta+z")
    expect(panel.row("Conversation 1")).to_be_visible()
    assert panel.calls() == [["remove", "c1"], ["restore", "c1"]]


def test_a_conversation_that_cannot_be_deleted_is_there_again(panel: PanelPage, allowed_errors: list[str]) -> None:
    """And nobody is told that it was deleted."""
    allowed_errors.append("refused for the test")
    panel.start()
    panel.page.evaluate("void (harness.actions.remove = async () => { throw new Error('refused for the test'); })")
    panel.menu("Conversation 1", "Delete")
    expect(panel.row("Conversation 1")).to_be_visible()
    expect(panel.page.get_by_text("Deleted “")).to_have_count(0)


def test_the_list_is_one_stop_and_the_arrow_keys_go_through_all_of_it(panel: PanelPage) -> None:
    """Also beyond what is drawn; Tab goes on to the row's menu and to what is below the list."""
    panel.start(300, open="c1")
    assert panel.rows.count() < 100
    panel.search_box.focus()
    panel.page.keyboard.press("Tab")
    expect(panel.row("Conversation 1")).to_be_focused()
    panel.page.keyboard.press("ArrowDown")
    expect(panel.row("Conversation 2")).to_be_focused()
    panel.page.keyboard.press("Tab")
    expect(panel.page.get_by_role("button", name="More for “Conversation 2”")).to_be_focused()
    panel.page.keyboard.press("Tab")
    expect(panel.page.get_by_role("button", name="Save all")).to_be_focused()
    last = panel.rows.last
    last.focus()
    panel.page.keyboard.press("ArrowDown")
    expect(panel.rows.nth(40)).to_be_focused()
    panel.page.keyboard.press("End")
    expect(panel.row("Conversation 299")).to_be_focused()
    panel.page.keyboard.press("Home")
    expect(panel.row("Conversation 0")).to_be_focused()
    panel.page.keyboard.press("Enter")
    assert panel.calls() == [["open", "c0"]]


def test_more_rows_are_drawn_when_they_are_scrolled_near(panel: PanelPage) -> None:
    """Until all are there; an open one far down is drawn at once."""
    panel.start(250, open="c60")
    expect(panel.page.locator("[aria-current=page]")).to_be_in_viewport()
    panel.page.locator(".list").first.hover()
    while (drawn := panel.rows.count()) < 250:
        panel.page.mouse.wheel(0, 20_000)
        expect(panel.rows.nth(drawn)).to_be_attached()
    expect(panel.rows).to_have_count(250)
    panel.page.mouse.wheel(0, 20_000)
    expect(panel.row("Conversation 249")).to_be_in_viewport()


def test_a_thousand_conversations_cost_about_what_forty_do(panel: PanelPage) -> None:
    """A bound that only a full drawing of the list would break: see the figures in the benchmarks for more."""
    panel.start(10)
    took = panel.page.evaluate("""() => {
      const of = (count) => {
        document.getElementById("conversations").remove();
        const begun = performance.now();
        harness.start(harness.many(count));
        return performance.now() - begun;
      };
      const best = (count) => Math.min(...Array.from({length: 5}, () => of(count)));
      return [best(40), best(1000)];
    }""")
    assert took[1] < 3 * took[0] + 10, took
    assert panel.rows.count() <= 40


def test_search_shows_what_was_found_with_the_words_marked(panel: PanelPage) -> None:
    """Titles first, then texts; it says how many; Escape gives the list back."""
    conversations = [
        {"id": "a", "title": "One", "updated": "2026-11-21T12:00:00", "text": "A word of CAFÉS in <b>Lisbon</b>."},
        {"id": "b", "title": "Café list", "updated": "2026-08-01T12:00:00", "text": ""},
        {"id": "c", "title": "Other", "updated": "2020-08-01T12:00:00", "text": ""},
    ]
    panel.start(conversations)
    panel.search_box.press_sequentially("cafe")
    expect(panel.found.locator(".title")).to_have_text(["Café list", "One"])
    expect(panel.found.locator("mark")).to_have_text(["Café", "CAFÉ"])
    expect(panel.found.nth(1).locator(".excerpt")).to_have_text("A word of CAFÉS in <b>Lisbon</b>.")
    expect(panel.aside.get_by_role("status")).to_have_text("2 found")
    expect(panel.rows.first).to_be_hidden()
    panel.search_box.press("ArrowDown")
    panel.page.keyboard.press("ArrowDown")
    expect(panel.found.nth(1)).to_be_focused()
    panel.page.keyboard.press("Enter")
    expect(panel.found.nth(1)).to_have_attribute("aria-current", "page")
    panel.search_box.fill("zzz")
    expect(panel.page.locator(".results")).to_have_text("Nothing found.")
    expect(panel.aside.get_by_role("status")).to_have_text("Nothing found.")
    panel.search_box.press("Escape")
    expect(panel.search_box).to_have_value("")
    expect(panel.rows).to_have_count(3)
    expect(panel.rows.first).to_be_visible()
    assert panel.calls("open") == [["open", "a"]]


def test_an_answer_to_an_earlier_query_never_replaces_a_later_ones(panel: PanelPage) -> None:
    """However late it comes; and none comes after the search was left."""
    panel.start()
    panel.page.evaluate("""() => {
      const answers = globalThis.answers = {};
      harness.actions.search = (query) => {
        document.body.dataset.asked = query;
        return new Promise((resolve) => (answers[query] = resolve));
      };
    }""")
    excerpt = {"before": "", "hit": "", "after": ""}
    for query in ("first", "second"):
        panel.search_box.fill(query)
        expect(panel.page.locator("body")).to_have_attribute("data-asked", query)
    panel.page.evaluate("(excerpt) => answers.second([{id: 'c2', excerpt}])", excerpt)
    expect(panel.found.locator(".title")).to_have_text(["Conversation 2"])
    panel.page.evaluate("(excerpt) => answers.first([{id: 'c1', excerpt}, {id: 'c3', excerpt}])", excerpt)
    panel.page.wait_for_timeout(100)
    expect(panel.found.locator(".title")).to_have_text(["Conversation 2"])
    panel.search_box.fill("third")
    expect(panel.page.locator("body")).to_have_attribute("data-asked", "third")
    panel.search_box.press("Escape")
    panel.page.evaluate("(excerpt) => answers.third([{id: 'c1', excerpt}])", excerpt)
    panel.page.wait_for_timeout(100)
    expect(panel.rows.first).to_be_visible()


def test_what_is_deleted_while_it_is_found_goes_there_too(panel: PanelPage) -> None:
    """By another tab, for instance."""
    panel.start(2)
    panel.search_box.fill("conversation")
    expect(panel.found).to_have_count(2)
    panel.page.evaluate("harness.update({conversations: harness.many(1)})")
    expect(panel.found).to_have_count(1)


def test_files_are_imported_and_what_came_of_it_is_told(panel: PanelPage) -> None:
    """A refusal too, with its hint; the same file can be chosen again."""
    panel.start()
    chooser = panel.page.locator("input[type=file]")
    for name in ("good.json", "bad.json", "bad.json"):
        with panel.page.expect_file_chooser() as choosing:
            panel.page.get_by_role("button", name="Import…").click()
        choosing.value.set_files({"name": name, "mimeType": "application/json", "buffer": b"[]"})
        if name == "good.json":  # what is told of it goes by itself
            expect(panel.page.get_by_role("status").filter(has_text="2 conversations from ChatGPT.")).to_be_visible()
    expect(panel.page.get_by_role("alert")).to_contain_text(
        ["This file is of no kind that can be read. Export it anew."] * 2
    )
    expect(chooser).to_have_attribute("accept", re.compile(r"\.json"))
    assert panel.calls("importFile")[0] == ["importFile", "good.json", "[]"]


def test_the_line_about_room_has_a_button_to_keep(panel: PanelPage) -> None:
    """It goes when the browser promises, and the line takes the focus; a refusal is told."""
    panel.page.evaluate("harness.promises = false")
    panel.start()
    line = panel.page.locator(".usage")
    expect(line).to_contain_text("1.2 MB of 2 GB used · may be deleted by the browser when space is short")
    keep = panel.page.get_by_role("button", name="Keep")
    keep.click()
    expect(panel.page.get_by_role("status").filter(has_text="did not promise")).to_be_visible()
    panel.page.evaluate("harness.promises = true")
    keep.click()
    expect(keep).to_be_hidden()
    expect(line).to_contain_text("1.2 MB of 2 GB used · kept by the browser")
    expect(line.locator("bdi")).to_be_focused()


def test_a_browser_that_keeps_nothing_and_who_is_logged_in_are_told(panel: PanelPage) -> None:
    """A name is text."""
    panel.start(10, {"persistent": False, "user": "<i>Ada</i>", "logoutUrl": "/logout"})
    expect(panel.page.locator(".usage")).to_contain_text("gone when the tab is closed.")
    expect(panel.page.locator(".viewer")).to_have_text("<i>Ada</i>Log out")
    expect(panel.page.get_by_role("link", name="Log out")).to_have_attribute("href", "/logout")


def test_one_can_log_out_without_a_name(panel: PanelPage) -> None:
    """Where the proxy does not say who is there."""
    panel.start(10, {"logoutUrl": "/logout"})
    expect(panel.page.locator(".viewer")).to_have_text("Log out")


def test_leaving_waits_for_what_is_to_be_forgotten(panel: PanelPage) -> None:
    """Then the address is gone to, whatever came of it."""
    panel.start(10, {"user": "Ada", "logoutUrl": "#left"})
    panel.page.evaluate("void (harness.actions.logOut = async () => harness.calls.push(['logOut', location.hash]))")
    panel.page.get_by_role("link", name="Log out").click()
    panel.page.wait_for_url("**#left")
    assert panel.calls() == [["logOut", ""]]


def test_the_panel_stands_beside_the_page_and_its_being_closed_is_remembered(panel: PanelPage, address: str) -> None:
    """The page takes the room that it leaves."""
    panel.start()
    app = panel.page.locator("gradio-app")
    expect(panel.toggle).to_have_attribute("aria-expanded", "true")
    assert box_of(app)["x"] == 272
    panel.toggle.click()
    expect(panel.toggle).to_have_attribute("aria-expanded", "false")
    expect(panel.rows.first).to_be_hidden()
    assert box_of(app)["x"] == 0
    again = opened(panel.page, address).start()
    expect(again.toggle).to_have_attribute("aria-expanded", "false")
    again.toggle.click()
    once_more = opened(panel.page, address).start()
    expect(once_more.rows.first).to_be_visible()


def test_on_a_phone_it_is_a_drawer_over_the_page(phone: PanelPage) -> None:
    """Closed at first; the rest of the page waits while it is open, and the focus comes back from it."""
    phone.start()
    expect(phone.toggle).to_have_attribute("aria-expanded", "false")
    app = phone.page.locator("gradio-app")
    leaves: list[Callable[[], None]] = [
        lambda: phone.page.keyboard.press("Escape"),
        lambda: phone.page.mouse.click(380, 400),
        lambda: phone.toggle.press("Enter"),
    ]
    for leave in leaves:
        phone.toggle.click()
        expect(phone.page.get_by_role("button", name="New chat")).to_be_focused()
        assert app.evaluate("element => element.inert")
        leave()
        expect(phone.rows.first).to_be_hidden()
        expect(phone.toggle).to_be_focused()
        assert not app.evaluate("element => element.inert")
    phone.toggle.click()
    phone.row("Conversation 2").tap()
    expect(phone.rows.first).to_be_hidden()
    phone.toggle.click()
    phone.page.get_by_role("button", name="New chat").tap()
    expect(phone.rows.first).to_be_hidden()
    assert phone.calls() == [["open", "c2"], ["begin"]]
    assert box_of(app)["x"] == 0


def test_escape_in_the_drawer_leaves_what_is_innermost(phone: PanelPage) -> None:
    """The menu, the title's box, the search, and only then the drawer."""
    phone.start()
    phone.toggle.click()
    phone.page.get_by_role("button", name="More for “Conversation 1”").tap()
    expect(phone.page.get_by_role("menuitem").first).to_be_focused()
    phone.page.keyboard.press("Escape")
    expect(phone.page.get_by_role("menu")).to_have_count(0)
    phone.row("Conversation 1").press("F2")
    expect(phone.page.get_by_role("textbox", name="Title")).to_be_focused()
    phone.page.keyboard.press("Escape")
    expect(phone.row("Conversation 1")).to_be_focused()
    phone.search_box.fill("x")
    expect(phone.rows.first).to_be_hidden()
    phone.page.keyboard.press("Escape")
    expect(phone.search_box).to_have_value("")
    expect(phone.rows.first).to_be_visible()
    phone.page.keyboard.press("Escape")
    expect(phone.rows.first).to_be_hidden()


def test_on_a_phone_everything_is_large_enough_for_a_finger(phone: PanelPage) -> None:
    """At least 40 pixels each way, in the menu and in a notice too; and an undo can be reached over the drawer."""
    stop_clock(phone.page)  # the notice would go by itself
    phone.start(10, {"user": "Ada", "logoutUrl": "/logout"})
    phone.toggle.click()
    phone.menu("Conversation 1", "Delete")
    phone.page.clock.run_for(100)
    phone.page.get_by_role("button", name="More for “Conversation 2”").tap()
    expect(phone.page.get_by_role("menuitem").first).to_be_focused()
    expect(phone.page.get_by_role("button", name="Undo")).to_be_visible()
    sizes: list[list[Any]] = phone.page.evaluate("""() =>
      [...document.querySelectorAll(":is(#conversations, #notices) :is(a, button, input:not([type=file]))")]
        .filter((element) => element.checkVisibility())
        .map((element) => [element.textContent || element.ariaLabel, element.getBoundingClientRect().toJSON()])
        .map(([name, {width, height}]) => [name, width, height])""")
    assert len(sizes) > 25
    assert [size for size in sizes if min(size[1:]) < 40] == []
    phone.page.keyboard.press("Escape")
    phone.page.get_by_role("button", name="Undo").tap()
    expect(phone.row("Conversation 1")).to_be_visible()


def test_hostile_titles_do_nothing(panel: PanelPage) -> None:
    """They are text, of one line, in their row, in its menu, in its notice and when found."""
    conversations = [
        {"id": f"h{number}\"><b>'", "title": title, "updated": "2026-11-21T12:00:00", "text": title}
        for number, title in enumerate(HOSTILE)
    ]
    stop_clock(panel.page)  # the notices would go by themselves
    panel.start(conversations)
    rows = panel.page.locator(".row")
    expect(rows).to_have_count(len(HOSTILE))
    assert rows.locator("img, script, b").count() == 0
    titles = panel.rows.locator(".title").all_text_contents()
    assert titles.count("New chat") == 2
    assert max(map(len, titles)) <= 201
    assert not any("\u202e" in title or "\u2066" in title for title in titles)
    assert {round(box_of(row)["height"]) for row in rows.all()} == {36}
    panel.search_box.fill("img src")
    panel.page.clock.run_for(100)
    expect(panel.found).to_have_count(1)
    panel.search_box.press("Escape")
    for left in range(len(HOSTILE), 0, -1):
        expect(panel.rows).to_have_count(left)
        panel.rows.first.press("Delete")
    panel.page.clock.run_for(100)
    expect(panel.page.get_by_role("status").filter(has_text="onerror")).to_be_visible()
    expect(panel.page.get_by_text("No conversations yet.")).to_be_visible()
    expect(panel.page).to_have_title("The side panel alone")
    assert panel.page.locator("#notices :is(img, script, b)").count() == 0


def test_it_works_from_right_to_left(panel: PanelPage) -> None:
    """The panel is at the right then, and the page beside it."""
    panel.page.evaluate("document.documentElement.dir = 'rtl'")
    panel.start()
    width = DESKTOP[0]
    inside = box_of(panel.page.locator(".inside"))
    assert inside["x"] + inside["width"] == width
    app = box_of(panel.page.locator("gradio-app"))
    assert (app["x"], app["width"]) == (0, width - 272)
    panel.menu("Conversation 1", "Pin")


def test_nothing_moves_for_whom_that_disturbs(panel: PanelPage) -> None:
    """`prefers-reduced-motion`."""
    panel.start(arriving=["c1"])
    moving = "document.getAnimations().length"
    panel.page.emulate_media(reduced_motion="no-preference")
    assert panel.page.evaluate(moving) == 1
    panel.page.emulate_media(reduced_motion="reduce")
    assert panel.page.evaluate(moving) == 0


def test_notices_are_stacked_told_apart_and_closed(panel: PanelPage) -> None:
    """What is wrong interrupts, the rest does not; they are text, and leave the text box free."""
    panel.start()
    panel.page.evaluate("""() => {
      const actions = [{label: "Save", run: () => harness.calls.push(["run"])}];
      harness.tell({kind: "down", sentence: "<b>Full</b>", hint: "Save.", actions});
      for (let number = 0; number < 40; number += 1) harness.tell({kind: "info", sentence: `Notice ${number}`});
    }""")
    alert = panel.page.get_by_role("alert")
    expect(alert).to_contain_text("<b>Full</b> Save.")
    expect(panel.page.get_by_role("status").filter(has_text="Notice")).to_have_count(40)
    region = box_of(panel.page.get_by_role("region", name="Notices"))
    assert region["y"] + region["height"] < box_of(panel.page.locator("#question"))["y"]
    panel.page.locator("#question").click()
    alert.get_by_role("button", name="Save").click()
    expect(alert).to_have_count(0)
    panel.page.get_by_role("status").filter(has_text="Notice 39").get_by_role("button", name="Close").press("Enter")
    expect(panel.page.get_by_role("status").filter(has_text="Notice")).to_have_count(39)
    assert panel.calls() == [["run"]]


def test_a_notice_waits_while_the_focus_is_in_it(panel: PanelPage) -> None:
    """Then goes on with what was left of its time."""
    stop_clock(panel.page)
    panel.start()
    panel.page.evaluate("harness.tell({kind: 'info', sentence: 'Passing', seconds: 5})")
    panel.page.clock.run_for(3_000)
    notice = panel.page.get_by_role("status").filter(has_text="Passing")
    notice.get_by_role("button", name="Close").focus()
    panel.page.clock.run_for(30_000)
    expect(notice).to_be_visible()
    panel.page.locator("#question").focus()
    panel.page.clock.run_for(1_500)
    expect(notice).to_be_visible()
    panel.page.clock.run_for(1_000)
    expect(notice).to_have_count(0)


def show_everything(panel: PanelPage, *, dark: bool, theme: str = "default") -> None:
    """Start it with everything that has text."""
    options = {"user": "Ada", "logoutUrl": "/logout"}
    panel.start(30, options, dark=dark, theme=theme, open="c1", arriving=["c2"])
    panel.page.evaluate("""() => {
      harness.tell({kind: "down", sentence: "Full.", hint: "Save.", actions: [{label: "Save", run() {}}]});
      harness.tell({kind: "info", sentence: "Deleted.", actions: [{label: "Undo", run() {}}]});
    }""")
    expect(panel.page.get_by_role("button", name="Undo")).to_be_visible()
    expect(panel.page.get_by_role("button", name="Keep")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_wrong(panel: PanelPage, *, dark: bool) -> None:
    """The panel with notices, its menu, a title being typed, what was found, nothing found, and the panel closed."""
    panel.page.emulate_media(reduced_motion="reduce")
    show_everything(panel, dark=dark)
    assert violations(panel.page) == []
    panel.page.get_by_role("button", name="More for “Conversation 1”").click()
    assert violations(panel.page) == []
    panel.page.get_by_role("menuitem", name="Rename").click()
    assert violations(panel.page) == []
    panel.page.keyboard.press("Escape")
    panel.search_box.fill("text")
    expect(panel.found.first).to_be_visible()
    assert violations(panel.page) == []
    panel.search_box.fill("zzz")
    expect(panel.page.locator(".results .empty")).to_be_visible()
    assert violations(panel.page) == []
    panel.toggle.click()
    assert violations(panel.page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_wrong_on_a_phone(phone: PanelPage, *, dark: bool) -> None:
    """Closed and open."""
    phone.page.emulate_media(reduced_motion="reduce")
    phone.start(30, {"user": "Ada", "logoutUrl": "/logout"}, dark=dark)
    assert violations(phone.page) == []
    phone.toggle.click()
    assert violations(phone.page) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("theme", THEMES)
def test_all_text_can_be_read_in_every_theme(panel: PanelPage, theme: str, *, dark: bool) -> None:
    """A contrast of 4.5 for text and of 3 for the ring around what has the focus; computed from what is drawn."""
    panel.page.emulate_media(reduced_motion="reduce")
    show_everything(panel, dark=dark, theme=theme)
    panel.page.get_by_role("button", name="More for “Conversation 1”").click()
    worst = panel.page.evaluate(CONTRAST)
    panel.page.keyboard.press("Escape")
    panel.search_box.fill("text")
    expect(panel.found.first).to_be_visible()
    worst |= {f"{name}, found": ratio for name, ratio in panel.page.evaluate(CONTRAST).items()}
    assert len(worst) > 12
    assert {name: ratio for name, ratio in worst.items() if ratio < 4.5} == {}
