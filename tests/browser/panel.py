"""The side panel as a visitor uses it on the real page, by the names that people see."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class SidePanel:
    """The panel of an open page."""

    page: Page

    @property
    def aside(self) -> Locator:
        """All of it."""
        return self.page.get_by_role("complementary", name="Conversations")

    @property
    def toggle(self) -> Locator:
        """The button that shows and hides it."""
        return self.aside.get_by_role("button", name="Conversations", exact=True)

    @property
    def rows(self) -> Locator:
        """The links to the conversations, in their order, without those that are found."""
        return self.aside.locator(".row > a")

    @property
    def open_row(self) -> Locator:
        """The row of the conversation on the page."""
        return self.aside.locator(".row > a[aria-current=page]")

    @property
    def search_box(self) -> Locator:
        """What is searched for."""
        return self.aside.get_by_role("searchbox", name="Search conversations")

    @property
    def found(self) -> Locator:
        """The links to what was found."""
        return self.aside.locator(".results a")

    @property
    def notices(self) -> Locator:
        """What the page tells about conversations."""
        return self.page.locator("#notices .told")

    def row(self, title: str) -> Locator:
        """The link to the conversation of that title."""
        return self.rows.filter(has=self.page.get_by_text(title, exact=True))

    def expect_titles(self, *titles: str) -> None:
        """Wait until these are the conversations, in this order."""
        expect(self.rows.locator(".title")).to_have_text(list(titles))

    def open(self, title: str) -> None:
        """Put it on the page."""
        self.row(title).click()
        expect(self.open_row.locator(".title")).to_have_text(title)

    def new_chat(self) -> None:
        """Begin another conversation."""
        self.aside.get_by_role("button", name="New chat").click()
        expect(self.open_row).to_have_count(0)

    def begin(self) -> None:
        """Begin another conversation and wait until nothing of the one before stands on the page."""
        self.new_chat()
        expect(self.page.locator("#conversation .user.message")).to_have_count(0)

    def menu(self, title: str, item: str) -> None:
        """Choose `item` of the menu of a conversation."""
        self.row(title).hover()
        self.aside.get_by_role("button", name=f"More for “{title}”").click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def rename(self, title: str, new: str) -> None:
        """Give it another title."""
        self.menu(title, "Rename")
        box = self.aside.get_by_role("textbox", name="Title")
        box.fill(new)
        box.press("Enter")

    def search(self, query: str) -> None:
        """Type it into the search box."""
        self.search_box.fill(query)

    def import_file(self, file: object) -> None:
        """Choose a file to import: a path, or what Playwright takes for one."""
        self.aside.get_by_label("Import", exact=True).set_input_files(file)  # type: ignore[arg-type]  # as it comes
