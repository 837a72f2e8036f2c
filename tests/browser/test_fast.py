"""A growing answer costs the page no more the longer it is, or the more stands above it: counted, not timed."""

from __future__ import annotations

from time import monotonic
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import PATIENCE_MS
from tests.browser.upstream import Upstream, says, says_as_taken, says_without_end

pytestmark = pytest.mark.browser

PARAGRAPH = "It follows the wind along the harbour wall, past nets that dry between the boats. " * 4
PIECES = [f"{PARAGRAPH}\n\n" for _ in range(40)]
CODE = "```python\nfirst = 1\n\nsecond = 2\n```\n\n"
MOST_READ = 0.3
"""Of an answer's characters, by an update on average. Without pieces it is half of them: all that there are by then."""

WATCH = """() => {
  globalThis.updates = 0;
  globalThis.read = 0;
  globalThis.directions = 0;
  const watched = new MutationObserver((changes) => {
    updates += 1;
    for (const { target } of changes) read += target.getAttribute("aria-label").length;
  });
  // Gradio's name of a part of a message is its text.
  watched.observe(document.getElementById("conversation"), { subtree: true, attributeFilter: ["aria-label"] });
  new MutationObserver((changes) => (directions += changes.length))
    .observe(document.getElementById("conversation"), { subtree: true, attributeFilter: ["dir"] });
}"""

READ = """() => {
  globalThis.readAgain = 0;
  const replace = String.prototype.replace;
  // Before Gradio reads a text as Markdown it looks for each delimiter of formulas in it.
  String.prototype.replace = function (what, by) {
    if (what instanceof RegExp && what.source.includes("S]+?)")) readAgain += this.includes("EARLIER") ? 1 : 0;
    return replace.call(this, what, by);
  };
}"""

QUIET = """() => new Promise((resolve) => {
  let since = 0; // frames in which the conversation did not change
  new MutationObserver(() => (since = 0))
    .observe(document.getElementById("conversation"), { subtree: true, childList: true, characterData: true });
  const look = () => (since++ < 30 ? requestAnimationFrame(look) : resolve(true));
  look();
})"""
"""What was drawn before is drawn to its end."""

LOOKED_OFTEN = """async () => {
  const times = async (count) => {
    while (looks.row < count) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await times(2); // by now it is over what else changes as a turn begins
  looks = { all: 0, row: 0 };
  await times(8);
}"""
"""As nothing may be evaluated later on, it waits by itself."""


def test_a_long_answer_stands_as_if_it_were_in_one_piece(chat: ChatPage, server: Upstream) -> None:
    """As far apart, joined when it is copied, and with every word in its order."""
    text = "".join([*PIECES[:12], CODE, "## Heading\n\n", *PIECES[:12], "And that is all."])
    server.otherwise = says(text)
    chat.ask("Tell me all.")
    chat.expect_answer("And that is all.")
    pieces = chat.answers.last.locator(".message-content")
    assert pieces.count() > 1
    gaps = _gaps(chat.page)
    assert len(gaps) == 11 + 12  # above and below the code and the heading
    assert gaps == pytest.approx([gaps[0]] * len(gaps), abs=1)
    chat.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copied = []
    for name in ("Copy message", "Copy conversation"):
        chat.page.evaluate("navigator.clipboard.writeText('')")
        chat.button(name).click()
        chat.page.wait_for_function("navigator.clipboard.readText()")
        copied.append(chat.page.evaluate("navigator.clipboard.readText()").strip())
    assert copied == [text, f"user: Tell me all.\n\nassistant: {text}"]


