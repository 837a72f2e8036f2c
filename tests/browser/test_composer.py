"""The files above the text box, on a page of its own: the real modules, Gradio's text box as it draws it, no server."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.accessibility import violations
from tests.browser.modules import theme_css

pytestmark = pytest.mark.browser

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""One red pixel."""
KEPT = """
(wanted) => new Promise((resolve) => {
  const opening = indexedDB.open("test files");
  opening.onsuccess = () => {
    const request = opening.result.transaction("files").objectStore("files").getAll();
    request.onsuccess = () => {
      opening.result.close();
      resolve(request.result.filter(({ part }) => part).length === wanted);
    };
  };
})
"""
"""Whether so many files are kept for all tabs."""
KEPT_NAMES = KEPT.replace(
    "filter(({ part }) => part).length === wanted", "map(({ name }) => name).sort().join(' ') === wanted"
)
"""Whether these are named, those that are being read as well."""
PATIENT_TABS = """
const real = globalThis.setTimeout;
globalThis.setTimeout = (work, ms, ...given) => real(work, ms === 300 ? 3000 : ms, ...given);
"""
"""Gives another tab more time to say that it is there than `tabs.mjs` does: here it runs on a busy machine."""
REFUSAL = {"sentence": "Programs are not read.", "hint": "Add a document."}
LEAST_TARGET_PX = 24
Given = dict[str, Any]


def a_file(name: str = "red.png", mime_type: str = "image/png", content: bytes = PNG) -> Given:
    """A file to choose."""
    return {"name": name, "mimeType": mime_type, "buffer": content}


