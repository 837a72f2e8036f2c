"""Every fault of `tests/faults.py` through the whole app: one app, one page, never loaded anew.

After each of them the next question on the same page is answered, and what was typed meanwhile is still there. What a
fault is called stands in `test_failures.py` for the usual ones; here it is all of them, over real sockets.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS, StartApp, Watch, new_context, picture_of
from tests.browser.upstream import MODEL, Upstream, says
from tests.fault_server import FaultServer, fault_server, refused_url
from tests.faults import FAULTS, FINE, HALF, WELL

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints:
  - name: main
    base_url: "{faults}"
    models: [{model}]
    attempts: 3
    wait_max_s: 2
    cool_down_s: 0.5
  - name: hasty
    base_url: "{faults}"
    models: [{model}]
    attempts: 1
    first_token_timeout_s: 3
    idle_timeout_s: 3
    cool_down_s: 0.1
  - {{name: brief, base_url: "{faults}", models: [{model}], total_timeout_s: 3, cool_down_s: 0.1}}
  - {{name: alone, base_url: "{faults}", models: [{model}], attempts: 1, cool_down_s: 0.1}}
  - {{name: closed, base_url: "{closed}", models: [{model}], attempts: 1, cool_down_s: 0.1}}
  - {{name: spare, base_url: "{spare}", models: [{model}]}}
presets:
  - {{name: Main, endpoints: [main]}}
  - {{name: Hasty, endpoints: [hasty]}}
  - {{name: Brief, endpoints: [brief]}}
  - {{name: Main and spare, endpoints: [alone, spare]}}
  - {{name: Hasty and spare, endpoints: [hasty, spare]}}
  - {{name: Closed and spare, endpoints: [closed, spare]}}
  - {{name: Closed, endpoints: [closed]}}
"""
"""Each limit of time has an endpoint of its own, and the others wait as long as usual: the server that fails may be
late itself. A limit is no shorter than what a good answer may take to begin on a busy machine."""
ATTEMPTS = 3
MARK = "globalThis.neverLoadedAnew"

PASSES = (
    "busy",
    "busy twice",
    "defect",
    "wait",
    "wait until",
    "loading",
    "reset before headers",
    "reset after headers",
    "end in a chunk",
    "end at once",
    "empty body",
)
"""Asked again, it is answered, and nobody need know."""
ODD = {
    FINE: WELL,
    "drip": "Dr\u00e9p \u65e5.",
    "stale": "Kept.",
    "wrong type": "Plainly said.",
    "one piece": "In one piece.",
    "gzip": "Packed answer.",
}
"""Unusual, but an answer."""
NOTHING_CAME = {
    "hang": "sent no word of an answer within 3 s",
    "hang after headers": "sent no word of an answer within 3 s",
    "pings": "sent no word of an answer within 3 s",
    "empty chunks": "sent no word of an answer within 3 s",
    "wait too long": "Try again in 60 min",
    "quota": "The quota of main is used up",
    "key": "wants a key",
    "html": "answered with a web page",
    "nothing": "answered with nothing",
    "tool call": "call a tool: weather",
}
"""No answer: what is said instead."""
HALF_CAME = {
    "hang after text": "fell silent for 3 s",
    "pings after text": "fell silent for 3 s",
    "reset after text": "broke in the middle",
    "end without done": "stopped before its answer was whole",
    "error in stream": "Out of memory",
    "invalid utf8": "stopped before its answer was whole",
    "invalid json": "something unreadable",
    "length": "token limit",
    "filtered": "content filter",
}
"""Half an answer: what is said below it."""
SILENT = {"hang", "hang after headers", "pings", "empty chunks", "hang after text", "pings after text"}
"""Those that a limit of time ends."""
OTHERS = {"endless", "huge line", "large chunk", "reset in a chunk"}


@pytest.fixture(scope="module")
def failing() -> Iterator[FaultServer]:
    """The server that fails."""
    with fault_server() as served:
        yield served


@pytest.fixture(scope="module")
def app(start_app: StartApp, failing: FaultServer, upstream_server: Upstream) -> App:
    """An app with little patience, and a spare."""
    addresses = {"faults": failing.base_url, "closed": refused_url(), "spare": upstream_server.base_url}
    return start_app(SETTINGS.format(model=MODEL, **addresses))


