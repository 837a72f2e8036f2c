"""The page in other languages and clothes: what `chat` says of it is what a visitor sees and gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.accessibility import violations
from tests.browser.app_process import App
from tests.browser.chat_page import ChatPage, open_chat
from tests.browser.conftest import DESKTOP, StartApp, Watch, new_context
from tests.browser.moments import held, soon
from tests.browser.upstream import Upstream, says, says_without_end

pytestmark = pytest.mark.browser

GERMAN = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
chat:
  title: Die Seite
  language: de
  logo: {logo}
  favicon: {logo}
  watermark: Von einem Modell
  container: false
  flagging_options: [Like, Dislike, Falsch]
  elem_classes: [mine]
  css: ".mine {{ letter-spacing: 1px }}"
  theme_options: {{primary_hue: "#ffee00", secondary_hue: "#0a7d5c", neutral_hue: stone, radius_size: none}}
  api_visibility: undocumented
"""
ARABIC = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
chat:
  title: المحادثة
  language: {words}
  fill_height: false
  height: 300
  max_height: 500
  resizable: true
  concurrency_limit: 1
  show_label: true
  label: حديث
  line_breaks: false
"""
NARROW = """
endpoints: [{{name: scripted, base_url: "{base_url}", attempts: 1}}]
presets: [{{name: Bilder und Dokumente mit langem Namen}}, {{name: Zwei}}]
chat: {{title: Chat, language: de, examples: ["Was ist das?", Hallo]}}
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#0a7d5c"/></svg>'


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a logo and a file of words."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "logo.svg").write_text(SVG, encoding="utf-8")
    (folder / "ar.yaml").write_text("language: ar\nmessage_placeholder: اكتب رسالة\nretry: أعد\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def german(start_app: StartApp, upstream_server: Upstream, files: Path) -> App:
    """An app in German, with colours of its own."""
    return start_app(GERMAN.format(base_url=upstream_server.base_url, logo=files / "logo.svg"))


@pytest.fixture(scope="module")
def arabic(start_app: StartApp, upstream_server: Upstream, files: Path) -> App:
    """An app whose words a file gives, and whose text runs from right to left."""
    return start_app(ARABIC.format(base_url=upstream_server.base_url, words=files / "ar.yaml"))


@pytest.fixture
def french(browser: Browser, own_hosts: set[str]) -> Iterator[BrowserContext]:
    """A visitor whose browser speaks another language than the page."""
    width, height = DESKTOP
    made = browser.new_context(
        viewport={"width": width, "height": height},
        locale="fr-FR",
        service_workers="block",
        permissions=["clipboard-read", "clipboard-write"],
    )
    watch = Watch(made, own_hosts)
    yield made
    faults = watch.faults([])
    made.close()
    assert not faults, "\n".join(faults)


def test_the_page_speaks_its_own_language_and_not_the_browsers(
    french: BrowserContext, german: App, server: Upstream
) -> None:
    """Gradio's buttons too, which would be in the browser's."""
    chat = open_chat(french.new_page(), german)
    expect(chat.page.locator("html")).to_have_attribute("lang", "de")
    expect(chat.box).to_have_attribute("placeholder", "Nachricht schreiben …")
    server.then(says("Ja."))
    chat.ask("Geht das?")
    for name in ("Neu antworten", "Zurücknehmen", "Bearbeiten", "Gefällt mir", "Nachricht kopieren"):
        expect(chat.button(name)).to_be_visible()


def test_buttons_that_gradio_names_in_english_have_names_of_the_page(
    french: BrowserContext, german: App, server: Upstream
) -> None:
    """That for the whole conversation, those of other verdicts, and of the verdict that was given; tooltips too."""
    chat = open_chat(french.new_page(), german)
    server.then(says("Ja."))
    chat.ask("Geht das?")
    expect(chat.button("Unterhaltung kopieren")).to_have_attribute("title", "Unterhaltung kopieren")
    expect(chat.button("Rückmeldung")).to_be_visible()
    chat.button("Gefällt mir").click()
    expect(chat.button("Gefällt mir (gewählt)")).to_have_attribute("data-changes", "")
    with held(chat.page):
        chat.button("Unterhaltung kopieren").click()
        expect(chat.button("Unterhaltung kopiert")).to_be_visible()
    expect(chat.button("Unterhaltung kopieren")).to_be_visible()


def test_pickers_and_examples_fit_on_the_smallest_phone(
    browser: Browser, start_app: StartApp, upstream_server: Upstream
) -> None:
    """Nothing stands out of what it is in, and a long name ends before the arrow."""
    app = start_app(NARROW.format(base_url=upstream_server.base_url))
    context = new_context(browser, (320, 640))
    chat = open_chat(context.new_page(), app)
    expect(chat.page.locator("#conversation .example")).to_have_count(2)
    edges = """([inner, outer]) => {
      const box = document.querySelector(outer).getBoundingClientRect();
      const [left, right] = [box.left, box.right].map(Math.round);
      return [...document.querySelectorAll(inner)].map((each) => each.getBoundingClientRect())
        .every((each) => each.width > 0 && Math.round(each.left) >= left && Math.round(each.right) <= right);
    }"""
    chat.page.wait_for_function(edges, arg=["#preset, #model", "#pickers"])
    chat.page.wait_for_function(edges, arg=["#conversation .example", "#conversation .examples"])
    chat.page.wait_for_function(edges, arg=["#conversation .examples", "#conversation"])
    ends = "(input) => input.getBoundingClientRect().right - parseFloat(getComputedStyle(input).paddingRight)"
    arrow = chat.page.locator("#preset .icon-wrap").bounding_box()
    assert arrow
    assert chat.page.locator("#preset input").evaluate(ends) <= arrow["x"]
    context.close()


def test_what_is_copied_has_the_watermark(french: BrowserContext, german: App, server: Upstream) -> None:
    """Of a message, below it."""
    chat = open_chat(french.new_page(), german)
    server.then(says("Ja."))
    chat.ask("Geht das?")
    with held(chat.page):
        chat.button("Nachricht kopieren").click()
        expect(chat.button("Nachricht kopiert")).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()") == "Ja.\n\nVon einem Modell"


def test_the_logo_the_icon_and_the_colours_are_those_that_were_set(french: BrowserContext, german: App) -> None:
    """The logo beside the title, as high as it; no frame; no corner is round."""
    chat = open_chat(french.new_page(), german)
    logo = chat.page.locator("#title img")
    expect(logo).to_have_js_property("complete", value=True)
    box, title = logo.bounding_box(), chat.page.get_by_role("heading", name="Die Seite").bounding_box()
    assert box is not None
    assert title is not None
    assert title["height"] > box["height"] > title["height"] / 2
    assert box["width"] == pytest.approx(2 * box["height"], rel=0.05)
    icon = chat.page.locator("link[rel=icon]").evaluate("link => fetch(link.href).then((got) => got.text())")
    assert icon == SVG
    expect(chat.conversation).to_have_css("border-top-width", "0px")
    expect(chat.conversation).to_have_css("letter-spacing", "1px")
    root = chat.page.locator(":root")
    assert root.evaluate("root => getComputedStyle(root).getPropertyValue('--primary-500')") == "#ffee00"
    assert root.evaluate("root => getComputedStyle(root).getPropertyValue('--radius-lg')") == "0px"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_other_colours(
    browser: Browser, german: App, server: Upstream, scheme: str
) -> None:
    """A yellow on which white could not be read, in light and dark."""
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
    chat = open_chat(context.new_page(), german)
    server.then(says("Ja, [hier](https://example.org/)."))
    chat.ask("Geht das?")
    assert violations(chat.page) == []
    context.close()


def test_text_runs_from_right_to_left(chat_in_arabic: ChatPage, server: Upstream) -> None:
    """The panel is at the right, the question's box begins there; what the file lacks is English."""
    chat = chat_in_arabic
    expect(chat.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(chat.box).to_have_attribute("placeholder", "اكتب رسالة")
    expect(chat.box).to_have_css("direction", "rtl")
    expect(chat.conversation.get_by_text("حديث", exact=True)).to_be_visible()
    panel = chat.page.locator("#conversations .inside").bounding_box()
    assert panel is not None
    assert panel["x"] + panel["width"] == DESKTOP[0]
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= DESKTOP[0]
    server.then(says("نعم"))
    chat.ask("مرحبا")
    expect(chat.button("أعد")).to_be_visible()
    expect(chat.button("Undo")).to_be_visible()


def test_a_conversation_can_have_a_height_and_be_dragged_to_another(chat_in_arabic: ChatPage) -> None:
    """As far as it may."""
    conversation, page = chat_in_arabic.conversation, chat_in_arabic.page

    def height() -> float:
        box = conversation.bounding_box()
        return box["height"] if box else 0

    assert soon(page, height, lambda found: found == 300) == 300
    handle = conversation.locator(".resize-handle")
    handle.hover(position={"x": 4, "y": 4})  # which waits until nothing moves any more
    place = handle.bounding_box()
    assert place is not None
    page.mouse.down()
    page.mouse.move(place["x"] + 4, place["y"] + 104, steps=5)
    page.mouse.up()
    assert 390 < soon(page, height, lambda found: 390 < found < 410) < 410


def test_tags_that_are_none_of_html_stay_and_single_lines_join(chat_in_arabic: ChatPage, server: Upstream) -> None:
    """Gradio would take out the tag, and with it all that follows."""
    server.then(says("one\ntwo <thinking>deep</thinking> vector<int> and more"))
    chat_in_arabic.ask("x")
    answer = chat_in_arabic.answers.last
    expect(answer).to_contain_text("two <thinking>deep</thinking> vector<int> and more")
    expect(answer.locator("br")).to_have_count(0)


def test_an_unlisted_api_is_in_no_list(german: App, french: BrowserContext) -> None:
    """Though it works."""
    got = french.request.get(f"{german.base_url}/gradio_api/info").json()
    assert "/chat" not in got["named_endpoints"]


def test_no_more_turns_run_at_once_than_may(chat_in_arabic: ChatPage, arabic: App, server: Upstream) -> None:
    """Whether they are asked for on a page or by a program: the next begins when one has ended."""
    server.then(says_without_end(), says("Second."))
    chat_in_arabic.send("First?")
    chat_in_arabic.expect_answer("word")
    call = f"{arabic.base_url}/gradio_api/call/chat"
    request = chat_in_arabic.page.request
    parameters = request.get(f"{arabic.base_url}/gradio_api/info").json()["named_endpoints"]["/chat"]["parameters"]
    posted = request.post(call, data={"data": ["Second?", *(None for _ in parameters[1:])]}).json()
    chat_in_arabic.page.wait_for_timeout(1000)
    assert len(server.asked) == 1
    chat_in_arabic.stop_button.click()
    assert "Second." in request.get(f"{call}/{posted['event_id']}").text()
    assert len(server.asked) == 2


@pytest.fixture
def chat_in_arabic(browser: Browser, arabic: App, server: Upstream, own_hosts: set[str]) -> Iterator[ChatPage]:
    """The page whose text runs from right to left."""
    assert not server.asked
    width, height = DESKTOP
    context = browser.new_context(viewport={"width": width, "height": height}, service_workers="block")
    watch = Watch(context, own_hosts)
    yield open_chat(context.new_page(), arabic)
    faults = watch.faults([])
    context.close()
    assert not faults, "\n".join(faults)