class ComposerPage:
    """The page, there already without an `address`, and its server: requests that are held wait until `read_all`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.asked: list[dict[str, str]] = []
        self.hold = False
        self._held: list[Route] = []
        page.route("**/uploads?*", self._read)
        if address:
            page.goto(f"{address}tests/browser/composer_page.html")

    def start(self, *, dark: bool = False, save: bool = True, **limits: int) -> ComposerPage:
        """With these limits."""
        expect(self.page.locator("html[data-ready]")).to_have_count(1)
        self.page.add_style_tag(content=theme_css())
        if dark:
            self.page.evaluate("document.body.classList.add('dark')")
        self.page.evaluate("([limits, save]) => harness.start(limits, save)", [limits, save])
        return self

    def read_all(self) -> None:
        """Answer all that is held."""
        self.hold = False
        while self._held:
            self._read(self._held.pop(0))

    @property
    def box(self) -> Locator:
        """The text box."""
        return self.page.get_by_role("textbox", name="Message")

    @property
    def chips(self) -> Locator:
        """One for each file."""
        return self.page.get_by_role("list", name="Files of your message").get_by_role("listitem")

    @property
    def ready(self) -> Locator:
        """Those that are read."""
        return self.page.locator(".composer-chips li[data-state=ready]")

    @property
    def notice(self) -> Locator:
        """What the page tells."""
        return self.page.get_by_role("alert")

    def choose(self, *files: Given) -> None:
        """Choose files with the button."""
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Add files").click()
        chooser.value.set_files(list(files))  # type: ignore[arg-type]  # Playwright's own dictionaries

    def sent(self) -> list[Given]:
        """What was sent: texts and the names of files."""
        found: list[Given] = self.page.evaluate("harness.sent")
        return found

    def _read(self, route: Route) -> None:
        if self.hold:
            self._held.append(route)
            return
        request = route.request
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        name, body = asked["name"], request.post_data_buffer or b""
        self.asked.append({**asked, "header": request.headers.get("x-chat-app", ""), "method": request.method})
        if name.endswith(".exe"):
            route.fulfill(status=422, json=REFUSAL)
            return
        picture = {"type": "image", "mime_type": "image/png", "data": base64.b64encode(body).decode()}
        document = {"type": "document", "mime_type": "application/pdf", "text": "Text", "cut": "Only 3 of 10 pages."}
        part = {**picture, "width": 1, "height": 1} if name.endswith(".png") else document
        route.fulfill(json={"part": {**part, "name": name}})


@pytest.fixture
def composer(page: Page, address: str) -> ComposerPage:
    """On a wide window."""
    return ComposerPage(page, address).start()


@pytest.fixture
def phone(phone_context: BrowserContext, address: str) -> ComposerPage:
    """On a phone."""
    return ComposerPage(phone_context.new_page(), address).start(dark=True)


def test_several_files_are_read_and_sent_with_the_text(composer: ComposerPage) -> None:
    """Each is posted with its name, the preset and our header; a picture is seen, and what is cut off is said."""
    composer.choose(a_file(), a_file("a report.pdf", "application/pdf", b"%PDF"))
    expect(composer.ready).to_have_count(2)
    expect(composer.chips.first.locator("img")).to_have_js_property("complete", True)  # noqa: FBT003
    expect(composer.chips.last).to_contain_text("Only 3 of 10 pages.")
    composer.box.fill("What is this?")
    composer.box.press("Enter")
    expect(composer.chips).to_have_count(0)
    assert composer.sent() == [{"text": "What is this?", "files": ["red.png", "a report.pdf"]}]
    asked = sorted(composer.asked, key=lambda each: each["name"])  # both are posted at once
    assert asked[0] == {"name": "a report.pdf", "preset": "Tutor", "header": "1", "method": "POST"}


def test_a_message_of_files_alone_is_sent_and_an_empty_one_is_not(composer: ComposerPage) -> None:
    """By button and by key."""
    composer.box.press("Enter")
    composer.page.get_by_role("button", name="Send").click()
    assert composer.sent() == []
    composer.choose(a_file())
    expect(composer.ready).to_have_count(1)
    composer.page.get_by_role("button", name="Send").click()
    assert composer.sent() == [{"text": "", "files": ["red.png"]}]


def test_a_question_waits_for_its_files(composer: ComposerPage) -> None:
    """It is sent by itself, with what stands in the text box by then."""
    composer.hold = True
    composer.choose(a_file())
    composer.box.fill("What is")
    composer.box.press("Enter")
    expect(composer.page.get_by_text("Your message is sent as soon as its files are read.")).to_be_visible()
    assert composer.sent() == []
    composer.box.fill("What is this?")
    composer.read_all()
    expect(composer.chips).to_have_count(0)
    assert composer.sent() == [{"text": "What is this?", "files": ["red.png"]}]


@pytest.mark.parametrize("how", ["Escape", "button", "remove"])
def test_a_question_that_waits_can_be_taken_back(composer: ComposerPage, how: str) -> None:
    """The text stays, and so do the files that were not taken away."""
    composer.hold = True
    composer.choose(a_file())
    composer.box.fill("Not yet")
    composer.box.press("Enter")
    waits = composer.page.get_by_text("Your message is sent as soon as its files are read.")
    expect(waits).to_be_visible()
    match how:
        case "Escape":
            composer.box.press("Escape")
        case "button":
            composer.page.get_by_role("button", name="Do not send").click()
        case _:
            composer.page.get_by_role("button", name="Remove red.png").click()
    expect(waits).to_have_count(0)
    expect(composer.box).to_be_focused()
    composer.read_all()
    expect(composer.ready).to_have_count(0 if how == "remove" else 1)
    expect(composer.box).to_have_value("Not yet")
    assert composer.sent() == []


def test_a_refused_file_costs_nothing_of_the_text(composer: ComposerPage, allowed_errors: list[str]) -> None:
    """The page tells the server's sentence and what to do; the other files are there."""
    allowed_errors.append("422")
    composer.box.fill("Look at these")
    composer.choose(a_file(), a_file("bad.exe", "", b"MZ"))
    expect(composer.notice).to_contain_text("“bad.exe” was not added. Programs are not read. Add a document.")
    expect(composer.chips).to_have_count(1)
    expect(composer.box).to_have_value("Look at these")


def test_limits_are_told_before_anything_is_posted(composer: ComposerPage) -> None:
    """Of size and of number."""
    composer.choose(a_file("large.png", content=bytes(2_000)))
    expect(composer.notice).to_contain_text("“large.png” was not added.")
    assert composer.asked == []
    composer.choose(*(a_file(f"{number}.png") for number in range(4)))
    expect(composer.notice.last).to_contain_text("“3.png” was not added. At most 3 files")
    expect(composer.ready).to_have_count(3)


def test_files_are_dropped_anywhere(composer: ComposerPage) -> None:
    """A target is seen while they are above the page, and not for text or for what the page itself has."""
    target = composer.page.get_by_text("Drop files to add them to your message")
    expect(target).not_to_be_visible()
    drag = "(kind) => harness.drag(kind, [['dropped.png', 'image/png', 'x']])"
    composer.page.evaluate(drag, "dragenter")
    expect(target).to_be_visible()
    composer.page.evaluate(drag, "drop")
    expect(target).not_to_be_visible()
    expect(composer.chips).to_contain_text(["dropped.png"])
    composer.page.evaluate("harness.drag('dragenter', [])")
    expect(target).not_to_be_visible()
    composer.page.evaluate("dispatchEvent(new Event('dragstart'))")
    composer.page.evaluate(drag, "dragenter")
    expect(target).not_to_be_visible()