@pytest.fixture(scope="module")
def opened(browser: Browser, app: App, own_hosts: set[str]) -> Iterator[Page]:
    """The one page. Nothing may ever stand on its console."""
    context = new_context(browser)
    watch = Watch(context, own_hosts)
    page = context.new_page()
    open_chat(page, app)
    page.evaluate(f"{MARK} = true")
    yield page
    page.screenshot(path=picture_of("faults-last"))
    assert page.evaluate(MARK), "The page was loaded anew."
    context.close()
    assert watch.faults([]) == []


@pytest.fixture
def chat(opened: Page, failing: FaultServer, server: Upstream) -> ChatPage:
    """The page, emptied by its own button; the servers are as new."""
    failing.reset()
    server.otherwise = says("The spare is well.")
    chat = ChatPage(opened)
    if chat.questions.count():
        chat.page.get_by_role("button", name="Clear").click()
        expect(chat.questions).to_have_count(0)
    chat.box.fill("")
    return chat


def pick(chat: ChatPage, preset: str) -> None:
    """Have `preset` answer."""
    box = chat.page.locator("#preset input")
    if box.input_value() != preset:
        box.click()
        chat.page.get_by_role("option", name=preset, exact=True).click()
    expect(box).to_have_value(preset)


def fail(chat: ChatPage, failing: FaultServer, *faults: str, preset: str = "Main") -> None:
    """Ask a question that meets `faults`, and type the next one meanwhile."""
    pick(chat, preset)
    failing.play(*faults)
    chat.send("First")
    expect(chat.questions).to_have_text(["First"])
    chat.box.fill("Second")


def goes_on(chat: ChatPage, answer: str = WELL) -> None:
    """The page takes the next question, which was typed already, and it is answered."""
    chat.expect_done()
    expect(chat.box).to_have_value("Second")
    chat.box.press("Enter")
    expect(chat.questions).to_have_text(["First", "Second"])
    chat.expect_answer(answer)
    chat.expect_done()
    expect(chat.box).to_have_value("")


def test_every_fault_is_tried() -> None:
    """A new one must be put into one of the lists."""
    assert {*PASSES, *ODD, *NOTHING_CAME, *HALF_CAME, *OTHERS} == set(FAULTS)


@pytest.mark.parametrize("fault", [*PASSES, "reset in a chunk"])
def test_what_passes_is_asked_again_until_it_is_answered(chat: ChatPage, failing: FaultServer, fault: str) -> None:
    """The visitor sees an answer, and nothing that is to be clicked."""
    fail(chat, failing, fault)
    chat.expect_answer(WELL)
    expect(chat.try_again).to_have_count(0)
    assert 2 <= len(failing.asked) <= ATTEMPTS
    goes_on(chat)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("busy", "The server is overloaded."),
        ("defect", "Out of memory <b>*now*</b>"),
        ("wait", "Slow down."),
        ("reset before headers", "closed the connection before it answered"),
    ],
)
def test_what_does_not_pass_is_told_after_the_last_attempt(
    chat: ChatPage, failing: FaultServer, fault: str, said: str
) -> None:
    """In the server's own words, as text; meanwhile the page says that it is asked again."""
    chat.note("Asking again in")
    fail(chat, failing, *[fault] * ATTEMPTS)
    expect(chat.try_again).to_have_count(1)
    chat.expect_answer(said)
    chat.expect_noted("Asking again in")
    expect(chat.answers.last.locator("b")).to_have_count(0)
    assert len(failing.asked) == ATTEMPTS
    goes_on(chat)


@pytest.mark.parametrize(("fault", "answer"), ODD.items())
def test_what_is_only_unusual_is_an_answer(chat: ChatPage, failing: FaultServer, fault: str, answer: str) -> None:
    """Whole, and nothing is said about it."""
    fail(chat, failing, fault)
    chat.expect_answer(answer)
    chat.expect_done()
    expect(chat.answers.last).to_have_text(answer)
    expect(chat.try_again).to_have_count(0)
    goes_on(chat)


