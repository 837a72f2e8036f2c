"""PDF documents: the text of their pages, each under its number.

A page that cannot be read is left out and said; a document without any text is mostly a scan and is refused, so that
nobody wonders why the model knows nothing of it. Protected ones are read where they open without a password.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Final

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject

from chat_app.errors import FileRefused
from chat_app.uploads.limits import Limits
from chat_app.uploads.paper import Paper, missing_pages
from chat_app.uploads.refusals import broken, protected

_INHERITED: Final = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
"""What a page has from the nodes above it (ISO 32000-1, 7.7.3.4)."""
_FAULTS: Final = (PyPdfError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What pypdf raises on one broken page, its own errors and accidents."""


def text_of(content: bytes, paper: Paper, limits: Limits) -> str:
    """Writes the text of `content` on `paper`; what is missing as a sentence. Raises `FileRefused`."""
    reader = _opened(content)
    found, read, unread, more = False, 0, 0, False
    for page in _pages_of(reader):
        if more := read == limits.max_pages or (read > 0 and paper.full):
            break
        read += 1
        text = _text_on(page)
        unread += text is None
        found = found or bool(text)
        paper.add(f"[Page {read}]\n{text or ''}\n\n")
    if not read:
        raise broken("PDF")
    if not found:
        raise FileRefused(
            "The PDF has no text in it: its pages are pictures, as a scanner makes them.",
            hint="Add the pages that matter as pictures, or run text recognition (OCR) over it first.",
        )
    faults = f"{unread} of them could not be read." if unread else ""
    count = max(read + 1, _count_of(reader)) if more else read
    return f"{missing_pages(read, count, 'pages', in_part=paper.cut)} {faults}".strip()


def _opened(content: bytes) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(content), strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
    except PyPdfError as error:
        raise broken("PDF") from error
    except ImportError as error:  # pypdf's `DependencyError` for AES without `cryptography`
        raise protected("PDF") from error
    if locked:
        raise protected("PDF")
    return reader


def _pages_of(reader: PdfReader) -> Iterator[PageObject]:
    """The pages, one by one. pypdf's own list is made as a whole: 0.9 s of CPU for 10,000 of them."""
    seen: set[int] = set()
    nodes: list[tuple[PdfObject, dict[str, PdfObject]]] = [(reader.root_object.raw_get("/Pages"), {})]
    while nodes:
        reference, above = nodes.pop()
        node = reference.get_object()
        if not isinstance(node, DictionaryObject) or id(node) in seen:
            continue
        seen.add(id(node))
        passed_on = above | {name: node.raw_get(name) for name in _INHERITED if name in node}
        kids = node.get("/Kids")
        if isinstance(kids := kids.get_object() if kids is not None else None, ArrayObject):
            nodes.extend((kid, passed_on) for kid in reversed(kids))
            continue
        page = PageObject(reader, reference if isinstance(reference, IndirectObject) else None)
        page.update({**passed_on, **node})
        yield page


def _count_of(reader: PdfReader) -> int:
    """How many pages the document says that it has."""
    pages = reader.root_object.raw_get("/Pages").get_object()
    count = pages.get("/Count") if isinstance(pages, DictionaryObject) else None
    number = count.get_object() if isinstance(count, PdfObject) else None
    return number if isinstance(number, int) else 0


def _text_on(page: PageObject) -> str | None:
    """What stands on the page; None when it cannot be read."""
    try:
        return page.extract_text().strip()
    except _FAULTS:
        return None
