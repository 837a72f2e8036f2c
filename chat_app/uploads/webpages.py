"""The text that a web page shows: headings, paragraphs, lists, tables and code; no scripts, no styles, no addresses."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from chat_app.uploads.paper import Paper
from chat_app.uploads.refusals import no_text

_UNSEEN: Final = frozenset({"script", "style", "template", "noscript", "svg", "head", "select", "iframe", "object"})
_BLOCKS: Final = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tr",
        "ul",
    }
)
_AT_ONCE: Final = 50_000
"""Characters that are read before the next look at the time."""
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})


def write(source: str, paper: Paper) -> str:
    """Writes what the page shows on `paper`; what is missing as a sentence. Raises `FileRefused`."""
    page = _Page()
    at = 0
    while at < len(source) and not paper.full and page.written <= paper.room:
        page.feed(source[at : at + _AT_ONCE])
        at += _AT_ONCE
    if at >= len(source):
        page.close()
    text = page.text
    if not text:
        raise no_text("web page")
    paper.add(text)
    told = "The text that the page shows is here, not its source."
    return f"{told} Of that, only the beginning." if paper.cut or at < len(source) else told


class _Page(HTMLParser):
    """Gathers what is seen. Tags that are never closed hide no more than what stands behind them until the body."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._said: list[str] = []
        self._hidden: list[str] = []
        self._as_typed = 0
        self.written = 0

    @property
    def text(self) -> str:
        """What was seen; no more than one empty line in a row."""
        lines = (line.rstrip() for line in "".join(self._said).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where the page would."""
        del attrs
        if tag == "body":
            self._hidden.clear()
        if tag in _UNSEEN:
            self._hidden.append(tag)
        elif tag in _HEADINGS:
            self._say(f"\n\n{'#' * int(tag[1])} ")
        elif tag in {"td", "th"}:
            self._say(" | ")
        elif tag in {"li", "br"}:
            self._say("\n- " if tag == "li" else "\n")
        elif tag in _BLOCKS:
            self._as_typed += tag == "pre"
            self._say("\n")

    def handle_endtag(self, tag: str) -> None:
        """End it."""
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        elif tag in _BLOCKS or tag in _HEADINGS:
            self._as_typed -= tag == "pre" and self._as_typed > 0
            self._say("\n")

    def handle_data(self, data: str) -> None:
        """Text, its blanks as the page shows them."""
        self._say(data if self._as_typed else re.sub(r"\s+", " ", data))

    def _say(self, text: str) -> None:
        if not self._hidden:
            if not self._as_typed and self._said and self._said[-1].endswith("\n"):
                text = text.lstrip(" ")
            self._said.append(text)
            self.written += len(text)
