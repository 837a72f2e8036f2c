"""Nothing that was said in a tab is lost, whatever becomes of the page, of its server and of the way between them.

Each with the app as it runs, over the browser's own store. What concerns several tabs is in `test_kept_tabs.py`,
versions and verdicts are in `test_kept_versions.py`, a store that is full or refused in `test_kept_trouble.py`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Request, Response, expect

from tests.browser import app_process
from tests.browser.app_process import App
from tests.browser.chat_page import WHEN_LEFT, ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp
from tests.browser.panel import SidePanel
from tests.browser.test_failures import free_port
from tests.browser.test_kept_tabs import messages_kept, wait_for
from tests.browser.test_refused_events import is_full
from tests.browser.test_stop import Wire
from tests.browser.upstream import (
    Reply,
    Step,
    Upstream,
    breaks,
    chunk,
    fails,
    is_cut,
    says,
    says_without_end,
    stream,
    until,
)

pytestmark = pytest.mark.browser

ENDPOINTS = 'endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1, models: [toy, other-model]}}]\n'
PRESETS = "presets: [{name: Plain}, {name: Other, system_prompt: Be other.}]\n"
INTERRUPTED = "This answer was interrupted"
STOPPED = "You stopped this answer."
GONE = "could not reach its server"
BROKEN_NETWORK = ["ERR_", GONE]
ADDRESS = re.compile(r"#c=[0-9a-f]{24}$")
NO_ADDRESS = re.compile(r"^[^#]*$")
SEEN_WHEN_LEFT = """
addEventListener("pagehide", () => {
  const shown = [...document.querySelectorAll("#conversation .bot.message")].at(-1);
  if (shown) sessionStorage.setItem("seen when left", shown.textContent);
});
"""
STORED_CONVERSATIONS = """
async (texts) => {
  const whole = document.querySelector('script[src$="/page/page.mjs"]').src;
  const { openStore } = await import(whole.replace("page/page.mjs", "history/store.mjs"));
  const { newConversation, newMessage, shownText } = await import(whole.replace("page/page.mjs", "history/tree.mjs"));
  const store = await openStore(JSON.parse(document.getElementById("chat-app-settings").textContent).store);
  for (const text of texts) {
    const conversation = newConversation({ title: text });
    const question = newMessage(conversation.id, null, "user", [shownText("user", text)]);
    const answer = newMessage(conversation.id, question.id, "assistant", [shownText("assistant", `About ${text}`)]);
    await store.write({ ...conversation, head: answer.id }, [question, answer]);
  }
  store.close();
}
"""


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream) -> App:
    """An app with two presets and two models."""
    return start_app(ENDPOINTS.format(base_url=upstream_server.base_url) + PRESETS)


@pytest.fixture
def wire(app: App, own_hosts: set[str]) -> Iterator[Wire]:
    """The network before the app."""
    with Wire(app) as wire:
        own_hosts.add(urlsplit(wire.base_url).netloc)
        yield wire


class Balancer(Wire):
    """One address with several apps behind it."""

    def lead_to(self, app: App) -> None:
        """Whoever asks from now on asks this one."""
        self.cut()
        self._app = app.base_url.rpartition("/")[2].split(":")
        self.mend()


def counting(word: str = "w", *, pace_s: float = 0.02) -> Reply:
    """An answer of numbered words that never stops by itself."""
    steps = (step for number in count(1) for step in (chunk({"content": f"{word}{number} "}), pace_s))
    return Reply(200, {"content-type": "text/event-stream"}, steps)


def says_in_two(first: str, told: threading.Event, rest: str) -> Reply:
    """An answer of which `rest` comes when a test tells it to."""

    def steps() -> Iterator[Step]:
        yield from is_cut(first).steps
        yield from until(told)
        yield from says(rest).steps

    return stream(steps())


def numbers(text: str, word: str = "w") -> list[int]:
    """Which numbered words stand in it."""
    return [int(number) for number in re.findall(rf"\b{word}(\d+)\b", text)]


def reload(chat: ChatPage) -> None:
    """Load the page anew and wait until it can be used."""
    chat.page.reload()
    expect(chat.send_button).to_be_visible()


def sent(server: Upstream) -> list[str]:
    """What was said in the last request that the server got."""
    return [message["content"] for message in server.asked[-1].body["messages"] if message["role"] != "system"]


def expect_shown(chat: ChatPage, text: str) -> None:
    """Wait until just this stands in the last answer, with what is drawn below it a moment later."""
    wait_for(chat.page, lambda: chat.answers.last.inner_text() == text)


def expect_interrupted(chat: ChatPage) -> None:
    """Wait until the last answer is marked, with a button to ask again."""
    chat.expect_answer(INTERRUPTED)
    expect(chat.try_again).to_be_visible()
    chat.expect_done()


# The server is started anew, or is another one


def test_a_restart_of_the_server_loses_nothing(
    page: Page, own_hosts: set[str], tmp_path: Path, server: Upstream, allowed_errors: list[str]
) -> None:
    """The page stays, the next question is answered, a reload shows all, and earlier answers can still be rated."""
    allowed_errors += BROKEN_NETWORK
    settings, port = ENDPOINTS.format(base_url=server.base_url), str(free_port())
    server.then(says("One."), says("Two."))
    with ExitStack() as stack:
        first = app_process.start(tmp_path, settings, arguments=["--port", port])
        stack.callback(first.stop)
        own_hosts.add(urlsplit(first.base_url).netloc)
        chat = open_chat(page, first)
        chat.ask("a")
        page.evaluate("globalThis.neverLoadedAnew = true")
        first.stop()
        again = app_process.start(tmp_path, settings, arguments=["--port", port])
        stack.callback(again.stop)
        chat.ask("b")
        chat.expect_answer("Two.")
        assert sent(server) == ["a", "One.", "b"]
        assert page.evaluate("globalThis.neverLoadedAnew"), "The page was loaded anew."
        reload(chat)
        expect(chat.questions).to_have_text(["a", "b"])
        expect(chat.answers).to_have_text(["One.", "Two."])
        chat.conversation.get_by_role("button", name="Like", exact=True).first.click()
        wait_for(page, lambda: [(row["question"], row["rating"]) for row in again.rows()] == [("a", "Like")])


def test_a_conversation_goes_on_at_another_replica(
    page: Page, start_app: StartApp, own_hosts: set[str], server: Upstream, allowed_errors: list[str]
) -> None:
    """Two behind one address that share a secret: it is there, goes on there, and answers of both can be rated."""
    allowed_errors += BROKEN_NETWORK
    shared = f"{ENDPOINTS.format(base_url=server.base_url)}feedback: {{secret: '{'5' * 40}'}}\n"
    one, other = start_app(shared), start_app(shared)
    server.then(says("One."), says("Two."), says("Three."))
    with Balancer(one) as balancer:
        own_hosts.add(urlsplit(balancer.base_url).netloc)
        chat = open_chat(page, replace(one, base_url=balancer.base_url))
        chat.ask("a")
        balancer.lead_to(other)
        chat.ask("b")
        reload(chat)
        expect(chat.answers).to_have_text(["One.", "Two."])
        chat.ask("c")
        assert sent(server) == ["a", "One.", "b", "Two.", "c"]
        likes = chat.conversation.get_by_role("button", name="Like", exact=True)
        likes.first.click()
        wait_for(page, lambda: len(other.rows()) == 1)
        likes.last.click()
        wait_for(page, lambda: [row["question"] for row in other.rows()] == ["a", "c"])
        assert len({row["conversation_id"] for row in other.rows()}) == 1
        assert one.rows() == []


# The page goes away in the middle of an answer


def test_a_reload_in_mid_answer_keeps_every_word_that_was_seen(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """To the last one; it is marked, and asking again makes another version beside it."""
    allowed_errors += WHEN_LEFT
    server.then(counting(), says("Whole."))
    chat.page.evaluate(SEEN_WHEN_LEFT)
    chat.send("Count")
    chat.expect_answer("w40")
    chat.page.reload()
    expect_interrupted(chat)
    seen = numbers(chat.page.evaluate("sessionStorage.getItem('seen when left')"))
    kept = numbers(chat.answers.last.inner_text())
    assert len(seen) >= 40
    assert kept[: len(seen)] == seen
    assert kept == list(range(1, len(kept) + 1))
    chat.try_again.click()
    chat.expect_answer("Whole.")
    chat.expect_done()
    assert sent(server) == ["Count"]
    chat.button("Earlier version").click()
    expect_interrupted(chat)
    assert numbers(chat.answers.last.inner_text()) == kept


def test_a_reload_before_the_first_word_keeps_the_question(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """While its request is on the way: that the page left is no fault of the network, and is not called one."""
    allowed_errors += WHEN_LEFT
    chat.page.route("**/gradio_api/queue/join*", lambda route: None, times=1)  # noqa: ARG005 — never answered
    with chat.page.expect_request("**/gradio_api/queue/join*"):
        chat.send("Will this be lost?")
    expect(chat.questions).to_have_count(1)
    chat.page.reload()
    expect(chat.questions).to_have_text(["Will this be lost?"])
    expect_interrupted(chat)
    server.then(says("Whole."))
    chat.try_again.click()
    chat.expect_answer("Whole.")
    chat.expect_done()
    reload(chat)
    expect(chat.questions).to_have_text(["Will this be lost?"])
    expect(chat.answers.last).to_contain_text("Whole.")


def test_a_crash_in_mid_answer_loses_half_a_second_at_most(
    chat: ChatPage, context: BrowserContext, server: Upstream
) -> None:
    """No page says good-bye then: what was kept before is there, marked, and can be asked again.

    What stood there half a second before another word came has been written when that is seen.
    """
    later = threading.Event()

    def words() -> Iterator[Step]:
        yield chunk({"content": "".join(f"w{number} " for number in range(1, 21))})
        yield from until(later)
        yield chunk({"content": "w21 "})
        yield None

    server.then(stream(words()), says("Whole."))
    chat.send("Count")
    chat.expect_answer("w20")
    seen_before = numbers(chat.answers.last.inner_text())
    assert len(seen_before) == 20
    chat.page.evaluate("new Promise((resolve) => setTimeout(resolve, 520))")
    later.set()
    chat.expect_answer("w21")
    address = chat.page.url
    with chat.page.expect_event("crash"), pytest.raises(Error):
        chat.page.goto("chrome://crash", timeout=2_000)
    chat.page.close()
    after = ChatPage(context.new_page())
    after.page.goto(address)
    expect(after.questions).to_have_text(["Count"])
    expect_interrupted(after)
    kept = numbers(after.answers.last.inner_text())
    assert kept[: len(seen_before)] == seen_before
    after.try_again.click()
    after.expect_answer("Whole.")


# Another conversation is looked at


def test_an_answer_goes_on_arriving_while_another_conversation_is_on_the_page(
    chat: ChatPage, panel: SidePanel, server: Upstream
) -> None:
    """Two answers at once, each in its own; Stop stops the one on the page only."""
    server.then(says("Old."), counting("a"), counting("b"))
    chat.ask("Earlier")
    panel.new_chat()
    chat.send("First")
    chat.expect_answer("a5")
    panel.open("Earlier")
    expect(chat.answers).to_have_text(["Old."])
    chat.expect_done()
    chat.send("Second")
    chat.expect_answer("b5")
    assert numbers(chat.conversation.inner_text(), "a") == []
    panel.open("First")
    expect(chat.questions).to_have_text(["First"])
    then = len(numbers(chat.answers.last.inner_text(), "a"))
    chat.expect_answer(f"a{then + 20}")
    assert numbers(chat.conversation.inner_text(), "b") == []
    chat.stop_button.click()
    chat.expect_answer(STOPPED)
    first, second = server.asked[-2:]
    chat.expect_done()
    assert first.closed.wait(PATIENCE_MS / 1000)
    panel.open("Earlier")
    expect(chat.questions).to_have_text(["Earlier", "Second"])
    expect(chat.stop_button).to_be_visible()
    now = len(numbers(chat.answers.last.inner_text(), "b"))
    chat.expect_answer(f"b{now + 20}")
    assert not second.closed.is_set()
    chat.stop_button.click()
    chat.expect_answer(STOPPED)
    chat.expect_done()
    reload(chat)
    expect(chat.questions).to_have_text(["Earlier", "Second"])
    chat.expect_answer(STOPPED)
    words = numbers(chat.answers.last.inner_text(), "b")
    assert words == list(range(1, len(words) + 1))
    panel.open("First")
    expect(chat.questions).to_have_text(["First"])
    chat.expect_answer(STOPPED)


def test_an_answer_that_ends_out_of_sight_is_whole(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """It is there when its conversation is opened, and when the page is loaded anew; the row says that it arrives."""
    seen = threading.Event()
    server.then(says_in_two("Slowly ", seen, "but whole."))
    chat.send("First")
    expect(chat.stop_button).to_be_visible()
    panel.new_chat()
    arriving = panel.aside.get_by_text("An answer is arriving.")
    expect(arriving).to_have_count(1)
    seen.set()
    expect(arriving).to_have_count(0)
    expect(chat.questions).to_have_count(0)
    panel.open("First")
    expect(chat.answers).to_have_text(["Slowly but whole."])
    reload(chat)
    expect(chat.answers).to_have_text(["Slowly but whole."])


def test_a_fourth_answer_at_once_is_refused_and_its_question_stays_in_the_box(
    chat: ChatPage, panel: SidePanel, server: Upstream
) -> None:
    """Three arrive; as soon as one is stopped, there is room."""
    server.otherwise = says_without_end()
    for title in ("First", "Second", "Third"):
        chat.send(title)
        chat.expect_answer("word")
        panel.new_chat()
        expect(chat.questions).to_have_count(0)
    chat.send("Fourth")
    expect(panel.notices).to_contain_text("Answers are arriving in several other conversations already.")
    expect(chat.box).to_have_value("Fourth")
    expect(chat.questions).to_have_count(0)
    assert len(server.asked) == 3
    panel.open("Second")
    chat.stop_button.click()
    chat.expect_answer(STOPPED)
    chat.expect_done()  # until then it takes its place
    panel.new_chat()
    expect(chat.box).to_have_value("Fourth")
    chat.box.press("Enter")
    expect(chat.questions).to_have_text(["Fourth"])
    chat.expect_answer("word")
    panel.expect_titles("Fourth", "Second", "Third", "First")


def test_what_is_typed_stays_when_an_edit_is_refused(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """The edited question comes into the box, before what stood there, and both outlive a reload."""
    server.then(says("Yes."))
    chat.ask("Original")
    server.otherwise = says_without_end()
    for title in ("First", "Second", "Third"):
        panel.new_chat()
        chat.send(title)
        expect(chat.questions).to_have_text([title])
        chat.expect_answer("word")
    panel.open("Original")
    expect(chat.questions).to_have_text(["Original"])
    chat.box.fill("typed")
    chat.edit("edited")
    expect(panel.notices).to_contain_text("Answers are arriving in several other conversations already.")
    expect(chat.box).to_have_value("edited\n\ntyped")
    expect(chat.questions).to_have_text(["Original"])
    for title in ("First", "Second", "Third"):
        panel.open(title)
        expect(chat.questions).to_have_text([title])
        chat.stop_button.click()
        chat.expect_answer(STOPPED)
        chat.expect_done()
    reload(chat)
    expect(chat.box).to_have_value("edited\n\ntyped")


def test_the_conversation_that_was_clicked_last_is_on_the_page(
    chat: ChatPage, panel: SidePanel, server: Upstream, allowed_errors: list[str]
) -> None:
    """Also when the one before takes longer to come: other tabs are asked whether its answer arrives there."""
    allowed_errors += WHEN_LEFT
    server.then(says("Yes."), counting())
    chat.ask("Quick")
    panel.new_chat()
    chat.send("Slow")
    chat.expect_answer("w5")
    chat.page.goto(chat.page.url.replace("#", "?#").replace("#c=", "#"))
    expect(chat.send_button).to_be_visible()
    panel.row("Slow").click()
    panel.row("Quick").click()
    expect(chat.answers).to_have_text(["Yes."])
    # It has come by now: what was left in the middle is marked when it comes.
    wait_for(chat.page, lambda: "interrupted" in messages_kept(chat.page).values())
    expect(chat.answers).to_have_text(["Yes."])
    expect(panel.open_row).to_have_text("Quick")


# Undo, Stop, errors, the queue and the network


def test_undo_to_empty_loses_nothing(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """The text is in the box, the conversation in the list; sent again it is another version, the first one stays."""
    server.then(says("One."), says("Two."))
    chat.ask("Only question")
    address = chat.page.url
    chat.button("Undo").click()
    expect(chat.box).to_have_value("Only question")
    expect(chat.questions).to_have_count(0)
    panel.expect_titles("Only question")
    chat.box.press("Enter")
    chat.expect_answer("Two.")
    chat.expect_done()
    assert chat.page.url == address
    panel.expect_titles("Only question")
    chat.conversation.get_by_role("button", name="Earlier version").first.click()
    chat.expect_answer("One.")


def test_a_reload_after_undo_to_empty_loses_nothing(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """The page is as it was left, the text in the box; sent again it is a version. Opened later it is all there."""
    server.then(says("One."), says("Two."))
    chat.ask("Only question")
    chat.button("Undo").click()
    expect(chat.questions).to_have_count(0)
    reload(chat)
    expect(chat.box).to_have_value("Only question")
    expect(chat.questions).to_have_count(0)
    panel.new_chat()
    panel.open("Only question")
    expect(chat.answers).to_have_text(["One."])
    chat.button("Undo").click()
    expect(chat.questions).to_have_count(0)
    reload(chat)
    expect(chat.box).to_have_value("Only question\n\nOnly question")  # what was typed already stays behind it
    chat.box.press("Enter")
    chat.expect_answer("Two.")
    expect(chat.conversation.locator(".versions").first).to_contain_text("2 / 2")


def test_a_reload_after_undo_shows_what_was_left(chat: ChatPage, server: Upstream) -> None:
    """The last question is in the box; sent again it is another version, and the earlier one stays."""
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    chat.ask("b")
    chat.button("Undo").click()
    expect(chat.questions).to_have_text(["a"])
    reload(chat)
    expect(chat.questions).to_have_text(["a"])
    expect(chat.box).to_have_value("b")
    chat.box.press("Enter")
    chat.expect_answer("Three.")
    chat.expect_done()
    chat.conversation.get_by_role("button", name="Earlier version").first.click()
    chat.expect_answer("Two.")
    expect(chat.box).to_have_value("")


def test_what_is_typed_outlives_a_reload_until_it_is_sent(chat: ChatPage, server: Upstream) -> None:
    """And does not come back then."""
    server.then(says("Yes."))
    chat.box.fill("half a thou")
    reload(chat)
    expect(chat.box).to_have_value("half a thou")
    chat.ask("half a thought")
    reload(chat)
    expect(chat.questions).to_have_text(["half a thought"])
    expect(chat.box).to_have_value("")


def test_what_is_typed_before_the_store_answers_outlives_a_reload(
    context: BrowserContext, app: App, server: Upstream
) -> None:
    """The text box is there earlier."""
    assert not server.asked
    context.add_init_script("IDBFactory.prototype.open = () => ({})")
    chat = open_chat(context.new_page(), app)
    chat.box.fill("half a thou")
    reload(chat)
    expect(chat.box).to_have_value("half a thou")


def test_what_was_stopped_is_there_after_a_reload(chat: ChatPage, server: Upstream) -> None:
    """As it stood there, to the last word."""
    server.then(counting())
    chat.send("Hi")
    chat.expect_answer("w20")
    chat.stop_button.click()
    chat.expect_answer(STOPPED)
    chat.expect_done()
    shown = chat.answers.last.inner_text()
    reload(chat)
    expect(chat.answers.last).to_contain_text(STOPPED)
    expect_shown(chat, shown)
    assert INTERRUPTED not in shown


@pytest.mark.parametrize(
    ("reply", "kept"),
    [(fails(500, "Out of memory"), "Out of memory"), (breaks("Half an ", "answer"), "Half an answer")],
)
def test_what_went_wrong_is_there_after_a_reload(chat: ChatPage, server: Upstream, reply: Reply, kept: str) -> None:
    """Before the first word or after it; the button below it works then, too."""
    server.then(says("Fine."), reply, says("Better."))
    chat.ask("a")
    chat.ask("b")
    chat.expect_answer(kept)
    shown = chat.answers.last.inner_text()
    reload(chat)
    chat.expect_answer(kept)
    expect_shown(chat, shown)
    chat.try_again.click()
    chat.expect_answer("Better.")
    chat.expect_done()
    assert sent(server) == ["a", "Fine.", "b"]
    reload(chat)
    chat.expect_answer("Better.")
    expect(chat.questions).to_have_text(["a", "b"])


def test_a_question_that_the_queue_refused_is_there_after_a_reload(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """With the reason and the button; what stood in the box as well."""
    allowed_errors += ["Failed to load resource", "Queue is full", GONE]
    chat.page.route("**/gradio_api/queue/join*", is_full, times=1)
    chat.send("First")
    expect(chat.try_again).to_be_visible()
    chat.box.fill("Second")
    reload(chat)
    expect(chat.questions).to_have_text(["First"])
    expect(chat.box).to_have_value("Second")
    server.then(says("Fine."))
    chat.try_again.click()
    chat.expect_answer("Fine.")


def test_what_had_arrived_when_the_network_went_is_there_after_a_reload(
    page: Page, app: App, wire: Wire, server: Upstream, allowed_errors: list[str]
) -> None:
    """The page says what happened; so does it after a reload, when the network is back."""
    allowed_errors += BROKEN_NETWORK
    chat = open_chat(page, replace(app, base_url=wire.base_url))
    server.then(counting(), says("Back."))
    chat.send("Hi")
    chat.expect_answer("w20")
    wire.cut()
    chat.expect_answer(GONE)
    chat.expect_done()
    shown = chat.answers.last.inner_text()
    wire.mend()
    reload(chat)
    chat.expect_answer(GONE)
    expect_shown(chat, shown)
    assert len(numbers(shown)) >= 20
    chat.try_again.click()
    chat.expect_answer("Back.")


def test_a_question_that_was_sent_without_a_network_is_there_after_a_reload(
    page: Page, app: App, wire: Wire, server: Upstream, allowed_errors: list[str]
) -> None:
    """The first of a conversation as well as a later one."""
    allowed_errors += BROKEN_NETWORK
    chat = open_chat(page, replace(app, base_url=wire.base_url))
    wire.cut()
    chat.send("Into the void")
    chat.expect_answer(GONE)
    chat.send("And again")
    expect(chat.questions).to_have_count(2)
    expect(chat.answers).to_have_count(2)
    chat.expect_answer(GONE)
    chat.expect_done()
    wire.mend()
    reload(chat)
    expect(chat.questions).to_have_text(["Into the void", "And again"])
    server.then(says("Heard."))
    chat.try_again.click()
    chat.expect_answer("Heard.")
    assert sent(server) == ["Into the void\n\nAnd again"]  # two questions of one visitor in a row


# What travels, where it stands, and what comes back with it


def test_only_the_open_conversation_travels_to_the_server(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """With twenty others in the browser, no request of a turn or of a verdict has anything of them."""
    server.then(says("Fine."), says("Fine."), says("Otherwise."), says("As edited."))
    others = [f"Secret{number}of others" for number in range(20)]
    chat.page.evaluate(STORED_CONVERSATIONS, others)
    reload(chat)
    expect(panel.rows).to_have_count(20)
    posted: list[str] = []

    def keep(request: Request) -> None:
        posted.append(f"{request.url} {request.post_data or ''}")

    panel.open("Secret7of others")
    expect(chat.questions).to_have_text(["Secret7of others"])
    panel.new_chat()
    expect(chat.questions).to_have_count(0)
    chat.page.on("request", keep)
    chat.ask("Mine")
    chat.ask("Mine again")
    chat.button("Retry").click()
    chat.expect_answer("Otherwise.")
    chat.expect_done()
    chat.edit("Mine, edited")
    chat.expect_answer("As edited.")
    chat.expect_done()
    with chat.page.expect_request(lambda request: '"on_page"' in (request.post_data or "")):
        chat.button("Like").click()
    expect(chat.button("Liked")).to_be_visible()
    turns = [each for each in posted if "queue/join" in each]
    assert len(turns) == 4
    assert all("Mine" in turn for turn in turns)
    assert not any("Secret" in each for each in posted)
    assert max(len(turn) for turn in turns) < 2_000


def test_a_conversation_has_an_address_of_its_own(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """From its first message on; a reload opens it, Back and Forward go between them, a new chat has none."""
    server.otherwise = says("Fine.")
    expect(chat.page).to_have_url(NO_ADDRESS)
    chat.ask("First")
    expect(chat.page).to_have_url(ADDRESS)
    first = chat.page.url
    chat.ask("More")
    expect(chat.page).to_have_url(first)
    panel.begin()
    expect(chat.page).to_have_url(NO_ADDRESS)
    chat.ask("Second")
    expect(chat.page).to_have_url(ADDRESS)
    assert chat.page.url != first
    reload(chat)
    expect(chat.questions).to_have_text(["Second"])
    expect(panel.open_row).to_have_text("Second")
    panel.open("First")
    expect(chat.questions).to_have_text(["First", "More"])
    expect(chat.page).to_have_url(first)
    chat.page.go_back()
    expect(chat.questions).to_have_text(["Second"])
    expect(panel.open_row).to_have_text("Second")
    chat.page.go_back()
    expect(chat.questions).to_have_count(0)
    chat.page.go_forward()
    expect(chat.questions).to_have_text(["Second"])


def test_the_address_of_a_conversation_that_is_not_here_says_so(page: Page, app: App, server: Upstream) -> None:
    """The page can be used as a new one."""
    page.goto(
        f"{app.base_url}/#c={'0' * 24}", wait_until="commit"
    )  # it is said while the rest still loads, for a while
    expect(SidePanel(page).notices).to_contain_text("This conversation is not in this browser.")
    expect(page).to_have_url(NO_ADDRESS)
    chat = ChatPage(page)
    expect(chat.send_button).to_be_visible()
    server.then(says("Fine."))
    chat.ask("Hi")
    expect(page).to_have_url(ADDRESS)


def tells_the_models_of_other(response: Response) -> bool:
    """Whether the server tells with it which models the preset has that was picked: then the first is picked."""
    if "/run/predict" not in response.url:
        return False
    return bool(json.loads(response.request.post_data or "{}").get("data") == ["Other"])


def test_preset_and_model_come_back_with_their_conversation(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """By switching to it, and by a reload; its next question goes to them."""
    server.otherwise = says("Fine.")
    preset, model = chat.page.locator("#preset input"), chat.page.locator("#model input")
    chat.ask("With the first")
    panel.new_chat()
    preset.click()
    with chat.page.expect_response(tells_the_models_of_other) as told:
        chat.page.get_by_role("option", name="Other", exact=True).click()
    told.value.finished()
    model.click()
    chat.page.get_by_role("option", name="other-model").click()
    expect(preset).to_have_value("Other")
    expect(model).to_have_value("other-model")
    chat.ask("With the other")
    panel.open("With the first")
    expect(preset).to_have_value("Plain")
    expect(model).to_have_value("toy")
    chat.ask("Again")
    assert server.asked[-1].body["model"] == "toy"
    panel.open("With the other")
    expect(preset).to_have_value("Other")
    expect(model).to_have_value("other-model")
    reload(chat)
    expect(preset).to_have_value("Other")
    expect(model).to_have_value("other-model")
    chat.ask("And again")
    assert server.asked[-1].body["model"] == "other-model"
    assert server.asked[-1].body["messages"][0]["content"] == "Be other."


def test_the_bin_can_be_undone(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """In mid-answer it lets the server go; with Undo all comes back, also after a reload."""
    server.then(says("Old."), counting())
    chat.ask("Precious")
    chat.send("More")
    chat.expect_answer("w10")
    chat.page.get_by_role("button", name="Clear").click()
    panel.notices.get_by_role("button", name="Undo").focus()  # so it stays
    expect(chat.questions).to_have_count(0)
    panel.expect_titles()
    expect(chat.page).to_have_url(NO_ADDRESS)
    assert server.asked[-1].closed.wait(PATIENCE_MS / 1000)
    panel.notices.get_by_role("button", name="Undo").click()
    panel.expect_titles("Precious")
    panel.open("Precious")
    expect(chat.questions).to_have_text(["Precious", "More"])
    chat.expect_answer(STOPPED)
    assert len(numbers(chat.answers.last.inner_text())) >= 10
    chat.expect_done()
    reload(chat)
    expect(chat.questions).to_have_text(["Precious", "More"])
    expect(chat.answers.first).to_have_text("Old.")


def test_what_was_put_into_the_bin_is_gone_after_a_reload(chat: ChatPage, panel: SidePanel, server: Upstream) -> None:
    """Its address says so, and the others are there."""
    server.otherwise = says("Fine.")
    chat.ask("Stays")
    panel.new_chat()
    chat.ask("Goes")
    address = chat.page.url
    chat.page.get_by_role("button", name="Clear").click()
    panel.expect_titles("Stays")
    reload(chat)
    panel.expect_titles("Stays")
    chat.page.goto(address)
    expect(panel.notices).to_contain_text("This conversation is not in this browser.")


def test_with_history_off_nothing_is_kept(page: Page, start_app: StartApp, server: Upstream) -> None:
    """No panel and no database; chat and versions work, and a reload begins anew."""
    chat = open_chat(page, start_app(f"{ENDPOINTS.format(base_url=server.base_url)}chat: {{save_history: false}}\n"))
    server.then(says("One."), says("Two."), says("Three."))
    chat.ask("a")
    chat.button("Retry").click()
    chat.expect_answer("Two.")
    chat.expect_done()
    chat.button("Earlier version").click()
    chat.expect_answer("One.")
    chat.ask("b")
    assert sent(server) == ["a", "One.", "b"]
    expect(SidePanel(page).aside).to_have_count(0)
    assert page.evaluate("indexedDB.databases()") == []
    assert page.evaluate("Object.keys(localStorage)") == []
    reload(chat)
    expect(chat.questions).to_have_count(0)
    expect(chat.box).to_have_value("")
