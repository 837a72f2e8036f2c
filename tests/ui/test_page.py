"""What the page's components are given is made from the settings."""

from __future__ import annotations

import inspect
from pathlib import Path

import gradio as gr
import pytest

from chat_app.config import ChatConfig
from chat_app.config_sources.words_file import texts_of
from chat_app.ui import page
from chat_app.ui.service import Notice, Status
from chat_app.ui.words import Words

ENGLISH = Words(texts_of("en"))
GERMAN = Words(texts_of("de"))


def test_the_operators_style_comes_after_ours(tmp_path: Path) -> None:
    """As rules, or as the path of a file."""
    file = tmp_path / "more.css"
    file.write_text("b { color: red }")
    assert page.style_of(ChatConfig(css="i { color: red }")).endswith("\ni { color: red }")
    assert page.style_of(ChatConfig(css=str(file))).endswith("\nb { color: red }")


def test_a_notice_is_text_with_code_and_never_markup() -> None:
    """What a server says may stand in it."""
    notices = (Notice("<b>no</b>", "Run `ollama pull <x>` now."),)
    html = page.status_html(Status(demo=False, notices=notices, settled=False))
    assert "<strong>&lt;b&gt;no&lt;/b&gt;</strong> Run <code>ollama pull &lt;x&gt;</code> now." in html
    assert page.status_html(Status(demo=False, notices=(), settled=True)) == ""


def test_a_call_is_javascript_that_json_can_read() -> None:
    """The script reads it instead of evaluating it."""
    assert page.call("failed", 'a "b"') == 'globalThis.chatApp.event("failed", "a \\"b\\"")'


@pytest.mark.parametrize(
    ("setting", "value", "given"),
    [
        ("label", "Chat", "Chat"),
        ("show_label", True, True),
        ("min_height", 200, 200),
        ("max_height", "60vh", "60vh"),
        ("height", 300, 300),
        ("resizable", True, True),
        ("layout", "panel", "panel"),
        ("rtl", True, True),
        ("render_markdown", False, False),
        ("line_breaks", False, False),
        ("allow_tags", ["thinking"], ["thinking"]),
        ("allow_tags", False, False),
        ("watermark", "By a model", "By a model"),
        ("allow_file_downloads", False, False),
        ("buttons", ["copy"], ["copy"]),
        ("placeholder", "# Hello", "# Hello"),
        ("elem_classes", ["mine"], ["follows", "mine"]),
    ],
)
def test_a_setting_of_the_conversation_is_given_to_gradio_by_its_name(
    setting: str, value: object, given: object
) -> None:
    """And it is not what the conversation has by itself."""
    chat = ChatConfig.model_validate({setting: value})
    assert page.conversation_arguments(chat, ENGLISH)[setting] == given
    assert page.conversation_arguments(ChatConfig(), ENGLISH)[setting] != given


@pytest.mark.parametrize(
    ("setting", "value", "of"),
    [
        ("title", "Mine", page.interface_arguments),
        ("description", "What it is", page.interface_arguments),
        ("fill_height", False, page.interface_arguments),
        ("fill_width", True, page.interface_arguments),
        ("editable", False, page.interface_arguments),
        ("api_description", "Ask it", page.interface_arguments),
        ("api_visibility", "private", page.interface_arguments),
        ("concurrency_limit", 2, page.interface_arguments),
        ("concurrency_limit", 2, page.turn_arguments),
        ("submit_btn", "Go", lambda chat: page.question_arguments(chat, ENGLISH)),
        ("stop_btn", "Halt", lambda chat: page.question_arguments(chat, ENGLISH)),
        ("autofocus", False, lambda chat: page.question_arguments(chat, ENGLISH)),
    ],
)
def test_the_other_settings_are_given_too(setting: str, value: object, of: object) -> None:
    """To the interface, the text box and the events that answer."""
    assert callable(of)
    assert of(ChatConfig.model_validate({setting: value}))[setting] == value
    assert of(ChatConfig())[setting] != value


def test_everything_that_is_given_gradio_takes() -> None:
    """Names change between its versions."""
    chat = ChatConfig()
    for given, of in (
        (page.conversation_arguments(chat, ENGLISH), gr.Chatbot),
        (page.question_arguments(chat, ENGLISH), gr.Textbox),
        (page.interface_arguments(chat), gr.ChatInterface),
    ):
        assert set(given) <= set(inspect.signature(of).parameters)


def test_a_conversation_that_does_not_fill_the_window_has_a_height_of_its_own() -> None:
    """One that does grows from a height that fits a small window."""
    assert page.conversation_arguments(ChatConfig(fill_height=False), ENGLISH)["height"] == 400
    assert page.conversation_arguments(ChatConfig(), ENGLISH)["height"] == "16rem"
    assert page.conversation_arguments(ChatConfig(min_height=120), ENGLISH)["height"] == 120


def test_without_a_container_there_is_no_frame() -> None:
    """Gradio alone would keep it."""
    assert "frameless" in page.conversation_arguments(ChatConfig(container=False), ENGLISH)["elem_classes"]
    assert "frameless" not in page.conversation_arguments(ChatConfig(), ENGLISH)["elem_classes"]


def test_what_is_left_out_stands_in_the_language() -> None:
    """What is set stands as it is set."""
    assert page.conversation_arguments(ChatConfig(), GERMAN)["label"] == "Unterhaltung"
    assert page.question_arguments(ChatConfig(), GERMAN)["placeholder"] == "Nachricht schreiben …"
    assert page.question_arguments(ChatConfig(textbox_placeholder="Ask"), GERMAN)["placeholder"] == "Ask"


def test_gradios_own_buttons_have_our_words_in_the_language() -> None:
    """In English they are those of Gradio, by which style and script know them."""
    assert page.gradio_words(GERMAN).translations_dict["de"]["chatbot.retry"] == "Neu antworten"
    english = page.gradio_words(ENGLISH).translations_dict["en"]
    assert {name: english[f"chatbot.{name}"] for name in ("like", "retry", "cancel", "submit", "copy_message")} == {
        "like": "Like",
        "retry": "Retry",
        "cancel": "Cancel",
        "submit": "Submit",
        "copy_message": "Copy message",
    }


def test_the_logo_stands_beside_the_title_and_needs_no_address(tmp_path: Path) -> None:
    """It is in the page; the title is text."""
    (tmp_path / "logo.svg").write_text("<svg/>")
    shown = page.masthead(ChatConfig(title="*Chat*", description="**About**", logo=tmp_path / "logo.svg"))
    assert shown.startswith('# <img class="logo" src="data:image/svg+xml;base64,PHN2Zy8+" alt=""> &#42;Chat&#42;')
    assert shown.endswith("\n\n**About**")
    assert page.masthead(ChatConfig(title="Chat")) == "# Chat\n\n"


def test_the_favicon_is_the_file_that_was_named() -> None:
    """Gradio's own where none is."""
    assert page.favicon(ChatConfig(favicon=Path("mine.png"))) == str(Path("mine.png").resolve())
    assert page.favicon(ChatConfig()) is None
