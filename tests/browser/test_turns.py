"""A turn on the page: every way to start one, to stop it, and to go back."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from threading import Event
from time import monotonic

import gradio
import httpx2
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.app_process import App, comes_within
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp
from tests.browser.upstream import Upstream, chunk, hangs, says, says_as_taken, says_without_end, stream, until

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1, models: [toy, other-model]}}]
presets:
  - {{name: Plain, system_prompt: Be plain., parameters: {{temperature: 0.5}}}}
  - {{name: Other, model: other-model}}
chat:
  examples: [First example, Second example]
  example_labels: [One, Two]
"""
LET_GO_S = 1.0
"""As in `test_stop.py`."""
_ASSETS = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
BUTTONS = [script.name for script in _ASSETS.glob("Index-*.js") if "link_target" in script.read_text(encoding="utf-8")]
"""Gradio's script of a button."""
WHEN_AT_REST = """async (box, patience) => {
  const until = performance.now() + patience;
  const frame = () => new Promise(requestAnimationFrame);
  let [at, height, grown] = [box.scrollTop, box.scrollHeight, 0];
  while (performance.now() < until) {
    await frame();
    if (box.scrollTop !== at) [at, grown] = [box.scrollTop, 0];
    if (box.scrollHeight > height) grown += 1;
    height = box.scrollHeight;
    if (grown === 10) return box.scrollHeight - box.scrollTop - box.clientHeight;
  }
  return 0;
}"""
"""How far from its end a box is left when it stays where it is although it grew ten times; 0 if it never does."""


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with two presets and two examples."""
    return start_app(SETTINGS.format(base_url=upstream_server.base_url))


def sent(server: Upstream, turn: int = -1) -> list[tuple[str, str]]:
    """The messages of a request that the server got."""
    return [(message["role"], message["content"]) for message in server.asked[turn].body["messages"]]


def test_an_answer_streams_below_its_question(chat: ChatPage, server: Upstream) -> None:
    """The first words are there before the last are said."""
    seen = Event()
    server.then(says_as_taken("Hel", "lo ", "**there**", taken=lambda number: number == 0 or seen.is_set()))
    chat.send("Hi")
    expect(chat.questions).to_have_text(["Hi"])
    expect(chat.answers.last).to_have_text("Hel")
    expect(chat.stop_button).to_be_visible()
    seen.set()
    expect(chat.answers.last.locator("strong")).to_have_text("there")
    chat.expect_done()
    expect(chat.answers.last).to_have_text("Hello there")


def test_a_question_that_comes_before_the_page_is_whole_is_answered(page: Page, app: App, server: Upstream) -> None:
    """Gradio's buttons come last, and one of them asks: on a slow network somebody types faster than that."""
    server.then(says("Hello."))
    late: list[Route] = []
    for script in BUTTONS:
        page.route(f"**/assets/{script}", lambda route: late.append(route))  # noqa: PLW0108 -- it marks its handler
    page.goto(app.base_url)
    chat = ChatPage(page)
    expect(chat.box).to_be_focused()
    chat.box.fill("Hi")
    chat.box.press("Enter")
    expect(chat.questions).to_have_text(["Hi"])
    expect(page.locator("#ask-0")).to_have_count(0)
    for route in late:
        route.continue_()
    expect(chat.answers.last).to_have_text("Hello.")


def test_every_request_has_the_system_prompt_and_the_whole_conversation(chat: ChatPage, server: Upstream) -> None:
    """In order, with the preset's parameters, and nothing that is only for the page."""
    server.then(says("One.", reasoning=["Hm."]), says("Two."), says("Three."))
    for question in ("a", "b", "c"):
        chat.ask(question)
    assert sent(server) == [
        ("system", "Be plain."),
        ("user", "a"),
        ("assistant", "One."),
        ("user", "b"),
        ("assistant", "Two."),
        ("user", "c"),
    ]
    assert server.asked[-1].body["temperature"] == 0.5
    assert set(server.asked[-1].body["messages"][1]) == {"role", "content"}


def test_text_goes_both_ways_unaltered(chat: ChatPage, server: Upstream) -> None:
    """Tabs, indentation and leading blank lines, of the question and of the answer."""
    question, answer = "\n\n\tif x:\n\t    y = 1  # two  blanks", "\n    indented\n\tby a tab\n"
    server.then(says(answer), says("Yes."))
    chat.ask(question)
    chat.ask("Again?")
    assert sent(server)[1:3] == [("user", question), ("assistant", answer)]


