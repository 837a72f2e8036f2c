"""Text of any encoding, and what is text but better read another way: web pages and notebooks.

UTF-8 first, which nothing else looks like; a byte order mark says the rest; then UTF-16 without one, told by its zeros;
then what charset-normalizer takes it for, but Windows-1252 where it thinks that as good: of equals it names the first
by the alphabet, and made "élčves" of French (3.5.2; Polish, Czech and Hungarian have no such equal). What has zeros and
is none of these, or is full of control characters, is no text. A web page is sent as its source while that is short,
since somebody who writes one asks about it; a long one is sent as the text that it shows, which is a small part of it,
and that is said.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from chat_app.uploads import notebooks, webpages
from chat_app.uploads.limits import Limits
from chat_app.uploads.paper import Paper, missing_share
from chat_app.uploads.refusals import binary, no_text

_SHORT_PAGE: Final = 16_000
"""The longest source of a web page, in bytes, that is sent as it is."""
_WIDEST: Final = 4
"""The most bytes that one character takes, in any encoding here."""
_SAMPLE: Final = 32_000
_ZEROS_LOOKED_AT: Final = 4096
_MANY_ZEROS, _FEW_ZEROS = 0.3, 0.05
_MOST_CONTROLS: Final = 0.01
_RATHER_UTF_8: Final = 10
"""So many times as many characters that are well-formed as bytes that are not: UTF-8 with a fault."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS: Final = re.compile(r"[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")
_WESTERN: Final = "cp1252"
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_WEBPAGE: Final = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--.{0,500}?-->\s*)?<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)


def text_of(content: bytes, mime_type: str, paper: Paper, limits: Limits) -> str:
    """Writes the text of `content` on `paper`; what is missing as a sentence. Raises `FileRefused`."""
    if mime_type == "application/x-ipynb+json" and (cells := notebooks.cells_of(content)) is not None:
        return notebooks.write(cells, paper)
    is_page = mime_type in {"text/html", "application/xhtml+xml"}
    text, share = _decoded(content, limits.text_max_bytes, whole=is_page)
    if not text.strip():
        raise no_text("file")
    if (is_page or _WEBPAGE.match(text)) and len(content) > min(_SHORT_PAGE, limits.text_max_bytes):
        whole, _ = _decoded(content, limits.text_max_bytes, whole=True)
        return webpages.write(whole, paper)
    paper.add(text)
    if not paper.cut and share == 1:
        return ""
    return missing_share(share * paper.written / max(1, len(text.encode())))


def _decoded(content: bytes, text_max_bytes: int, *, whole: bool) -> tuple[str, float]:
    """The text, or what of it is certainly enough, and what share of all of it that is. Raises `FileRefused`."""
    looked_at = content if whole else content[: _WIDEST * (text_max_bytes + 1)]
    share = len(looked_at) / len(content)
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _checked(_strictly(looked_at[len(mark) :], encoding, final=share == 1)), share
    if b"\0" in content:
        return _checked(_strictly(looked_at, _utf_16(content), final=share == 1)), share
    try:
        return _checked(_strictly(looked_at, "utf-8", final=share == 1)), share
    except UnicodeDecodeError as error:
        return _checked(_by_likeness(looked_at, error.start)), share


def _strictly(content: bytes, encoding: str, *, final: bool) -> str:
    """The text; where it is not `final`, the last character may lack bytes. `UnicodeDecodeError` for UTF-8 only."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(content, final)
    except UnicodeDecodeError:
        if encoding == "utf-8":
            raise
        raise binary() from None


def _utf_16(content: bytes) -> str:
    """Which UTF-16 it is, by where the zeros stand: in Western text every second byte is one."""
    head = content[:_ZEROS_LOOKED_AT]
    first, second = (head[at::2].count(0) / max(1, len(head[at::2])) for at in (0, 1))
    if second > _MANY_ZEROS and first < _FEW_ZEROS:
        return "utf-16-le"
    if first > _MANY_ZEROS and second < _FEW_ZEROS:
        return "utf-16-be"
    raise binary()


def _by_likeness(content: bytes, fault_at: int) -> str:
    """The text of `content`, which is no flawless UTF-8 from `fault_at` on."""
    nearly = content.decode(errors="replace")
    faults = nearly.count("\N{REPLACEMENT CHARACTER}")
    if len(_NOT_ASCII.findall(nearly)) - faults > _RATHER_UTF_8 * faults:
        return nearly
    from charset_normalizer import from_bytes  # noqa: PLC0415 - most text is UTF-8 and does without

    start = max(0, fault_at - _SAMPLE // 2)
    sample = content[start : start + _SAMPLE]
    best = from_bytes(sample).best()
    if best is None:
        raise binary()
    western = from_bytes(sample, cp_isolation=[_WESTERN]).best()
    if western is not None and western.chaos <= best.chaos:
        best = western
    return content.decode(best.encoding, errors="replace")


def _checked(text: str) -> str:
    """`text`, if it is one, each line ended in the same way. Raises `FileRefused`."""
    if len(_CONTROLS.findall(text, 0, _SAMPLE)) > _MOST_CONTROLS * min(len(text), _SAMPLE):
        raise binary()
    return text.replace("\r\n", "\n").replace("\r", "\n")
