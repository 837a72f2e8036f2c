"""What is more than text, as the contents of Gradio's messages: pictures, recordings, documents, figures, frames.

Everything is in the message itself, as `data:` URLs, because the server keeps nothing. The shapes are those that the
chatbot's frontend takes (read in Gradio 6.31, `js/chatbot`), not those of the Python components: the script sets the
chatbot's value, and no server-side processing stands between. A table is Markdown and a document with scripts is a
file that `static/artifacts` puts into a frame, because Gradio's components for both evaluate text, which the content
security policy forbids. A file's `path` is empty: Gradio's server refuses events, and so verdicts, on messages that
name a file which it does not have.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from chat_app.conversation.messages import Audio, File, Image
from chat_app.conversation.tools import Gallery, Html, Plot, Table
from chat_app.ui.markdown import plain

Content = dict[str, Any]

_UNSAFE_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_LONGEST_NAME = 80


def text(said: str) -> Content:
    """Text, which is Markdown there. Half of a surrogate pair becomes U+FFFD: it could not be sent to the page."""
    return {"type": "text", "text": said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")}


def of_media(part: Image | Audio | File) -> Content:
    """A picture to see, a recording to hear, or the text of a document to save."""
    match part:
        case File(name, _, read, _):
            return _file(_data_url("text/plain;charset=utf-8", read), f"{name}.txt", "text/plain")
        case Image(mime_type, data, name) | Audio(mime_type, data, name):
            extension = mime_type.partition("/")[2].partition("+")[0]
            return _file(f"data:{mime_type};base64,{data}", name or f"{_kind(part)}.{extension}", mime_type)


def of_display(display: Plot | Table | Gallery | Html) -> Content:
    """What a display tool shows."""
    match display:
        case Plot(figure, _):
            return _component("plot", {"type": "plotly", "plot": figure})
        case Table():
            return text(markdown_table(display))
        case Gallery(pictures):
            return _component("gallery", [_picture(picture, caption) for picture, caption in pictures])
        case Html(html, title):
            name = _UNSAFE_IN_NAMES.sub(" ", title).strip()[:_LONGEST_NAME] or "page"
            return _file(_data_url("text/html;charset=utf-8", html), f"{name}.html", "text/html")


def markdown_table(table: Table) -> str:
    """A table whose cells show just their text."""
    title = [f"**{plain(table.title)}**", ""] if table.title else []
    return "\n".join([*title, _row(table.headers), "|" + " --- |" * len(table.headers), *map(_row, table.rows)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(plain, cells))} |"


def _picture(picture: Image, caption: str) -> dict[str, Any]:
    shown = of_media(picture)["file"]
    return {"image": shown, "caption": caption or None}


def _kind(part: Image | Audio) -> str:
    return "picture" if isinstance(part, Image) else "recording"


def _data_url(mime_type: str, said: str) -> str:
    return f"data:{mime_type};base64,{b64encode(said.encode('utf-8', 'replace')).decode()}"


def _file(url: str, name: str, mime_type: str) -> Content:
    return {
        "type": "file",
        "file": {"path": "", "url": url, "orig_name": name, "mime_type": mime_type.partition(";")[0]},
        "alt_text": name,
    }


def _component(name: str, value: object) -> Content:
    return {"type": "component", "component": name, "value": value, "constructor_args": {}, "props": {}}