def test_reasoning_stands_apart_and_is_not_sent_back(chat: ChatPage, server: Upstream) -> None:
    """It is there while the model thinks, and folded when it answers."""
    seen = Event()
    thoughts = [chunk({"reasoning_content": piece}) for piece in ("Let me ", "see.")]
    server.then(stream(chain(thoughts, until(seen), [chunk({"content": "42."}, finish="stop"), b"data: [DONE]\n\n"])))
    chat.send("What is it?")
    expect(chat.answers.last).to_contain_text("Thinking")
    expect(chat.answers.last).to_contain_text("Let me see.")
    seen.set()
    chat.expect_done()
    expect(chat.answers.last).to_contain_text("Thought")
    expect(chat.answers.last.get_by_text("Let me see.")).not_to_be_visible()


def by_sending(chat: ChatPage, server: Upstream) -> None:
    """A question is typed."""
    del server
    chat.send("Hi")


def by_example(chat: ChatPage, server: Upstream) -> None:
    """An example is clicked."""
    del server
    chat.conversation.get_by_role("button", name="Two").click()


def by_retrying(chat: ChatPage, server: Upstream) -> None:
    """The last answer is asked for again."""
    server.then(says("First."))
    chat.ask("Hi")
    server.otherwise = says_without_end()
    chat.button("Retry").click()


def by_editing(chat: ChatPage, server: Upstream) -> None:
    """An earlier question is changed."""
    server.then(says("First."))
    chat.ask("Hi")
    server.otherwise = says_without_end()
    chat.edit("Hello")


@pytest.mark.parametrize("start", [by_sending, by_example, by_retrying, by_editing])
def test_stop_ends_an_answer_however_it_was_started(
    chat: ChatPage, app: App, server: Upstream, start: Callable[[ChatPage, Upstream], None]
) -> None:
    """The server is let go within a second, what had arrived stays, and the next turn works."""
    server.otherwise = says_without_end()
    start(chat, server)
    chat.expect_answer("word word")
    chat.stop_button.click()
    assert comes_within(app, LET_GO_S, server.asked[-1].closed.is_set, lambda: chat.page.evaluate("1"))
    assert server.asked[-1].by_client
    chat.expect_done()
    chat.expect_answer("word word")
    chat.expect_answer("You stopped this answer.")
    server.otherwise = says("Fine.")
    chat.ask("And now?")
    chat.expect_answer("Fine.")


def test_stop_works_before_the_first_word(chat: ChatPage, server: Upstream) -> None:
    """Also when it is pressed so soon that the server has not heard of the turn yet."""
    server.otherwise = hangs()
    late: list[Route] = []
    chat.page.route("**/queue/join*", lambda route: late.append(route))  # noqa: PLW0108 -- it marks its handler
    with chat.page.expect_request("**/queue/join*"):
        chat.send("Hi")
    with chat.page.expect_request(lambda request: '"data":[["' in (request.post_data or "")):
        chat.stop_button.click()
    assert not server.asked
    late[0].continue_()
    chat.expect_answer("You stopped this answer.")
    chat.expect_done()


def test_an_example_is_sent_with_its_own_text(chat: ChatPage, server: Upstream) -> None:
    """Its label is only what stands on it."""
    server.then(says("An answer."))
    chat.conversation.get_by_role("button", name="Two").click()
    chat.expect_answer("An answer.")
    assert sent(server)[-1] == ("user", "Second example")
    expect(chat.questions).to_have_text(["Second example"])


def test_retry_asks_the_same_question_again(chat: ChatPage, server: Upstream) -> None:
    """Without the answer that there was."""
    server.then(says("First."), says("Second."))
    chat.ask("Hi")
    chat.button("Retry").click()
    chat.expect_answer("Second.")
    chat.expect_done()
    assert sent(server) == sent(server, 0)
    expect(chat.answers).to_have_text(["Second."])


def test_undo_gives_the_last_question_back(chat: ChatPage, server: Upstream) -> None:
    """Unaltered, in the text box; the conversation is as it was before."""
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    chat.ask("\tb\n  c")
    chat.button("Undo").click()
    expect(chat.box).to_have_value("\tb\n  c")
    expect(chat.questions).to_have_text(["a"])
    chat.ask("d")
    assert sent(server)[1:] == [("user", "a"), ("assistant", "One."), ("user", "d")]


