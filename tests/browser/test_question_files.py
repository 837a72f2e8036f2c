"""Files of a question on the real page: read by the server, sent to the model, kept in the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.accessibility import violations
from tests.browser.chat_page import ChatPage
from tests.browser.panel import SidePanel
from tests.browser.test_composer import a_file
from tests.browser.upstream import Upstream, hangs, says

pytestmark = pytest.mark.browser


IS_KEPT = """
async () => {
  const { name } = (await indexedDB.databases()).find((each) => each.name.endsWith(" files")) ?? {};
  if (!name) return false;
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name);
    opening.onerror = reject;
    opening.onsuccess = () => {
      const request = opening.result.transaction("files").objectStore("files").getAll();
      request.onsuccess = () => {
        opening.result.close();
        resolve(request.result.some(({ part }) => part));
      };
    };
  });
}
"""
"""Whether a file that was read is kept for a reload."""


def chips(chat: ChatPage) -> Locator:
    """The files above the text box that are read."""
    return chat.page.locator(".composer-chips li[data-state=ready]")


def add(chat: ChatPage, *files: dict[str, Any]) -> None:
    """Choose files, and wait until they are read."""
    count = chips(chat).count()
    chat.page.locator(".composer-buttons input").first.set_input_files(list(files))  # type: ignore[arg-type]
    expect(chips(chat)).to_have_count(count + len(files))


def last_question(server: Upstream) -> Any:
    """What the model was asked last."""
    return server.asked[-1].body["messages"][-1]["content"]


def kinds(server: Upstream) -> list[str]:
    """The kinds of parts in that."""
    return [part["type"] for part in last_question(server)]


def test_a_picture_and_a_document_reach_the_model_and_stay_in_the_conversation(
    chat: ChatPage, server: Upstream
) -> None:
    """In their order, before the text; seen on the page, and there after a reload."""
    server.otherwise = says("A picture.")
    add(chat, a_file(), a_file("notes.txt", "text/plain", b"The cat is red."))
    chat.ask("What is this?")
    assert set(kinds(server)) == {"image_url", "text"}
    assert kinds(server)[0] == "image_url"
    assert "The cat is red." in last_question(server)[1]["text"]
    assert last_question(server)[-1]["text"].endswith("What is this?")
    asked = last_question(server)
    expect(chips(chat)).to_have_count(0)
    chat.page.reload()
    expect(chat.questions.locator("img")).to_have_attribute("src", re.compile("^data:image/"))
    expect(chat.questions.get_by_role("link", name="notes.txt")).to_have_attribute("download", "notes.txt")
    assert violations(chat.page) == []
    chat.ask("And now?")
    assert server.asked[-1].body["messages"][-3]["content"] == asked


def test_an_edit_keeps_the_files_and_undo_gives_them_back(chat: ChatPage, server: Upstream) -> None:
    """Also of a question that was only a file."""
    server.otherwise = says("A picture.")
    add(chat, a_file())
    chat.send_button.click()
    chat.expect_answer("A picture.")
    chat.expect_done()
    assert kinds(server) == ["image_url"]
    chat.edit("What is this?")
    expect(chat.questions).to_contain_text(["What is this?"])
    chat.expect_done()
    assert kinds(server) == ["image_url", "text"]
    chat.button("Undo").click()
    expect(chips(chat)).to_have_count(1)
    expect(chat.box).to_have_value("What is this?")


def test_a_program_is_refused_and_the_text_stays(chat: ChatPage, server: Upstream, allowed_errors: list[str]) -> None:
    """With the server's own sentence."""
    allowed_errors.append("status of 4")
    chat.box.fill("Look at this")
    program = a_file("run.exe", "application/x-msdownload", b"MZ\x90\x00" + bytes(200))
    chat.page.locator(".composer-buttons input").first.set_input_files([program])  # type: ignore[arg-type]
    expect(chat.page.get_by_role("alert")).to_contain_text("“run.exe” was not added.")
    expect(chat.box).to_have_value("Look at this")
    assert server.asked == []


def test_a_link_puts_its_question_into_the_text_box_and_asks_nothing(chat: ChatPage, server: Upstream) -> None:
    """And the address is as without it."""
    chat.page.goto(f"{chat.page.url.split('#')[0]}?q=Why%3F&preset=Assistant")
    expect(chat.box).to_have_value("Why?")
    expect(chat.page).not_to_have_url(re.compile("q="))
    assert server.asked == []


