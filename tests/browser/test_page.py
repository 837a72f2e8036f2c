"""The page itself: what it shows before anyone types, and how it shows what is said."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import violations
from tests.browser.app_process import App
from tests.browser.chat_page import WHEN_LEFT, ChatPage, open_chat
from tests.browser.conftest import PHONE, StartApp
from tests.browser.moments import soon
from tests.browser.upstream import Upstream, fails, says

pytestmark = pytest.mark.browser

SETTINGS = """
endpoints: [{{name: scripted, base_url: "{base_url}"}}]
chat:
  title: The title
  description: A *description*.
  placeholder: "## Ask away"
  textbox_placeholder: Here
  theme: soft
  css: "#title {{ letter-spacing: 3px }}"
  examples: [First, Second]
  example_icons: [{icon}, {icon}]
  avatar_images: [null, {icon}]
  layout: panel
"""
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf50"
    "0f0003860180345d8a2d0000000049454e44ae426082"
)
MARKDOWN = r"""
| a | b |
|---|---|
| 1 | 2 |

Inline $x^2$ and \(y^2\), displayed $$z^2$$ and \[w^2\].

```python
def f():
	return 1
```

```mermaid
graph TD; A-->B;
```

<script>window.pwned = 1</script><b onclick="window.pwned = 2">bold</b>
"""


@pytest.fixture(scope="module")
def app(start_app: StartApp, upstream_server: Upstream, tmp_path_factory: pytest.TempPathFactory) -> App:
    """An app with everything set that can be seen."""
    icon = tmp_path_factory.mktemp("pictures") / "icon.png"
    icon.write_bytes(PICTURE)
    return start_app(SETTINGS.format(base_url=upstream_server.base_url, icon=icon))


def test_the_settings_of_the_page_are_seen_on_it(chat: ChatPage) -> None:
    """Title, description, placeholders, style, examples with their icons."""
    page = chat.page
    expect(page).to_have_title("The title")
    expect(page.get_by_role("heading", name="The title")).to_have_css("letter-spacing", "3px")
    expect(page.locator("#title em")).to_have_text("description")
    expect(chat.conversation.get_by_role("heading", name="Ask away")).to_be_visible()
    expect(chat.box).to_have_attribute("placeholder", "Here")
    expect(chat.box).to_be_focused()
    expect(chat.conversation.locator("button img")).to_have_count(2)
    for picture in chat.conversation.locator("button img").all():
        expect(picture).to_have_js_property("naturalWidth", 1)


def test_messages_have_avatars_and_the_layout_that_was_set(chat: ChatPage, server: Upstream) -> None:
    """And buttons to copy each message and the whole conversation."""
    server.then(says("Yes."))
    chat.ask("Hi")
    expect(chat.conversation.locator(".avatar-container img")).to_have_js_property("naturalWidth", 1)
    expect(chat.conversation.locator(".panel-wrap")).to_be_visible()
    expect(chat.button("Copy message")).to_be_visible()
    expect(chat.page.get_by_role("button", name="Copy conversation")).to_be_visible()


def test_there_is_nothing_below_the_text_box_and_no_picker_without_a_choice(chat: ChatPage) -> None:
    """Examples stand in the conversation; one preset is no choice; Gradio's footer leads nowhere a visitor wants."""
    expect(chat.page.locator("footer")).not_to_be_visible()
    expect(chat.page.locator(".gallery, .dataset, table")).to_have_count(0)
    expect(chat.page.locator("#preset")).not_to_be_visible()
    expect(chat.page.locator("#model input")).to_have_value("toy")


def test_markdown_formulas_code_and_diagrams_are_shown(chat: ChatPage, server: Upstream) -> None:
    """In all four ways to write a formula; what would run is left out."""
    server.then(says(MARKDOWN))
    chat.ask("Show me")
    answer = chat.answers.last
    expect(answer.locator("td")).to_have_text(["1", "2"])
    expect(answer.locator(".katex-display")).to_have_count(2)
    expect(answer.locator(".katex")).to_have_count(4)
    expect(answer.locator("pre code.language-python, pre.language-python, .code_wrap code").first).to_contain_text(
        "return"
    )
    expect(answer.locator("svg[id^=mermaid], .mermaid svg").first).to_be_visible()
    assert chat.page.title() == "The title"
    expect(answer.locator("[onclick], script")).to_have_count(0)


def test_a_picture_from_elsewhere_is_a_link_with_its_address(
    chat: ChatPage, server: Upstream, allowed_errors: list[str]
) -> None:
    """It is not asked for: a picture's address can carry what was said to another host."""
    allowed_errors.append("img-src")
    server.then(says("Look: ![a chart](https://elsewhere.invalid/p.png?said=secret)"))
    chat.ask("Hi")
    link = chat.answers.last.get_by_role("link", name="a chart (https://elsewhere.invalid/p.png?said=secret)")
    expect(link).to_have_attribute("href", "https://elsewhere.invalid/p.png?said=secret")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(chat.answers.last.locator("img")).to_have_count(0)


