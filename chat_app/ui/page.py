"""What the page is made of, from the settings: style, script, and what its components are given.

Every setting of `chat` that has Gradio's name is handed to Gradio here; colours and fonts are `themes.py`'s. What of
`gr.ChatInterface` and `gr.Chatbot` has no setting stands in the README, with the reason.
"""

from __future__ import annotations

import json
import mimetypes
from base64 import b64encode
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr

from chat_app.config import ChatConfig
from chat_app.ui.markdown import plain
from chat_app.ui.modules import without_comments
from chat_app.ui.service import Status
from chat_app.ui.words import Words

_UNFILLED_HEIGHT = 400
"""Gradio's own, for a conversation that does not take the height of the window."""


def style_of(chat: ChatConfig) -> str:
    """The page's CSS, the operator's after ours."""
    more = chat.css_file.read_text(encoding="utf-8") if chat.css_file else chat.css
    return f"{_static('page.css')}\n{more}"


def script() -> str:
    """The page's script, for the document's head, which is sent anew for every visit: without comments."""
    return without_comments(_static("page.js"))


def interface_arguments(chat: ChatConfig) -> dict[str, Any]:
    """What ChatInterface is made with, beside the chatbot, the text box and the examples."""
    return {
        "title": chat.title,
        "description": chat.description or None,
        "editable": chat.editable,
        "fill_height": chat.fill_height,
        "fill_width": chat.fill_width,
        "flagging_mode": "never",  # verdicts are signed here, see `interface.py`
        "analytics_enabled": False,
        "concurrency_limit": chat.concurrency_limit,
        "api_name": "chat",
        "api_description": chat.api_description or None,
        "api_visibility": chat.api_visibility,
    }


def turn_arguments(chat: ChatConfig) -> dict[str, Any]:
    """What every event that answers is made with: together they run at most `chat.concurrency_limit` turns."""
    return {"concurrency_limit": chat.concurrency_limit, "concurrency_id": "turns"}


def conversation_arguments(chat: ChatConfig, words: Words) -> dict[str, Any]:
    """What the chatbot is made with."""
    ours = [*(["follows"] if chat.autoscroll else []), *([] if chat.container else ["frameless"])]
    # With `fill_height` it grows from there.
    height = chat.height or (chat.min_height or "16rem" if chat.fill_height else _UNFILLED_HEIGHT)
    return {
        "elem_id": "conversation",
        "elem_classes": [*ours, *chat.elem_classes],
        "show_label": chat.show_label,
        "label": chat.label or words.text("conversation"),
        "container": chat.container,
        "scale": 1 if chat.fill_height else None,
        "height": height,
        "min_height": chat.min_height,
        "max_height": chat.max_height,
        "resizable": chat.resizable,
        "layout": chat.layout,
        "rtl": is_rtl(chat, words),
        "placeholder": chat.placeholder or None,
        "avatar_images": tuple(str(path.resolve()) if path else None for path in chat.avatar_images),
        "latex_delimiters": [delimiter.model_dump() for delimiter in chat.latex_delimiters],
        "render_markdown": chat.render_markdown,
        "line_breaks": chat.line_breaks,
        "allow_tags": chat.allow_tags if isinstance(chat.allow_tags, bool) else list(chat.allow_tags),
        "buttons": list(chat.buttons),
        "watermark": chat.watermark or None,
        "allow_file_downloads": chat.allow_file_downloads,
        "editable": "user" if chat.editable else None,
        "autoscroll": False,  # `page.js` does it
        "feedback_options": list(chat.flagging_options) if chat.flagging_mode == "manual" else None,
    }


def question_arguments(chat: ChatConfig, words: Words) -> dict[str, Any]:
    """What the text box is made with."""
    return {
        "elem_id": "question",
        "show_label": False,
        "label": words.text("message"),
        "placeholder": chat.textbox_placeholder or words.text("message_placeholder"),
        "lines": 1,
        "max_lines": 12,
        "scale": 7,
        "autofocus": chat.autofocus,
        "rtl": is_rtl(chat, words),
        "submit_btn": chat.submit_btn,
        "stop_btn": chat.stop_btn,
    }


def is_rtl(chat: ChatConfig, words: Words) -> bool:
    """Whether text runs from right to left."""
    return words.direction(rtl=chat.rtl) == "rtl"


def gradio_words(words: Words) -> gr.I18n:
    """What Gradio writes on its own buttons, by its own keys, in the page's language; `page.js` has it use that one."""
    ours = {
        "cancel": "cancel",
        "clear": "clear",
        "copied_message": "copied",
        "copy_message": "copy",
        "dislike": "dislike",
        "edit": "edit",
        "like": "like",
        "retry": "retry",
        "submit": "submit",
        "undo": "undo",
    }
    return gr.I18n(**{words.language: {f"chatbot.{theirs}": words.text(key) for theirs, key in ours.items()}})


def masthead(chat: ChatConfig) -> str:
    """The logo, the title and the description, as Markdown. The logo is in it: it needs no address, and is small."""
    logo = f'<img class="logo" src="{_picture_url(chat.logo)}" alt=""> ' if chat.logo else ""
    return f"# {logo}{plain(chat.title)}\n\n{chat.description}"


def favicon(chat: ChatConfig) -> str | None:
    """The `favicon_path` that Gradio serves at `/favicon.ico`, and in the sizes of its manifest."""
    return str(chat.favicon.resolve()) if chat.favicon else None


def _picture_url(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"


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
