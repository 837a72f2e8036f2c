"""Turns with tools, pictures and recordings on the real page: seen, allowed, stopped, kept, rated and sent again."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.app_process import App, comes_within
from tests.browser.artifacts import block
from tests.browser.chat_page import WHEN_LEFT, ChatPage, open_chat
from tests.browser.conftest import DESKTOP, PHONE, StartApp, Watch, new_context
from tests.browser.moments import soon
from tests.browser.panel import SidePanel
from tests.browser.rich import (
    ENVIRONMENT,
    FIGURE,
    FRAME,
    MARKUP,
    SETTINGS,
    called,
    gives,
    opened,
    picture,
    recording,
    thought,
    told,
    wants,
)
from tests.browser.test_composer import a_file
from tests.browser.test_kept_files import saved_by, text_of
from tests.browser.test_question_files import add
from tests.browser.test_side_panel import looked_at
from tests.browser.upstream import Upstream, says, says_as_taken

pytestmark = pytest.mark.browser

ADD = ("mcp__add", {"a": 1, "b": 2})
WEATHER = ("weather", {"place": {"city": "Paris"}})
STOPPED_WITHIN_S = 2.0
LEAST_SHARE = 0.85


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with all tools."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url), environment=ENVIRONMENT)


def ask_to_add(chat: ChatPage, server: Upstream) -> None:
    """A question whose call waits for the visitor."""
    server.then(wants(ADD))
    chat.send("1 + 2?")
    expect(chat.button("Allow")).to_be_visible()


def test_a_call_is_a_nested_thought_and_the_answer_follows(chat: ChatPage, server: Upstream) -> None:
    """With arguments, result, state and duration; what the model said and thought before stands above it."""
    server.then(wants(WEATHER, said="Let me look.", reasoning=["Hm."]), says("It is fine."), says("Yes."))
    chat.ask("How is the weather?")
    in_order = re.compile(r"Thought.*Let me look\..*Called a tool: weather.*It is fine\.", re.DOTALL)
    expect(chat.answers.last).to_have_text(in_order)
    opened(chat, "Called a tool", "weather")
    call = chat.conversation.locator(".children .thought-group")
    expect(call).to_have_count(1)
    expect(call.locator(".title")).to_contain_text(re.compile(r"weather\s+done \([\d.]+m?s\)"))
    expect(call.locator("code").first).to_contain_text('"city": "Paris"')
    expect(call.locator("code").last).to_have_text("Paris, DE: fine for 1 days, 21 C\n")
    assert told(server) == ["Paris, DE: fine for 1 days, 21 C"]
    offered = [tool["function"]["name"] for tool in server.asked[0].body["tools"]]
    assert {"mcp__echo", "weather", "show_plot"} <= set(offered)
    assert not [name for name in offered if name.startswith("gone")]
    chat.page.reload()
    opened(chat, "Called a tool", "weather")
    expect(call.locator("code").last).to_contain_text("fine for 1 days")
    chat.ask("Sure?")
    roles = [message["role"] for message in server.asked[-1].body["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert [(name, json.loads(given)) for name, given in called(server)] == [WEATHER]


def test_a_call_that_is_allowed_is_made(chat: ChatPage, server: Upstream) -> None:
    """Until then it waits, and says so, and the model is not asked again."""
    ask_to_add(chat, server)
    expect(thought(chat, "May mcp__add be called?")).to_be_visible()
    expect(chat.conversation.locator(".children .thought-group .title")).to_contain_text("waits for you")
    expect(chat.conversation.locator(".children code")).to_contain_text('"a": 1')
    expect(chat.stop_button).to_be_visible()
    assert len(server.asked) == 1
    server.then(says("Three."))
    chat.button("Allow").click()
    chat.expect_answer("Three.")
    chat.expect_done()
    assert told(server) == ["3"]
    expect(chat.conversation.get_by_role("button", name="Allow")).to_have_count(0)
    expect(chat.answers.last).not_to_contain_text("May mcp__add")


def test_a_call_that_is_denied_is_not_and_the_model_is_told(chat: ChatPage, server: Upstream) -> None:
    """The turn goes on."""
    ask_to_add(chat, server)
    server.then(says("Then not."))
    chat.button("Deny").click()
    chat.expect_answer("Then not.")
    chat.expect_done()
    assert told(server) == ["The visitor did not allow this call."]
    opened(chat, "Called a tool")
    expect(chat.conversation.locator(".children .title")).to_contain_text("not allowed")


def test_of_several_calls_each_is_decided_alone(chat: ChatPage, server: Upstream) -> None:
    """One behind the other, with its arguments, so that it is clear which; what needs no leave does not wait."""
    server.then(wants(("mcp__add", {"a": 1, "b": 1}), WEATHER, ("mcp__add", {"a": 5, "b": 5})), says("Done."))
    chat.send("Add")
    asked = chat.conversation.locator(".thought-group").filter(has_text="May mcp__add")
    for number, button in (("1", "Allow"), ("5", "Deny")):
        expect(asked).to_have_count(1)
        expect(asked).to_contain_text(f'"a": {number}')
        chat.conversation.get_by_role("button", name=button).click()
    chat.expect_answer("Done.")
    chat.expect_done()
    denied = "The visitor did not allow this call."
    assert (told(server)[0], told(server)[2]) == ("2", denied)
    assert "fine" in told(server)[1]


def is_idle(chat: ChatPage) -> bool:
    """Whether no answer grows on the page just now."""
    return not chat.page.locator("body.answering").count()


def test_stop_while_a_call_waits_ends_the_turn(chat: ChatPage, app: App, server: Upstream) -> None:
    """At once, without the call; the conversation goes on."""
    ask_to_add(chat, server)
    chat.stop_button.click()
    assert comes_within(app, STOPPED_WITHIN_S, lambda: is_idle(chat))
    chat.expect_answer("You stopped this answer.")
    chat.expect_done()
    expect(chat.conversation.get_by_role("button", name="Allow")).to_have_count(0)
    server.then(says("Fine."))
    chat.ask("And now?")
    chat.expect_answer("Fine.")
    assert len(server.asked) == 2


def test_stop_ends_a_tool_that_is_slow(chat: ChatPage, app: App, server: Upstream, tmp_path: Path) -> None:
    """The tool itself is told, by its own protocol; the page is idle again, and the conversation goes on."""
    marks = tmp_path / "marks"
    server.then(wants(("mcp__slow", {"marks": str(marks)})))
    chat.send("Wait")
    expect(chat.conversation.locator(".children .title")).to_contain_text("running")
    assert soon(chat.page, marks.exists, bool)
    chat.stop_button.click()
    assert comes_within(app, STOPPED_WITHIN_S, lambda: is_idle(chat) and marks.read_text() == "cancelled")
    chat.expect_answer("You stopped this answer.")
    chat.expect_done()
    server.then(says("Fine."))
    chat.ask("And now?")
    chat.expect_answer("Fine.")


def test_a_reload_while_a_call_waits_leaves_an_interrupted_answer(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """Nobody can allow it any more, and the page works."""
    allowed_errors.extend(WHEN_LEFT)
    ask_to_add(chat, server)
    chat.page.reload()
    chat.expect_answer("interrupted")
    expect(chat.conversation.get_by_role("button", name="Allow")).to_have_count(0)
    chat.expect_done()
    server.then(says("Fine."))
    chat.ask("And now?")
    chat.expect_answer("Fine.")


def test_calls_of_one_round_are_made_at_the_same_time(chat: ChatPage, server: Upstream) -> None:
    """Two that wait for each other both return."""
    server.then(wants(("mcp__meet", {"number": 1}), ("mcp__meet", {"number": 2})), says("Both."))
    chat.ask("Meet")
    assert told(server) == ["met 1", "met 2"]
    expect(chat.answers.last).to_contain_text("Called 2 tools: mcp__meet")
    opened(chat, "Called 2 tools")
    expect(chat.conversation.locator(".children .thought-group .title")).to_contain_text(["mcp__meet", "mcp__meet"])


def test_whatever_goes_wrong_with_a_call_is_told_and_the_turn_goes_on(chat: ChatPage, server: Upstream) -> None:
    """Arguments that are no JSON, a tool that is not there, two that fail, arguments of the wrong kind."""
    server.then(
        wants(
            ("mcp__echo", '{"text": "half'),
            ("unheard_of", {}),
            ("mcp__fail", {}),
            ("broken", {"words": "the lamp is out"}),
            ("weather", {"place": "Paris", "days": 99}),
        ),
        says("All went wrong."),
        says("Yes."),
    )
    chat.ask("Try")
    no_json, unknown, failed, raised, wrong = told(server)
    assert "not valid JSON" in no_json
    assert "no tool called `unheard_of`" in unknown
    assert failed == "Error executing tool fail"
    assert "the lamp is out" in raised
    assert "days" in wrong
    opened(chat, "Called 5 tools")
    titles = chat.conversation.locator(".children .thought-group .title")
    expect(titles).to_contain_text(["failed"] * 5)
    opened(chat, "mcp__fail")
    expect(chat.conversation.locator(".children")).to_contain_text("Error executing tool fail")
    chat.ask("Really?")
    assert [given for name, given in called(server) if name == "mcp__echo"] == ["{}"]


def test_a_server_that_dies_in_a_call_is_told_and_is_there_again(chat: ChatPage, server: Upstream) -> None:
    """The next call starts it anew."""
    server.then(wants(("mcp__crash", {})), says("It died."), wants(("mcp__echo", {"text": "again"})), says("It lives."))
    chat.ask("Crash")
    assert "mcp" in told(server)[0]
    opened(chat, "Called a tool")
    expect(chat.conversation.locator(".children .thought-group .title")).to_contain_text("failed")
    chat.ask("Go on")
    chat.expect_answer("It lives.")
    assert told(server)[-1] == "again"


def test_pictures_recordings_and_files_of_results_are_shown(chat: ChatPage, server: Upstream) -> None:
    """There after a reload too; the model gets the picture as such."""
    server.then(wants(("mcp__picture", {}), ("mcp__audio", {}), ("mcp__resource", {})), says("Look."))
    chat.ask("Show")
    for _ in range(2):
        expect(chat.answers.last.locator("img")).to_have_attribute("src", re.compile("^data:image/png;base64,"))
        expect(chat.answers.last.get_by_test_id("waveform-Audio")).to_be_visible()
        opened(chat, "Called 3 tools", "today.md")
        file = chat.conversation.locator(".children").get_by_role("link", name="today.md")
        expect(file).to_have_attribute("download", re.compile("today.md"))
        chat.page.reload()
    parts = [part["type"] for message in server.asked[-1].body["messages"] for part in parts_of(message)]
    assert "image_url" in parts


def parts_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a message that is more than text."""
    return message["content"] if isinstance(message["content"], list) else []