def test_a_table_that_is_wider_than_a_phone_is_scrolled(
    phone_context: BrowserContext, app: App, server: Upstream
) -> None:
    """Its words stay whole, and the page does not move with it; by the keyboard too."""
    names = ("observations", "longitude", "millimetres", "temperature", "uncertainty")
    row = "".join(f"| {name} " for name in names)
    server.otherwise = says(f"{row}|\n{'| --- ' * len(names)}|\n{row}|\n")
    chat = open_chat(phone_context.new_page(), app)
    chat.ask("Measure it.")
    wanted = {"scrolled": True, "inside": True, "focused": True, "whole": True}
    look = """(table) => ({
      scrolled: table.scrollWidth > table.clientWidth,
      inside: table.getBoundingClientRect().right <= innerWidth && document.body.scrollWidth <= innerWidth,
      focused: table.tabIndex === 0,
      whole: [...table.querySelectorAll("th, td")].every((cell) => {
        const text = document.createRange();
        text.selectNodeContents(cell);
        return new Set([...text.getClientRects()].map(({ top }) => Math.round(top))).size === 1;
      }),
    })"""
    table = chat.answers.last.locator("table")  # which the page makes one for the keyboard at its next frame
    assert soon(chat.page, lambda: table.evaluate(look), lambda told: bool(told == wanted)) == wanted
    assert violations(chat.page) == []


def test_it_fits_a_phone(phone_context: BrowserContext, app: App, server: Upstream) -> None:
    """Nothing is wider than the window, and the text box stays in it however long the conversation is."""
    chat = open_chat(phone_context.new_page(), app)
    server.otherwise = says("A long line of words. " * 40 + "\n\n```\n" + "x" * 300 + "\n```\n")
    chat.ask("a")
    chat.ask("b")
    width, height = PHONE
    assert chat.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
        width,
        height,
    ]
    box = chat.box.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= height


def test_a_reload_gives_a_page_that_works(chat: ChatPage, server: Upstream, allowed_errors: list[str]) -> None:
    """Also in the middle of an answer."""
    allowed_errors += WHEN_LEFT
    server.otherwise = says("Yes.", pace_s=0.3)
    chat.send("Hi")
    expect(chat.questions).to_have_count(1)
    chat.page.reload()
    expect(chat.send_button).to_be_visible()
    expect(chat.questions).to_have_count(1)
    chat.ask("Again")
    chat.expect_answer("Yes.")


def test_without_any_server_the_demo_answers_and_the_page_says_so_until_one_is_there(
    page: Page, start_app: StartApp, server: Upstream
) -> None:
    """The open page turns to the server by itself, as soon as it answers."""
    server.listing = fails(500, "Not yet")
    app = start_app("chat: {title: Chat}", environment={"OPENAI_BASE_URL": server.base_url})
    chat = open_chat(page, app)
    expect(chat.status).to_contain_text("This is the demo: its answers are scripted.")
    expect(chat.status).to_contain_text("OPENAI_BASE_URL")
    chat.ask("Hi")
    chat.expect_answer("demo")
    server.listing = None
    server.otherwise = says("A real answer.")
    expect(chat.status).not_to_contain_text("demo")
    expect(chat.page.locator("#model input")).to_have_value("toy")
    chat.ask("Hi")
    chat.expect_answer("A real answer.")


def test_a_model_that_the_server_does_not_have_is_said_with_what_it_has(
    page: Page, start_app: StartApp, server: Upstream
) -> None:
    """A preset may name one that was removed since."""
    settings = f'endpoints: [{{name: a, base_url: "{server.base_url}"}}]\npresets: [{{name: P, model: toi}}]\n'
    chat = open_chat(page, start_app(settings))
    chat.ask("Hi")
    chat.expect_answer("Did you mean toy?")
    chat.expect_answer("toi")


def test_an_example_can_be_put_into_the_text_box_instead_of_being_sent(
    page: Page, start_app: StartApp, server: Upstream
) -> None:
    """`run_examples_on_click: false`."""
    chat_settings = '{examples: ["Two\\n\\tlines"], run_examples_on_click: false}'
    app = start_app(f'endpoints: [{{name: a, base_url: "{server.base_url}"}}]\nchat: {chat_settings}\n')
    chat = open_chat(page, app)
    chat.conversation.locator("button.example").click()
    expect(chat.box).to_have_value("Two\n\tlines")
    assert not server.asked
