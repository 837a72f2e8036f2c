"""Files of a question on the real page: read by the server, sent to the model, kept in the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.accessibility import violations
from tests.browser.chat_page import ChatPage
from tests.browser.test_composer import a_file
from tests.browser.upstream import Upstream, says

pytestmark = pytest.mark.browser


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
    assert "q=" not in chat.page.url
    assert server.asked == []
