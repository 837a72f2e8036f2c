"""Word documents: headings, paragraphs, lists and tables in their order, as plain Markdown.

python-docx opens the package and knows the styles; the text is read from the elements themselves, because its own
paragraphs leave out what stands in fields, content controls and tracked insertions. Deleted text, headers, footers and
comments are left out; footnotes too. https://learn.microsoft.com/openspecs/office_standards (WordprocessingML).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Final, Protocol

import docx
from docx.opc.exceptions import OpcError

from chat_app.errors import FileRefused
from chat_app.uploads.paper import Paper, missing_share
from chat_app.uploads.refusals import broken, no_text

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SKIPPED: Final = frozenset(
    {
        f"{_W}del",
        f"{_W}moveFrom",
        f"{_W}pPr",
        f"{_W}rPr",
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    }
)
"""What is deleted, about looks, or stands there twice."""
_HEADING: Final = re.compile(r"heading (\d)", re.IGNORECASE)


class _Element(Protocol):
    """What is used of an lxml element."""

    tag: object
    text: str | None

    def __iter__(self) -> Iterator[_Element]: ...
    def find(self, path: str) -> _Element | None: ...
    def get(self, name: str) -> str | None: ...


def text_of(content: bytes, paper: Paper) -> str:
    """Writes the text of `content` on `paper`; what is missing as a sentence. Raises `FileRefused`."""
    try:
        document = docx.Document(BytesIO(content))
        styles = {style.style_id: style.name or "" for style in document.styles}
        blocks = list(_blocks_in(document.element.body))
    except ValueError as error:  # python-docx's own for what is not the plain kind
        raise FileRefused(
            "The document is a template, or holds macros.", hint="Save it as a plain DOCX, and add that."
        ) from error
    except (OpcError, KeyError, AttributeError) as error:
        raise broken("document") from error
    read = 0
    for block in blocks:
        if paper.full:
            break
        read += 1
        if text := _table(block) if block.tag == f"{_W}tbl" else _paragraph(block, styles):
            paper.add(f"{text}\n\n")
    if not paper.text.strip():
        raise no_text("document")
    return missing_share(read / len(blocks)) if paper.cut or read < len(blocks) else ""


def _blocks_in(element: _Element) -> Iterator[_Element]:
    """Paragraphs and tables, also those inside content controls."""
    for child in element:
        if child.tag in {f"{_W}p", f"{_W}tbl"}:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _blocks_in(child)


def _paragraph(paragraph: _Element, styles: Mapping[str, str]) -> str:
    text = "".join(_pieces_of(paragraph)).strip()
    if not text:
        return ""
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    name = styles.get((style.get(f"{_W}val") if style is not None else None) or "", "")
    if heading := _HEADING.match(name):
        return f"{'#' * max(1, int(heading[1]))} {text}"
    if name == "Title":
        return f"# {text}"
    numbered = paragraph.find(f"{_W}pPr/{_W}numPr")
    if numbered is None and not name.startswith("List"):
        return text
    level = numbered.find(f"{_W}ilvl") if numbered is not None else None
    depth = (level.get(f"{_W}val") if level is not None else None) or "0"
    return f"{'  ' * min(int(depth), 9) if depth.isdecimal() else ''}- {text}"


def _table(table: _Element) -> str:
    """A row a line; cells that are joined stand there once."""
    rows = (
        " | ".join(" ".join("".join(_pieces_of(cell)).split()) for cell in _within(row, f"{_W}tc"))
        for row in _within(table, f"{_W}tr")
    )
    return "\n".join(f"| {row} |" for row in rows if row.strip(" |"))


def _within(element: _Element, tag: str) -> Iterator[_Element]:
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in {f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins"}:
            yield from _within(child, tag)


def _pieces_of(element: _Element) -> Iterator[str]:
    """The text inside `element`, of formulas too."""
    for child in element:
        if not isinstance(child.tag, str) or child.tag in _SKIPPED:
            continue
        match child.tag.rpartition("}")[2]:
            case "t":
                yield child.text or ""
            case "tab":
                yield "\t"
            case "br" | "cr":
                yield "\n"
            case "noBreakHyphen":
                yield "-"
            case "p":
                yield from _pieces_of(child)
                yield "\n"
            case _:
                yield from _pieces_of(child)