def test_names_arguments_and_results_are_never_markup(chat: ChatPage, server: Upstream) -> None:
    """Wherever they stand: while it is asked for, when it is done, in a table, on a reply, in a file's name."""
    name = f"tool{MARKUP}"
    server.then(
        wants(
            (name, {"text": f"```\n{MARKUP}"}),
            ("mcp__echo", {"text": f"```\n{MARKUP}\n# Title"}),
            ("show_table", {"headers": [MARKUP], "rows": [[f"{MARKUP}|x"]], "title": MARKUP}),
            ("show_html", {"html": "<p>x</p>", "title": MARKUP}),
            ("show_gallery", {"pictures": [{"url": picture(), "caption": MARKUP}]}),
            ("offer_replies", {"replies": ["<b>Yes</b>", "<i>No</i>"]}),
        ),
        says("Done."),
    )
    chat.ask("Try")
    opened(chat, "Called 6 tools", "mcp__echo")
    expect(chat.conversation.locator("td")).to_have_text(f"{MARKUP}|x")
    expect(chat.button("<b>Yes</b>")).to_be_visible()
    expect(chat.conversation.locator("img[src='x'], img[onerror], script, h1")).to_have_count(0)
    expect(chat.page).to_have_title(re.compile("Try|Chat"))


def test_pictures_and_recordings_of_the_model_are_part_of_its_answer(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """What comes with the answer is shown, there after a reload; what is elsewhere stays a link."""
    allowed_errors.append("example.org")
    said = {"content": "One ![remote](https://example.org/a.png)", "audio": {"data": recording()}}
    server.then(gives({**said, "images": [{"type": "image_url", "image_url": {"url": picture()}}]}))
    chat.ask("Paint")
    for _ in range(2):
        expect(chat.answers.last.locator("img")).to_have_count(1)
        expect(chat.answers.last.locator("img")).to_have_attribute("src", picture())
        assert chat.answers.last.locator("img").evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 320
        expect(chat.answers.last.get_by_test_id("waveform-Audio")).to_contain_text("0:01")
        expect(chat.answers.last.get_by_role("link")).to_have_attribute("href", "https://example.org/a.png")
        chat.page.reload()
    expect(chat.questions).to_have_count(1)
    expect(chat.conversation.get_by_role("button", name="Share")).to_have_count(0)
    server.then(gives({"content": "", "images": [{"image_url": {"url": "https://example.org/b.png"}}]}))
    chat.ask("Another")
    expect(chat.answers.last.get_by_role("link")).to_have_attribute("href", "https://example.org/b.png")
    expect(chat.answers.last.locator("img")).to_have_count(0)


def test_what_a_call_waits_with_is_in_view_on_a_phone(
    browser: Browser, own_hosts: set[str], app: App, server: Upstream
) -> None:
    """The buttons too, although the thought with the arguments unfolds slowly."""
    made = new_context(browser, PHONE)
    watch = Watch(made, own_hosts)
    chat = open_chat(made.new_page(), app)
    server.then(says("word\n\n" * 40))
    chat.ask("Hi")
    ask_to_add(chat, server)
    expect(chat.button("Deny")).to_be_in_viewport(ratio=1)
    server.then(says("Then not."))
    chat.button("Deny").tap()
    chat.expect_answer("Then not.")
    chat.expect_done()
    made.close()
    assert not watch.faults(())


def expect_as_wide(chat: ChatPage, selector: str) -> None:
    """Wait until that part of the last answer is about as wide as the conversation."""
    part = chat.answers.last.locator(selector)

    def share() -> float:
        width: float = part.evaluate("(element) => element.getBoundingClientRect().width")
        whole: float = chat.conversation.evaluate("(element) => element.clientWidth")
        return width / whole

    assert soon(chat.page, share, lambda found: found > LEAST_SHARE) > LEAST_SHARE, selector


def test_display_tools_show_what_they_are_given(chat: ChatPage, server: Upstream) -> None:
    """A plot, a table, a gallery as wide as the conversation, and a page in a frame that reaches nothing."""
    server.then(
        wants(
            ("show_plot", {"figure": FIGURE, "title": "Visits"}),
            ("show_table", {"headers": ["Day", "Visits"], "rows": [["Monday", 3]], "title": "All visits"}),
            ("show_gallery", {"pictures": [{"url": picture(), "caption": "A wall"}, {"url": picture("teal")}]}),
            ("show_html", {"html": FRAME, "title": "Clock"}),
        ),
        says("There."),
    )
    chat.ask("Show me")
    for _ in range(2):
        answer = chat.answers.last
        expect(answer.locator(".js-plotly-plot .bars .point")).to_have_count(4)
        expect(answer.locator(".js-plotly-plot .gtitle")).to_have_text("Visits")
        expect(answer.locator("table td")).to_have_text(["Monday", "3"])
        expect(answer.locator(".gallery-container img")).to_have_count(2)
        expect(answer.locator(".gallery-container")).to_contain_text("A wall")
        frame = answer.locator("iframe")
        expect(frame).to_have_attribute("sandbox", "allow-scripts")
        expect(answer.frame_locator("iframe").locator("#by")).to_have_text("by script")
        for wide in (".js-plotly-plot", ".gallery-container", "iframe"):
            expect_as_wide(chat, wide)
        chat.page.reload()


def test_replies_that_are_offered_are_asked_by_a_click(chat: ChatPage, server: Upstream) -> None:
    """As a question of the visitor's; they are gone then, and there again when it is undone."""
    server.then(
        wants(("offer_replies", {"replies": ["Show me more", "No, thanks"]})), says("More?"), says("Well then.")
    )
    chat.ask("Hello")
    chat.page.reload()
    chat.button("No, thanks").click()
    chat.expect_answer("Well then.")
    chat.expect_done()
    expect(chat.questions).to_have_text(["Hello", "No, thanks"])
    assert server.asked[-1].body["messages"][-1] == {"role": "user", "content": "No, thanks"}
    expect(chat.conversation.get_by_role("button", name="Show me more")).to_have_count(0)
    chat.button("Undo").click()
    expect(chat.button("Show me more")).to_be_visible()


def test_code_of_an_answer_is_seen_beside_it(chat: ChatPage, server: Upstream) -> None:
    """Opened by the mouse, while it is written, version by version; the page in its frame; closed by Escape."""
    panel = chat.page.locator("#artifacts > .inside")
    code = panel.get_by_role("region", name="Code").locator("code")
    server.then(says("Here:\n\n", block("html", FRAME)))
    chat.ask("A clock")
    chat.conversation.locator(".open-artifact").click()
    expect(panel.get_by_role("heading", name="Clock")).to_be_visible()
    expect(panel.frame_locator("iframe").get_by_role("heading", name="Tick")).to_be_visible()
    expect(panel.locator("iframe")).to_have_attribute("sandbox", re.compile("^(allow-scripts)?$"))
    later = FRAME.replace("Tick", "Tock")
    seen = threading.Event()
    pieces = (f"```html\n{later[:120]}", later[120:], "\n```\n", "Better.")
    server.then(says_as_taken(*pieces, taken=lambda number: number == 0 or seen.is_set()))
    chat.send("Louder")
    expect(code).to_have_text(later[:120])
    expect(chat.stop_button).to_be_visible()
    seen.set()
    chat.expect_done()
    expect(panel.frame_locator("iframe").get_by_role("heading", name="Tock")).to_be_visible()
    expect(panel).to_contain_text("2 / 2")
    panel.get_by_role("button", name="Earlier version").click()
    expect(panel.frame_locator("iframe").get_by_role("heading", name="Tick")).to_be_visible()
    panel.get_by_role("button", name="Code", exact=True).click()
    expect(code).to_contain_text("Tick")
    chat.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_a_thumb_keeps_calls_and_pictures(chat: ChatPage, app: App, server: Upstream) -> None:
    """The calls with their results in a column, pictures as files that the row names."""
    before = len(app.rows())
    server.then(wants(WEATHER, ("mcp__picture", {})), says("Fine."), says("A cat."))
    chat.ask("Weather?")
    chat.button("Like").click()
    add(chat, a_file())
    chat.ask("What is this?")
    expect(chat.conversation.get_by_text("tokens out")).to_have_count(2)  # the last to come: it moves the buttons down
    chat.button("Dislike").click()
    liked, disliked = soon(chat.page, lambda: app.rows()[before:], lambda rows: len(rows) == 2)
    weather, shown = json.loads(liked["tool_calls"])
    assert (weather["name"], json.loads(weather["arguments"])) == WEATHER
    assert weather["result"] == "Paris, DE: fine for 1 days, 21 C"
    assert shown["name"] == "mcp__picture"
    assert (liked["answer"], liked["question"]) == ("Fine.", "Weather?")
    assert disliked["tool_calls"] == ""
    named = re.findall(r"files/[0-9a-f]{64}\.\w+", disliked["messages"])
    assert len(set(named)) == 2  # the tool's and the visitor's
    for name in named:
        content = (app.feedback / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == Path(name).stem


def test_another_tab_shows_it_all_and_goes_on(chat: ChatPage, app: App, server: Upstream) -> None:
    """While a call waits there as well: it is allowed in the tab that asked."""
    other = open_chat(chat.page.context.new_page(), app)
    ask_to_add(chat, server)
    SidePanel(other.page).open("1 + 2?")
    expect(other.answers.last).to_contain_text("May mcp__add be called?")
    server.then(gives({"content": "Three.", "images": [{"image_url": {"url": picture()}}]}), says("Yes."))
    chat.button("Allow").click()
    chat.expect_answer("Three.")
    chat.expect_done()
    expect(other.answers.last).to_contain_text("Called a tool: mcp__add")
    expect(other.answers.last.locator("img")).to_have_attribute("src", picture())
    other.ask("Sure?")
    assert [(name, json.loads(given)) for name, given in called(server)] == [ADD]
    assert told(server) == ["3"]
    expect(chat.questions).to_have_text(["1 + 2?", "Sure?"])


def test_it_is_saved_and_brought_back(chat: ChatPage, server: Upstream) -> None:
    """As Markdown to be read, with its calls; as JSON with all that the next turn sends and the page shows."""
    server.then(
        wants(WEATHER, ("show_table", {"headers": ["Day"], "rows": [["Monday"]]}), said="Let me look."),
        gives({"content": "Fine.", "images": [{"image_url": {"url": picture()}}]}),
        says("Yes."),
    )
    chat.ask("Weather?")
    panel = SidePanel(chat.page)
    markdown = text_of(saved_by(chat.page, lambda: panel.menu("Weather?", "Save as Markdown")))
    for part in ("weather", '"city": "Paris"', "21 C", "Let me look.", "Monday", "Fine."):
        assert part in markdown, part
    saved = saved_by(chat.page, lambda: panel.menu("Weather?", "Save as JSON"))
    panel.menu("Weather?", "Delete")
    panel.expect_titles()
    chat.page.reload()
    panel.expect_titles()
    panel.import_file(saved.path())
    panel.expect_titles("Weather?")
    panel.open("Weather?")
    expect(chat.answers.last.locator("img")).to_have_attribute("src", picture())
    expect(chat.answers.last.locator("td")).to_have_text("Monday")
    opened(chat, "Called 2 tools", "weather")
    expect(chat.conversation.locator(".children code").nth(1)).to_contain_text("21 C")
    chat.ask("Sure?")
    assert called(server)[0][0] == "weather"
    assert told(server)[0] == "Paris, DE: fine for 1 days, 21 C"


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")])
def test_axe_finds_nothing_wrong_with_it(
    browser: Browser, own_hosts: set[str], app: App, server: Upstream, size: tuple[int, int], theme: str
) -> None:
    """A page with all of it, and one with a call that waits; nothing is wider than the window."""
    made = new_context(browser, size)
    watch = Watch(made, own_hosts)
    chat = open_chat(made.new_page(), app, f"/?__theme={theme}")
    server.then(
        wants(WEATHER, ("mcp__resource", {}), ("mcp__fail", {}), said="Let me look.", reasoning=["Hm."]),
        wants(
            ("show_plot", {"figure": FIGURE}),
            ("show_table", {"headers": ["Day", "Visits"], "rows": [["Monday", 3]], "title": "All visits"}),
            ("show_gallery", {"pictures": [{"url": picture(), "caption": "A wall"}, {"url": picture("teal")}]}),
            ("show_html", {"html": FRAME, "title": "Clock"}),
            ("offer_replies", {"replies": ["Show me more", "No, thanks"]}),
        ),
        gives({"content": "There.", "images": [{"image_url": {"url": picture()}}], "audio": {"data": recording()}}),
    )
    chat.ask("Show me")
    expect(chat.answers.last.locator(".js-plotly-plot .bars .point")).to_have_count(4)
    opened(chat, "Called 3 tools", "weather")
    name = f"rich-{theme}-{size[0]}"
    found = looked_at(chat.page, f"{name}-tools")
    chat.answers.last.locator("iframe").scroll_into_view_if_needed()
    found += looked_at(chat.page, f"{name}-frame")
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    chat = open_chat(made.new_page(), app, f"/?__theme={theme}")  # its own, which axe has looked through sooner
    ask_to_add(chat, server)
    found += looked_at(chat.page, f"{name}-asks")
    chat.stop_button.click()
    chat.expect_done()
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    made.close()
    assert not found, "\n".join(found)
    assert not watch.faults(())