def test_choosing_a_file_leaves_the_draft_alone(chat: ChatPage) -> None:
    """Its input is in the text box, and what stands in that is the path of a file."""
    chat.box.fill("Look at this")
    add(chat, a_file())
    chat.page.wait_for_function(IS_KEPT)
    chat.page.reload()
    expect(chips(chat)).to_have_count(1)
    expect(chat.box).to_have_value("Look at this")


class Waiting:
    """A question that waits for its file, which is read when the test says so."""

    def __init__(self, chat: ChatPage, question: str) -> None:
        self._chat = chat
        self._held: list[Route] | None = []
        self.told = chat.page.get_by_text("Your message is sent as soon as its files are read.")
        chat.page.route("**/uploads?*", self._hold)
        file = a_file("notes.txt", "text/plain", b"Red.")
        chat.page.locator(".composer-buttons input").first.set_input_files([file])  # type: ignore[arg-type]
        expect(chat.page.locator(".composer-chips li")).to_have_count(1)
        chat.send(question)
        expect(self.told).to_be_visible()

    def read(self) -> None:
        """Have the file read."""
        held, self._held = self._held, None  # what comes only now is not held any more
        for route in held or ():
            route.continue_()
        expect(self._chat.page.locator(".composer-chips li[data-state=reading]")).to_have_count(0)

    def _hold(self, route: Route) -> None:
        if self._held is None:
            route.continue_()
        else:
            self._held.append(route)


def new_chat(chat: ChatPage, panel: SidePanel) -> None:
    """Begin another conversation, and wait until it is the one on the page."""
    panel.new_chat()
    expect(chat.questions).to_have_count(0)


@pytest.mark.parametrize("way", ["new chat", "another", "back", "delete"])
def test_a_question_that_waits_is_not_sent_into_another_conversation(
    chat: ChatPage, panel: SidePanel, server: Upstream, way: str
) -> None:
    """It stays in the text box, with its file."""
    chat.ask("Bees")
    new_chat(chat, panel)
    chat.ask("Ants")
    waiting = Waiting(chat, "And wasps?")
    match way:
        case "new chat":
            panel.new_chat()
        case "another":
            panel.open("Bees")
        case "back":
            chat.page.go_back()
        case _:
            panel.menu("Ants", "Delete")
    expect(waiting.told).to_have_count(0)
    waiting.read()
    expect(chips(chat)).to_have_count(1)
    expect(chat.box).to_have_value("And wasps?")
    chat.send_button.click()
    expect(chips(chat)).to_have_count(0)
    chat.expect_done()
    assert [str(asked.body["messages"][-1]["content"]).count("wasps") for asked in server.asked] == [0, 0, 1]


def test_a_question_that_waits_is_sent_behind_an_answer_that_began_meanwhile(chat: ChatPage, server: Upstream) -> None:
    """As the page sends nothing while one arrives."""
    server.then(says("One."), hangs("Two"), says("Three."))
    chat.ask("Bees")
    waiting = Waiting(chat, "And wasps?")
    chat.button("Retry").click()
    chat.expect_answer("Two")
    waiting.read()
    expect(chat.box).to_have_value("And wasps?")
    expect(waiting.told).to_be_visible()
    chat.stop_button.click()
    chat.expect_answer("Three.")
    chat.expect_done()
    expect(chat.box).to_have_value("")
    expect(chat.questions).to_have_count(2)


def test_other_conversations_are_read_when_somebody_is_about_to_search(chat: ChatPage, panel: SidePanel) -> None:
    """And not with every page: they hold all of their pictures."""
    chat.ask("Bees")
    new_chat(chat, panel)
    chat.ask("Ants")
    chat.page.clock.install()
    chat.page.add_init_script(
        """const { getAll } = IDBObjectStore.prototype;
        globalThis.reads = 0;
        IDBObjectStore.prototype.getAll = function (...given) {
          if (this.name === "messages") reads += 1;
          return getAll.apply(this, given);
        };"""
    )
    chat.page.reload()
    expect(chat.questions).to_have_text("Ants")
    chat.page.clock.run_for(60_000)
    assert chat.page.evaluate("reads") == 1
    panel.search("bees")
    expect(panel.found).to_have_count(1)
    assert chat.page.evaluate("reads") > 1