def test_undo_leaves_what_is_typed_already(chat: ChatPage, server: Upstream) -> None:
    """It stands behind the question that comes back."""
    server.then(says("One."))
    chat.ask("a")
    chat.box.fill("a draft")
    chat.button("Undo").click()
    expect(chat.box).to_have_value("a\n\na draft")


def test_an_edited_question_is_answered_anew_from_there(chat: ChatPage, server: Upstream) -> None:
    """What came after it is gone; its text is taken as it was typed."""
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    chat.ask("b")
    chat.edit("\n\tedited")
    chat.expect_answer("Three.")
    chat.expect_done()
    assert sent(server)[1:] == [("user", "\n\tedited")]
    expect(chat.questions).to_have_count(1)


def test_clear_empties_the_conversation_and_lets_the_server_go(chat: ChatPage, server: Upstream) -> None:
    """Also in the middle of an answer; the next question starts a new conversation."""
    server.otherwise = says_without_end()
    chat.send("Hi")
    chat.expect_answer("word")
    chat.page.get_by_role("button", name="Clear").click()
    expect(chat.questions).to_have_count(0)
    assert server.asked[-1].closed.wait(PATIENCE_MS / 1000)
    chat.expect_done()
    expect(chat.answers).to_have_count(0)
    server.otherwise = says("Fresh.")
    chat.ask("New")
    chat.expect_answer("Fresh.")
    assert sent(server)[1:] == [("user", "New")]


def test_while_an_answer_grows_the_next_question_can_be_typed_but_not_sent(chat: ChatPage, server: Upstream) -> None:
    """Enter leaves it in the box; it is sent when the answer is whole."""
    server.otherwise = says_without_end()
    chat.send("Hi")
    chat.expect_answer("word")
    chat.send("Next")
    expect(chat.box).to_have_value("Next")
    chat.stop_button.click()
    chat.expect_done()
    expect(chat.box).to_have_value("Next")
    expect(chat.questions).to_have_count(1)
    server.otherwise = says("Fine.")
    chat.box.press("Enter")
    chat.expect_answer("Fine.")
    expect(chat.questions).to_have_text(["Hi", "Next"])


@pytest.mark.parametrize("text", ["", "  \t "])
def test_nothing_is_not_sent(chat: ChatPage, server: Upstream, text: str) -> None:
    """Neither by Enter nor by the button; what is sent next is the first question."""
    chat.send(text)
    chat.send_button.click()
    expect(chat.questions).to_have_count(0)
    chat.ask("Hi")
    expect(chat.questions).to_have_text(["Hi"])
    assert len(server.asked) == 1


def test_several_lines_can_be_typed(chat: ChatPage, server: Upstream) -> None:
    """Shift and Enter begin a new one."""
    server.then(says("Yes."))
    chat.box.press_sequentially("one")
    chat.box.press("Shift+Enter")
    chat.box.press_sequentially("two")
    chat.send_button.click()
    chat.expect_answer("Yes.")
    assert sent(server)[-1] == ("user", "one\ntwo")


def test_the_preset_and_the_model_can_be_changed_in_mid_conversation(chat: ChatPage, server: Upstream) -> None:
    """The next request has the new one's system prompt, parameters and model, and the same conversation."""
    server.otherwise = says("Yes.")
    chat.ask("a")
    assert server.asked[-1].body["model"] == "toy"
    chat.page.locator("#preset input").click()
    chat.page.get_by_role("option", name="Other").click()
    expect(chat.page.locator("#model input")).to_have_value("other-model")
    chat.ask("b")
    assert server.asked[-1].body["model"] == "other-model"
    assert "temperature" not in server.asked[-1].body
    assert sent(server) == [("user", "a"), ("assistant", "Yes."), ("user", "b")]
    chat.page.locator("#model input").click()
    chat.page.get_by_role("option", name="toy").click()
    expect(chat.page.locator("#model input")).to_have_value("toy")
    chat.ask("c")
    assert server.asked[-1].body["model"] == "toy"


def test_what_is_typed_to_find_a_model_is_not_a_model(chat: ChatPage, server: Upstream) -> None:
    """Only what is picked counts."""
    server.then(says("Yes."))
    chat.page.locator("#model input").fill("other")
    chat.box.click()
    expect(chat.page.locator("#model input")).to_have_value("toy")
    chat.ask("Hi")
    assert server.asked[-1].body["model"] == "toy"