def test_an_open_page_that_does_nothing_holds_no_request_open(page: Page, app: App) -> None:
    """Also after a turn: nothing is left to send, to wake a phone or to take the server's memory, or for frames."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright writes on it
    over: list[Request] = []
    for end in ("requestfinished", "requestfailed"):  # who of the two ends a stream that has said all is chance
        page.on(end, lambda request: over.append(request))  # noqa: PLW0108 - see above
    chat = open_chat(page, app)
    chat.ask("Hi.")
    until_s = monotonic() + PATIENCE_MS / 1000
    while len(over) < len(asked) and monotonic() < until_s:
        page.wait_for_timeout(50)  # what was asked a moment ago, as how the servers are, is still answered
    assert asked
    assert [request.url for request in asked if request not in over] == []
    assert not [request.url for request in asked if "heartbeat" in request.url or "iframeResizer" in request.url]


def test_an_update_draws_the_end_of_a_long_answer_alone(chat: ChatPage, server: Upstream) -> None:
    """What stands above is left as it is, and is not even told its direction again."""
    # As fast as the page draws them: on a slow machine several in one update would be read as one.
    drawn = 0
    pieces = [f"Part {number}. {piece}" for number, piece in enumerate(PIECES)]
    server.then(says_as_taken(*pieces, "And that is all.", taken=lambda number: number <= drawn))
    chat.page.evaluate(WATCH)
    chat.send("Tell me all.")
    for number in range(len(pieces)):
        chat.expect_answer(f"Part {number}.")
        drawn = number + 1
    chat.expect_answer("And that is all.")
    chat.expect_done()
    told: dict[str, Any] = chat.page.evaluate("({ updates, read, directions })")
    assert told["read"] < told["updates"] * len("".join(PIECES)) * MOST_READ
    assert told["directions"] < len(PIECES)


def test_what_stands_in_the_conversation_is_not_read_again_for_what_is_new(
    page: Page, app: App, server: Upstream
) -> None:
    """Neither while an answer grows, nor at the first question after a reload."""
    chat = open_chat(page, app)
    server.then(says("EARLIER ", *PIECES[:12]), says("Short and EARLIER."))
    page.evaluate(READ)
    chat.ask("EARLIER question?")
    chat.ask("And?")
    assert page.evaluate("readAgain") > 0
    page.reload()
    expect(chat.questions).to_have_count(2)
    expect(chat.answers.first).to_contain_text("EARLIER")
    chat.expect_answer("Short")
    page.wait_for_function(QUIET)
    page.evaluate(READ)
    server.otherwise = says(*PIECES[:6], "And that is all.", pace_s=0.05)
    for _ in range(2):
        chat.ask("Tell me more.")
    assert page.evaluate("readAgain") == 0


def test_what_is_looked_at_as_an_answer_grows_does_not_grow_with_the_conversation(
    page: Page, app: App, server: Upstream
) -> None:
    """While nothing but the answer changes, only its row is looked through."""
    chat = open_chat(page, app)
    for number in range(3):
        chat.ask(f"Question {number}?")
    server.otherwise = says_without_end(PIECES[0], pace_s=0.1)
    chat.send("Tell me all.")
    expect(chat.answers.last).to_contain_text("harbour")
    page.evaluate(
        """() => {
        globalThis.looks = { all: 0, row: 0 };
        const of = (prototype) => {
          const { querySelectorAll } = prototype;
          prototype.querySelectorAll = function (selector) {
            if (/code_wrap > pre:not/.test(selector)) looks[this.id === "conversation" ? "all" : "row"] += 1;
            return querySelectorAll.call(this, selector);
          };
        };
        of(Element.prototype);
        }"""
    )
    page.evaluate(LOOKED_OFTEN)
    assert page.evaluate("looks.all") <= 1  # something else on the page may change meanwhile
    chat.stop_button.click()
    chat.expect_done()


def _gaps(page: Page) -> list[float]:
    """Between the paragraphs of the last answer, in px, also where two are of different pieces."""
    gaps: list[float] = page.evaluate(
        """() => {
        const answer = [...document.querySelectorAll("#conversation .bot.message")].at(-1);
        const blocks = [...answer.querySelectorAll(".message-content :is(p, pre, h2)")];
        const pairs = blocks.slice(1).map((each, at) => [blocks[at], each]);
        return pairs
          .filter((pair) => pair.every((each) => each.matches("p")))
          .map(([above, below]) => below.getBoundingClientRect().top - above.getBoundingClientRect().bottom);
    }"""
    )
    return gaps
