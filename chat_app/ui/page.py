"""How the page looks, from the settings: theme, style, script, and what its components are given.

Fonts come from Gradio's own files or from the visitor's machine: the page asks no other host for anything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Any

import gradio as gr
from gradio.themes.utils.fonts import Font, LocalFont, local_font_available

from chat_app.config import ChatConfig
from chat_app.ui.service import Status

_BOLD = (400, 700)
_THEMES = {
    "base": gr.themes.Base,
    "citrus": gr.themes.Citrus,
    "default": gr.themes.Default,
    "glass": gr.themes.Glass,
    "monochrome": gr.themes.Monochrome,
    "ocean": gr.themes.Ocean,
    "origin": gr.themes.Origin,
    "soft": gr.themes.Soft,
}


def theme_of(chat: ChatConfig) -> gr.themes.Base:
    """The theme. Bold is bold in it: the semi-bold files that Gradio's themes name lack most letters."""
    make = _THEMES[chat.theme]
    plain = make()
    return make(font=_with_bold(plain._font), font_mono=_with_bold(plain._font_mono))  # noqa: SLF001


def _with_bold(fonts: Sequence[Font | str]) -> list[Font | str]:
    return [
        LocalFont(font.name, weights=_BOLD)
        if isinstance(font, LocalFont) and local_font_available(font.name, _BOLD)
        else font
        for font in fonts
    ]


def style_of(chat: ChatConfig) -> str:
    """The page's CSS, the operator's after ours."""
    more = chat.css_file.read_text(encoding="utf-8") if chat.css_file else chat.css
    return f"{_static('page.css')}\n{more}"


def script() -> str:
    """The page's script, for the document's head."""
    return _static("page.js")


def conversation_arguments(chat: ChatConfig) -> dict[str, Any]:
    """What the chatbot is made with."""
    return {
        "elem_id": "conversation",
        "show_label": False,
        "label": "Conversation",
        "scale": 1,
        "height": chat.height or "16rem",  # it grows from there, see `fill_height`
        "layout": chat.layout,
        "placeholder": chat.placeholder or None,
        "avatar_images": tuple(str(path.resolve()) if path else None for path in chat.avatar_images),
        "latex_delimiters": [delimiter.model_dump() for delimiter in chat.latex_delimiters],
        "buttons": list(chat.buttons),
        "editable": "user" if chat.editable else None,
        "autoscroll": False,  # `page.js` does it
        "elem_classes": ["follows"] if chat.autoscroll else [],
        "feedback_options": list(chat.flagging_options) if chat.flagging_mode == "manual" else None,
        "allow_tags": False,
    }


def question_arguments(chat: ChatConfig) -> dict[str, Any]:
    """What the text box is made with."""
    return {
        "elem_id": "question",
        "show_label": False,
        "label": "Message",
        "placeholder": chat.textbox_placeholder,
        "lines": 1,
        "max_lines": 12,
        "scale": 7,
        "autofocus": chat.autofocus,
        "submit_btn": True,
        "stop_btn": True,
    }


def example_arguments(chat: ChatConfig) -> dict[str, Any]:
    """What ChatInterface is told of examples."""
    return {
        "examples": list(chat.examples) or None,
        "example_labels": list(chat.example_labels) or None,
        "example_icons": [str(path.resolve()) for path in chat.example_icons] or None,
        "run_examples_on_click": chat.run_examples_on_click,
    }


def status_html(status: Status) -> str:
    """What stands at the top of the page about the servers; empty when all is well."""
    kind = "demo" if status.demo else "down"
    lines = "".join(_line(notice.sentence, notice.hint) for notice in status.notices)
    return f'<div class="notice {kind}" role="status">{lines}</div>' if lines else ""


def alert_html(sentence: str, hint: str) -> str:
    """What stands there when something the visitor did could not be done."""
    return f'<div class="notice down" role="alert">{_line(sentence, hint)}</div>'


def call(function: str, *constants: str | int) -> str:
    """The `js` of an event: one of `page.js`'s functions, called with the event's inputs and then `constants`."""
    return f"globalThis.chatApp.event({', '.join(map(json.dumps, (function, *constants)))})"


def _line(sentence: str, hint: str) -> str:
    return f"<p><strong>{escape(sentence)}</strong> {_code_spans(escape(hint))}</p>"


def _code_spans(text: str) -> str:
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return text
    return "".join(f"<code>{piece}</code>" if position % 2 else piece for position, piece in enumerate(pieces))


def _static(name: str) -> str:
    return (files("chat_app.ui") / "static" / name).read_text(encoding="utf-8")