def test_a_turn_is_two_requests(page: Page, app: App, server: Upstream) -> None:
    """One that asks and one that streams; the question is on the page without either."""
    assert comes_to_be_ready(app)  # else the page looks again how the servers are, whatever goes on there
    with page.expect_response("**/gradio_api/run/predict*") as looked:
        chat = open_chat(page, app)
    looked.value.finished()
    server.then(says("Yes."))
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(f"{request.method} {request.url.partition('?')[0]}"))
    chat.ask("Hi")
    assert [address.rpartition("/gradio_api/")[2] for address in asked] == ["queue/join", "queue/data"]


def comes_to_be_ready(app: App) -> bool:
    """Whether its server is found to be well."""
    until_s = monotonic() + PATIENCE_MS / 1000
    while (ready := httpx2.get(f"{app.base_url}/ready").status_code == 200) is False and monotonic() < until_s:
        time.sleep(0.05)
    return ready


def by_wheel(page: Page) -> None:
    """A mouse."""
    page.mouse.wheel(0, -400)


def by_keys(page: Page) -> None:
    """The arrow keys, once something in the conversation has the focus."""
    page.locator("#conversation .bubble-wrap").focus()
    expect(page.locator("#conversation .bubble-wrap")).to_be_focused()
    for _ in range(6):
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(60)  # one after the other, as a hand does it


@pytest.mark.parametrize("scroll_up", [by_wheel, by_keys])
def test_the_page_is_left_where_it_is_read(chat: ChatPage, server: Upstream, scroll_up: Callable[[Page], None]) -> None:
    """Whoever scrolls up while an answer grows is not dragged down; whoever goes to the bottom is taken along."""
    expect_left_alone(chat, server, scroll_up)


def by_touch(page: Page) -> None:
    """A finger that pulls the conversation down."""
    page.context.new_cdp_session(page).send(
        "Input.synthesizeScrollGesture",
        {"x": 200, "y": 300, "yDistance": 300, "speed": 600, "gestureSourceType": "touch"},
    )


def test_the_page_is_left_where_it_is_read_on_a_phone(
    phone_context: BrowserContext, app: App, server: Upstream
) -> None:
    """There it is a finger that scrolls."""
    expect_left_alone(open_chat(phone_context.new_page(), app), server, by_touch)


def expect_left_alone(chat: ChatPage, server: Upstream, scroll_up: Callable[[Page], None]) -> None:
    """Scroll up in an answer that grows, and see that it stays there; then down, and see that it follows."""
    server.otherwise = says_without_end("line\n\n", pace_s=0.02)
    chat.send("Hi")
    scroller = chat.conversation.locator(".bubble-wrap")
    expect(chat.answers.last.locator("p").nth(40)).to_be_attached()
    expect_at_the_bottom(scroller)
    scroller.hover()
    scroll_up(chat.page)
    left = scroller.evaluate(WHEN_AT_REST, PATIENCE_MS)
    assert left, "It never comes to rest."
    assert left > 100
    scroller.evaluate("box => box.scrollTo(0, box.scrollHeight)")
    grow(chat)
    expect_at_the_bottom(scroller)
    chat.stop_button.click()
    chat.expect_done()


def expect_at_the_bottom(scroller: Locator) -> None:
    """What is painted ends at the bottom, frame after frame, although the answer grows between them."""
    # Whoever begins to observe is told in the same frame, behind all that the page does in it: that is what is painted.
    painted = """box => new Promise((tell) => {
      const seen = [];
      const look = () => {
        const observer = new ResizeObserver(() => {
          observer.disconnect();
          seen.push(box.scrollHeight - box.scrollTop - box.clientHeight);
          if (seen.length === 20) tell(seen);
          else requestAnimationFrame(look);
        });
        observer.observe(box);
      };
      requestAnimationFrame(look);
    })"""
    seen = sorted(scroller.evaluate(painted))
    assert seen[len(seen) // 2] < 60, seen


def grow(chat: ChatPage) -> None:
    """Wait until the answer has grown by a good deal, in several steps."""
    for _ in range(3):
        count = chat.answers.last.locator("p").count()
        expect(chat.answers.last.locator("p").nth(count + 5)).to_be_attached()
