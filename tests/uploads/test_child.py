"""What is told of any bytes at all: read here in the test's own process, where a crash would be seen."""

from __future__ import annotations

import subprocess
import sys
import warnings

from hypothesis import given, settings
from hypothesis import strategies as st

from chat_app.config import UploadsConfig
from chat_app.errors import FileRefused
from chat_app.uploads.child import Answer, answer_of
from chat_app.uploads.kinds import kind_of
from chat_app.uploads.reading import limits_of
from tests.uploads import files

CONFIG = UploadsConfig(image_max_pixels=100_000, text_max_tokens=1000)
REAL = (
    files.picture("PNG"),
    files.picture("JPEG"),
    files.picture("GIF"),
    files.picture("TIFF"),
    files.picture("WEBP"),
    files.pdf("one", "two"),
    files.word(),
    files.workbook({"A": [[1, "x"]]}),
    files.slides("One"),
    "Grüße".encode("utf-16"),
)


def told_of(name: str, content: bytes) -> Answer:
    """The child's answer, or the refusal before there is one."""
    try:
        found = kind_of(name, content)
    except FileRefused as error:
        return {"sentence": error.sentence, "hint": error.hint}
    if found.kind == "recording":
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries warn of what they find odd; the child's stderr goes nowhere
        return answer_of(found.kind, found.mime_type, content, limits_of(found.kind, len(content), CONFIG))


def check(answer: Answer) -> None:
    """It is one of the three answers, and a refusal says what to do."""
    match answer:
        case {"sentence": str(sentence), "hint": str(hint)}:
            assert sentence.endswith(".")
            assert hint.endswith(".")
        case {"document": {"text": str(text), "cut": str(cut), "mime_type": str()}}:
            assert 0 < len(text.encode()) <= 4000
            assert cut == "" or cut.endswith(".")
        case {"image": {"data": str(data), "width": int(width), "height": int(height)}}:
            assert data
            assert 0 < width * height <= CONFIG.image_max_pixels
        case _:
            assert answer == {}


@given(st.binary(max_size=2000), st.sampled_from(["a", "a.html", "a.ipynb", "a.csv", "a.png"]))
@settings(max_examples=60)
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    """Nothing but a refusal is ever raised."""
    check(told_of(name, content))


@given(st.sampled_from(REAL), st.data())
@settings(max_examples=80)
def test_a_damaged_file_is_read_or_refused(content: bytes, data: st.DataObject) -> None:
    """A part of it missing, or other bytes in the middle: half of what libraries raise shows only here."""
    at = data.draw(st.integers(0, len(content)))
    other = data.draw(st.binary(max_size=20))
    rest = data.draw(st.sampled_from([content[at:], content[at + len(other) :], b""]))
    check(told_of("a", content[:at] + other + rest))


def test_what_makes_a_library_recurse_without_end_is_a_refusal() -> None:
    """The child says so in words and does not die."""
    endless = b"%PDF-1.7\n1 0 obj\n" + b"[" * 100_000 + b"\nendobj\ntrailer << /Root 1 0 R >>\n"
    assert "broken" in told_of("a.pdf", endless)["sentence"]


def test_the_child_starts_without_any_library() -> None:
    """Before it is limited, and for what takes no library at all."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, chat_app.uploads.child; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    heavy = {"gradio", "pydantic", "PIL", "pypdf", "docx", "openpyxl", "pptx", "lxml", "charset_normalizer", "asyncio"}
    assert not heavy & set(done.stdout.split())