def test_a_dropped_file_does_not_replace_the_page(composer: ComposerPage) -> None:
    """Which the browser would do."""
    kept = composer.page.evaluate("harness.drag('drop', [['a.png', 'image/png', 'x']])")
    assert kept is False


def test_pictures_are_pasted_and_text_stays_text(composer: ComposerPage) -> None:
    """Also text with a picture of itself, as spreadsheets copy it; and another box on the page gets its own."""
    paste = "([files, texts, at]) => harness.paste(files, texts, document.querySelector(at))"
    picture = ["image.png", "image/png", "x"]
    box = "#question textarea"
    assert composer.page.evaluate(paste, [[picture], {}, box]) is False
    expect(composer.ready).to_have_count(1)
    assert composer.page.evaluate(paste, [[], {"text/plain": "Hello"}, box]) is True
    rich = {"text/plain": "1 2", "text/html": "<table></table>"}
    assert composer.page.evaluate(paste, [[picture], rich, box]) is True
    assert composer.page.evaluate(paste, [[picture], {}, "#other"]) is True
    expect(composer.chips).to_have_count(1)


def test_files_survive_a_reload_of_the_tab_and_are_of_this_tab_alone(composer: ComposerPage, address: str) -> None:
    """Until they are sent."""
    composer.choose(a_file(), a_file("b.pdf", "application/pdf"))
    expect(composer.ready).to_have_count(2)
    composer.page.wait_for_function(KEPT, arg=2)
    composer.page.reload()
    composer.start()
    expect(composer.ready).to_have_count(2)
    expect(composer.chips).to_contain_text(["red.png", "b.pdf"])
    other = ComposerPage(composer.page.context.new_page(), address).start()
    other.page.wait_for_function("() => harness.composer.count === 0")
    composer.box.press("Enter")
    expect(composer.chips).to_have_count(0)
    composer.page.wait_for_function(KEPT, arg=0)
    composer.page.reload()
    composer.start()
    composer.choose(a_file("new.png"))
    expect(composer.chips).to_contain_text(["new.png"])
    expect(composer.chips).to_have_count(1)


def test_a_file_that_was_being_read_is_named_after_a_reload(composer: ComposerPage) -> None:
    """It is not there any more, and nothing would say so; those that were read are."""
    composer.choose(a_file())
    expect(composer.ready).to_have_count(1)
    composer.page.wait_for_function(KEPT, arg=1)
    composer.hold = True
    composer.choose(a_file("slow.png"), a_file("slower.png"))
    expect(composer.chips).to_have_count(3)
    composer.page.wait_for_function(KEPT_NAMES, arg="red.png slow.png slower.png")
    composer.page.reload()
    composer.start()
    expect(composer.notice).to_contain_text("“slow.png”, “slower.png” were not added. The page was loaded anew")
    expect(composer.chips).to_have_count(1)
    composer.page.wait_for_function(KEPT_NAMES, arg="red.png")
    composer.page.reload()
    composer.start()
    expect(composer.ready).to_have_count(1)
    expect(composer.notice).to_have_count(0)


def test_each_file_is_written_once(composer: ComposerPage) -> None:
    """And not all of them anew whenever another one is read."""
    composer.page.evaluate(
        """() => {
        const put = IDBObjectStore.prototype.put;
        globalThis.puts = [];
        IDBObjectStore.prototype.put = function (value) {
          puts.push(`${value.name} ${Boolean(value.part)}`);
          return put.call(this, value);
        };
    }"""
    )
    for name in ("a.png", "b.png", "c.png"):
        composer.choose(a_file(name))
        expect(composer.chips.filter(has_text=name)).to_have_attribute("data-state", "ready")
    composer.page.wait_for_function(KEPT, arg=3)
    puts = composer.page.evaluate("puts")
    assert [put for put in puts if put.endswith("true")] == ["a.png true", "b.png true", "c.png true"]


def test_a_duplicated_tab_has_its_own_copy(composer: ComposerPage) -> None:
    """What is taken away in one stays in the other."""
    composer.page.context.add_init_script(PATIENT_TABS)
    composer.choose(a_file())
    expect(composer.ready).to_have_count(1)
    composer.page.wait_for_function(KEPT, arg=1)
    with composer.page.expect_popup() as opened:
        composer.page.evaluate("void open(location.href)")
    copy = ComposerPage(opened.value, "")
    copy.start()
    expect(copy.ready).to_have_count(1)
    copy.page.wait_for_function(KEPT, arg=2)
    copy.page.get_by_role("button", name="Remove red.png").click()
    copy.page.wait_for_function(KEPT, arg=1)
    composer.page.reload()
    composer.start()
    expect(composer.ready).to_have_count(1)


