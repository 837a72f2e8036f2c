"""The page as a visitor uses it: what can be typed, clicked and read there, by the names that people see."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.app_process import App

WHEN_LEFT = ("AbortError", "Connection errored out", "ERR_ABORTED")
"""What Gradio says on a page that is left in the middle of an event, if it comes to that."""


@dataclass(frozen=True)
class ChatPage:
    """An open page."""

    page: Page

    @property
    def box(self) -> Locator:
        """The box to type in."""
        return self.page.locator("#question textarea")

    @property
    def conversation(self) -> Locator:
        """All that was said."""
        return self.page.locator("#conversation")

    @property
    def questions(self) -> Locator:
        """The visitor's messages."""
        return self.conversation.locator(".user.message")

    @property
    def answers(self) -> Locator:
        """The assistant's messages, each with its thoughts and notices."""
        return self.conversation.locator(".bot.message")

    @property
    def stop_button(self) -> Locator:
        """Stop; there only while an answer grows."""
        return self.page.locator("#question .stop-button")

    @property
    def send_button(self) -> Locator:
        """Send; there only while none does."""
        return self.page.locator("#question .submit-button")

    @property
    def status(self) -> Locator:
        """What the page says about the servers."""
        return self.page.locator("#status")

    @property
    def try_again(self) -> Locator:
        """The button under a notice."""
        return self.conversation.get_by_role("button", name="Try again")

    def button(self, name: str) -> Locator:
        """The last button of that name in the conversation: `Retry`, `Undo`, `Edit`, `Like`, …"""
        return self.conversation.get_by_role("button", name=name, exact=True).last

    def send(self, text: str) -> None:
        """Type `text` and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def ask(self, text: str) -> None:
        """Send `text` and wait until its answer is whole."""
        count = self.questions.count()
        self.send(text)
        expect(self.questions).to_have_count(count + 1)
        self.expect_done()

    def edit(self, text: str) -> None:
        """Replace the first question by `text`."""
        self.conversation.get_by_role("button", name="Edit", exact=True).first.click()
        self.conversation.locator("textarea").fill(text)
        self.conversation.get_by_role("button", name="Submit").click()

    def note(self, text: str) -> None:
        """From now on, note when `text` stands in the conversation, be it for a single frame."""
        self.page.evaluate(
            """(text) => {
              const { dataset } = document.documentElement;
              delete dataset.noted;
              const look = () => {
                if (document.getElementById("conversation").textContent.includes(text)) dataset.noted = text;
              };
              new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
            }""",
            text,
        )

    def expect_noted(self, text: str) -> None:
        """Wait until `text` has stood there since it is noted; it may be gone again."""
        expect(self.page.locator("html")).to_have_attribute("data-noted", text)

    def expect_done(self) -> None:
        """Wait until no answer grows."""
        expect(self.send_button).to_be_visible()
        expect(self.page.locator("body.answering")).to_have_count(0)

    def expect_answer(self, text: str) -> None:
        """Wait until the last answer holds `text`."""
        expect(self.answers.last).to_contain_text(text)


def open_chat(page: Page, app: App, path: str = "/") -> ChatPage:
    """The page of `app`, when it can be used."""
    page.goto(f"{app.base_url}{path}")
    chat = ChatPage(page)
    expect(chat.send_button).to_be_visible()
    return chat
