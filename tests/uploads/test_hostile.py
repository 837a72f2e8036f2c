"""Files that were made to cost more than they are: each is refused or cut within 2 s of CPU and 200 MB."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from chat_app.config import UploadsConfig
from chat_app.errors import FileRefused
from chat_app.uploads.reading import FileReader
from tests.uploads import files
from tests.uploads.child_process import measured

CPU_S, MEMORY_BYTES = 2.2, 200_000_000
"""The limit of the system is looked at by its clock, so a process may end a little behind it."""
LAUGHS = (
    "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{at} '{f'&a{at - 1};' * 10}'>" for at in range(1, 10)) + "]>"
)


def paragraph_of(text: str) -> str:
    """A paragraph of a Word document."""
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


LAUGHING = "<row><c t='str'><v>&a9;</v></c></row>"
EMPTY_ROWS = "".join(f"<row r='{row}'>{'<c/>' * 10}</row>" for row in range(1, 100_001))
MADE: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "bomb.docx": (lambda: files.word_of(paragraph_of(" " * 120_000_000)), "would unpack to far more"),
    "media.pptx": (lambda: files.with_part(files.slides("A"), "ppt/media/a.png", bytes(90_000_000)), "would unpack"),
    "many.xlsx": (lambda: files.workbook_of("<row>" + "<c/>" * 5_000_000 + "</row>"), "would unpack to far more"),
    "files.docx": (
        lambda: files.zipped({"word/document.xml": b"", **{f"{at}": b"" for at in range(10_001)}}),
        "unpack",
    ),
    "laughs.docx": (lambda: files.word_of(paragraph_of("&a9;"), before=LAUGHS), "known from attacks"),
    "laughs.xlsx": (lambda: files.workbook_of("<row/>", before=LAUGHS, encoding="utf-16"), "known from attacks"),
    "deep.docx": (lambda: files.word_of("<w:p>" * 100_000), "broken"),
    "empty.xlsx": (lambda: files.workbook_of(EMPTY_ROWS), "no text"),
    "large.png": (lambda: files.png_of(50_000, 50_000, bytes(50_000_000)), "50,000 by 50,000 pixels"),
    "inflating.png": (lambda: files.png_of(8_000, 7_000, bytes(7_000 * 24_001)), "8,000 by 7,000 pixels"),
    "broken.pdf": (lambda: b"%PDF-1.7\n" + b"1 0 obj << " * 300_000, "broken"),
    "endless.pdf": (lambda: files.pdf("a").replace(b"/Kids [ 4 0 R ]", b"/Kids [ 2 0 R ]"), "broken"),
}
"""Each by its name: how it is made, and what is said of it."""
ENDLESS: Mapping[str, Callable[[], bytes]] = {
    "entities behind many blanks": lambda: files.workbook_of(LAUGHING, before=" " * 5000 + LAUGHS),
    "a page of 300,000 texts": lambda: files.pdf("x) Tj ( " * 300_000),
    "a sheet that hides how large it is": lambda: files.workbook_of(EMPTY_ROWS, dimension=""),
    "a tag that never ends": lambda: b"<html><body>" + b"<!" * 6_000_000,
    "millions of references": lambda: b"<html><body>" + b"&a" * 6_000_000,
}


@pytest.mark.parametrize("name", MADE)
async def test_a_hostile_file_is_refused_cheaply(name: str) -> None:
    """By the child itself, in words: the system did not have to end it."""
    make, said = MADE[name]
    reading = await measured(name, make())

    assert said in reading.said["sentence"]
    assert reading.cpu_s < CPU_S
    assert reading.memory_bytes < MEMORY_BYTES


async def test_a_pdf_of_ten_thousand_pages_is_cut_cheaply() -> None:
    """Its first pages are there, and how many there are."""
    reading = await measured("long.pdf", files.pdf(*["Hello"] * 10_000), UploadsConfig(max_pages=20))

    assert reading.said["document"]["cut"] == "Only the first 20 of 10,000 pages are here."
    assert reading.said["document"]["text"].endswith("[Page 20]\nHello")
    assert reading.cpu_s < CPU_S
    assert reading.memory_bytes < MEMORY_BYTES


async def test_a_long_document_is_cut_cheaply() -> None:
    """60,000 paragraphs, of which less than half fit."""
    reading = await measured("long.docx", files.word_of(paragraph_of("a") * 60_000))

    assert reading.said["document"]["cut"] == "Only about the first 44 % of the text is here."
    assert reading.cpu_s < CPU_S
    assert reading.memory_bytes < MEMORY_BYTES


@pytest.mark.parametrize("what", ENDLESS)
async def test_what_cannot_be_left_in_the_middle_is_ended(what: str) -> None:
    """After 2 s of CPU or 200 MB, by the system if need be, whatever it is that takes so long."""
    reading = await measured("a", ENDLESS[what]())

    assert "document" not in reading.said
    assert reading.cpu_s < CPU_S
    assert reading.memory_bytes < MEMORY_BYTES


async def test_a_child_that_the_system_ended_is_a_refusal() -> None:
    """That names the setting."""
    with pytest.raises(FileRefused, match=r"takes too long.*`uploads.parse_timeout_s`"):
        await FileReader(UploadsConfig(parse_timeout_s=10)).read("a.pdf", ENDLESS["a page of 300,000 texts"]())


@pytest.mark.parametrize(
    ("name", "content"),
    [("photo.png", files.PROGRAM), ("letter.docx", files.WINDOWS_PROGRAM), ("notes.txt", files.PROGRAM)],
)
async def test_a_renamed_program_is_refused(name: str, content: bytes) -> None:
    """Whatever it is called; no process is started for it."""
    with pytest.raises(FileRefused, match="is a program"):
        await FileReader(UploadsConfig()).read(name, content)