def test_nothing_is_kept_where_history_is_not(page: Page, address: str) -> None:
    """No database is made."""
    composer = ComposerPage(page, address).start(save=False)
    composer.choose(a_file())
    expect(composer.ready).to_have_count(1)
    assert page.evaluate("indexedDB.databases()") == []


def test_all_of_it_works_by_key(composer: ComposerPage) -> None:
    """The focus stays near the file that was taken away, and ends in the text box."""
    composer.choose(a_file("a.png"), a_file("b.png"), a_file("c.png"))
    expect(composer.ready).to_have_count(3)
    expect(composer.box).to_be_focused()
    remove = composer.page.get_by_role("button", name="Remove")
    remove.nth(1).focus()
    composer.page.keyboard.press("Enter")
    expect(composer.page.get_by_role("button", name="Remove c.png")).to_be_focused()
    composer.page.keyboard.press("Enter")
    expect(composer.page.get_by_role("button", name="Remove a.png")).to_be_focused()
    composer.page.keyboard.press("Space")
    expect(composer.box).to_be_focused()
    assert composer.sent() == []


def test_a_screen_reader_is_told_that_files_are_read(composer: ComposerPage) -> None:
    """In a place that was there before."""
    composer.choose(a_file("a.png"), a_file("b.png"))
    expect(composer.page.get_by_role("status").filter(has_text="2 files are ready to be sent.")).to_have_count(1)


def test_the_camera_is_offered_where_there_is_touch(phone: ComposerPage, composer: ComposerPage) -> None:
    """It asks the phone for a picture of what is in front of it."""
    expect(phone.page.get_by_role("button", name="Take a picture")).to_be_visible()
    camera = phone.page.locator("input[capture=environment]")
    expect(camera).to_have_attribute("accept", "image/*")
    expect(composer.page.get_by_role("button", name="Take a picture")).to_have_count(0)


def test_targets_are_large_enough_and_nothing_is_wider_than_a_phone(phone: ComposerPage) -> None:
    """Also with names without end."""
    phone.choose(a_file(f"{'long' * 40}.png"), a_file("b.pdf", "application/pdf"))
    expect(phone.ready).to_have_count(2)
    for button in phone.page.locator("#question button:visible").all():
        box = button.bounding_box()
        assert box
        if "submit-button" not in (button.get_attribute("class") or ""):
            assert min(box["width"], box["height"]) >= LEAST_TARGET_PX
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_that_there_are_more_files_is_seen(phone_context: BrowserContext, address: str) -> None:
    """Of the row at the lower edge about a half."""
    phone = ComposerPage(phone_context.new_page(), address).start(maxFiles=9)
    phone.choose(*(a_file(f"{number} {'long ' * 8}.png") for number in range(9)))
    expect(phone.ready).to_have_count(9)
    edge = phone.page.locator(".composer-chips").evaluate("(list) => list.getBoundingClientRect().bottom")
    boxes = [chip.bounding_box() for chip in phone.chips.all()]
    (cut,) = [box for box in boxes if box and box["y"] < edge < box["y"] + box["height"]]
    assert 1 / 4 < (edge - cut["y"]) / cut["height"] < 3 / 4


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nobody_is_kept_out(page: Page, address: str, *, dark: bool) -> None:
    """By the rules of axe: while a file is read, while a question waits, and when all is there."""
    composer = ComposerPage(page, address).start(dark=dark)
    composer.choose(a_file(), a_file("b.pdf", "application/pdf"))
    expect(composer.ready).to_have_count(2)
    composer.hold = True
    composer.choose(a_file("c.png"))
    composer.box.fill("Wait")
    composer.box.press("Enter")
    expect(page.get_by_role("button", name="Do not send")).to_be_visible()
    page.emulate_media(reduced_motion="reduce")
    assert violations(page) == []


def test_the_text_box_gets_its_files_back_when_it_is_drawn_anew(composer: ComposerPage) -> None:
    """Should Gradio ever do so."""
    composer.choose(a_file())
    expect(composer.ready).to_have_count(1)
    composer.page.evaluate("document.querySelector('.composer').remove(); harness.composer.place()")
    expect(composer.ready).to_have_count(1)


def test_a_name_is_text(composer: ComposerPage) -> None:
    """Whatever stands in it."""
    name = "<img src=x onerror=alert(1)>.png"
    composer.choose(a_file(name))
    expect(composer.chips.locator(".name")).to_have_text(name)