@pytest.mark.parametrize(("fault", "said"), NOTHING_CAME.items())
def test_an_answer_that_does_not_come_is_told(chat: ChatPage, failing: FaultServer, fault: str, said: str) -> None:
    """In a sentence, with a button; a click on it asks the same again."""
    fail(chat, failing, fault, preset="Hasty" if fault in SILENT else "Main")
    chat.expect_answer(said)
    expect(chat.try_again).to_have_count(1)
    assert len(failing.asked) == 1
    chat.try_again.click()
    chat.expect_answer(WELL)
    expect(chat.questions).to_have_text(["First"])
    expect(chat.try_again).to_have_count(0)
    goes_on(chat)


@pytest.mark.parametrize(("fault", "said"), HALF_CAME.items())
def test_half_an_answer_is_kept_above_what_went_wrong(
    chat: ChatPage, failing: FaultServer, fault: str, said: str
) -> None:
    """And nobody is asked again, nor the next one."""
    fail(chat, failing, fault, preset="Hasty" if fault in SILENT else "Main")
    chat.expect_answer(said)
    chat.expect_answer(HALF)
    expect(chat.try_again).to_have_count(1)
    assert len(failing.asked) == 1
    goes_on(chat)
    assert failing.asked[-1].body["messages"][1]["content"].startswith(HALF)


def test_an_answer_without_end_is_ended(chat: ChatPage, failing: FaultServer) -> None:
    """By the limit for the whole; the server is let go."""
    fail(chat, failing, "endless", preset="Brief")
    chat.expect_answer("did not finish its answer within 3 s")
    chat.expect_answer("word word")
    assert failing.asked[0].closed.wait(PATIENCE_MS / 1000)
    goes_on(chat)


def test_a_line_that_is_too_long_is_given_up(chat: ChatPage, failing: FaultServer) -> None:
    """Before it fills the memory; what had come is kept."""
    fail(chat, failing, "huge line")
    chat.expect_answer("something unreadable")
    chat.expect_answer("Half")
    assert failing.asked[0].closed.wait(PATIENCE_MS / 1000)
    goes_on(chat)


def test_a_megabyte_at_once_is_shown(chat: ChatPage, failing: FaultServer) -> None:
    """And is part of the conversation from then on."""
    fail(chat, failing, "large chunk")
    expect(chat.answers.last).to_contain_text("x" * 1000, timeout=2 * PATIENCE_MS)
    goes_on(chat)
    assert len(failing.asked[-1].body["messages"][1]["content"]) == 1_000_000


def test_a_port_that_nobody_listens_at_is_told(chat: ChatPage, failing: FaultServer) -> None:
    """With the endpoint's name; the next question goes to another preset."""
    fail(chat, failing, preset="Closed")
    chat.expect_answer("refused the connection")
    expect(chat.try_again).to_have_count(1)
    chat.expect_done()
    pick(chat, "Main")
    goes_on(chat)


@pytest.mark.parametrize(
    ("preset", "fault", "because"),
    [
        ("Closed and spare", FINE, "refused the connection"),
        ("Hasty and spare", "hang", "sent no word of an answer within 3 s"),
        ("Main and spare", "busy", "The server is overloaded."),
        ("Main and spare", "key", "wants a key"),
        ("Main and spare", "quota", "is used up"),
        ("Main and spare", "html", "answered with a web page"),
        ("Main and spare", "reset before headers", "closed the connection before it answered"),
    ],
)
def test_the_spare_answers_and_the_page_says_why(
    chat: ChatPage, failing: FaultServer, server: Upstream, preset: str, fault: str, because: str
) -> None:
    """Above the answer, with who it was; there is nothing to try again."""
    fail(chat, failing, fault, preset=preset)
    chat.expect_answer("The spare is well.")
    chat.expect_answer("Answered by spare")
    chat.expect_answer(because)
    expect(chat.try_again).to_have_count(0)
    assert len(server.asked) == 1
    goes_on(chat, "The spare is well." if preset == "Closed and spare" else WELL)


def test_the_spare_does_not_go_on_with_anothers_answer(chat: ChatPage, failing: FaultServer, server: Upstream) -> None:
    """What has begun stays with whom it began."""
    fail(chat, failing, "reset after text", preset="Main and spare")
    chat.expect_answer("broke in the middle")
    chat.expect_answer(HALF)
    assert server.asked == []
    goes_on(chat)
