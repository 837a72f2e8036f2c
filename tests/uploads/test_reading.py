import asyncio
import base64
import os
import signal
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from time import monotonic

import pytest
from PIL import Image as Pillow

from chat_app.config import UploadsConfig
from chat_app.conversation.messages import Audio, File, Image
from chat_app.errors import FileRefused
from chat_app.uploads.reading import FileReader
from chat_app.uploads.recordings import LARGEST_BYTES
from tests.uploads import files

CONFIG = UploadsConfig()
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


async def read(name: str, content: bytes, config: UploadsConfig = CONFIG) -> Image | Audio | File:
    """What a reader by these settings makes of a file."""
    return await FileReader(config).read(name, content)


async def document(name: str, content: bytes, config: UploadsConfig = CONFIG) -> File:
    """The same, for what is text in the end."""
    part = await read(name, content, config)
    assert isinstance(part, File)
    return part


async def refusal(name: str, content: bytes, config: UploadsConfig = CONFIG) -> FileRefused:
    """Why it is not read."""
    with pytest.raises(FileRefused) as raised:
        await read(name, content, config)
    return raised.value


async def test_a_picture_comes_out_as_a_picture() -> None:
    """With the name and the size that it has in the end."""
    part = await read("C:\\me\\chart.png", files.picture())

    assert isinstance(part, Image)
    assert (part.mime_type, part.name, part.width, part.height) == ("image/png", "chart.png", 40, 20)
    assert Pillow.open(BytesIO(base64.b64decode(part.data))).size == (40, 20)


async def test_a_pdf_is_its_text_page_by_page() -> None:
    """Each page under its number."""
    part = await document("a.pdf", files.pdf("one", "two"))
    assert part == File("a.pdf", "application/pdf", "[Page 1]\none\n\n[Page 2]\ntwo", "")


async def test_a_pdf_that_only_its_owner_may_change_is_read() -> None:
    """It opens without a password, as in any other program."""
    assert "one" in (await document("a.pdf", files.pdf("one", algorithm="RC4-128"))).text


async def test_a_pdf_with_a_password_says_so() -> None:
    """Broken is something else."""
    error = await refusal("a.pdf", files.pdf("one", password="secret", algorithm="RC4-128"))
    assert str(error) == "The PDF is protected by a password. Save it without a password, and add that."


async def test_a_scanned_pdf_says_that_it_has_no_text() -> None:
    """So that nobody wonders why the model knows nothing of it."""
    error = await refusal("scan.pdf", files.pdf("", ""))
    assert "has no text in it" in error.sentence
    assert "as pictures" in error.hint


async def test_a_word_document_keeps_its_order() -> None:
    """Headings, paragraphs, lists and tables; a cell that spans two columns stands there once."""
    part = await document("w.docx", files.word())
    assert part.mime_type == WORD
    assert part.text.split("\n\n") == [
        "# Report",
        "## Costs",
        "All in one place.",
        "- apples",
        "- first",
        "| a | b | c |\n| d | e f |",
        "The end.",
    ]
    assert part.cut == ""


async def test_a_word_document_with_macros_says_what_to_do() -> None:
    """python-docx reads the plain kind only."""
    types = files.part_of(files.word(), "[Content_Types].xml")
    plain = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    macros = types.replace(plain, b"application/vnd.ms-word.document.macroEnabled.main+xml")
    error = await refusal("w.docm", files.with_part(files.word(), "[Content_Types].xml", macros))
    assert str(error) == "The document is a template, or holds macros. Save it as a plain DOCX, and add that."


async def test_what_fields_and_controls_of_a_document_show_is_read() -> None:
    """Also what was inserted with tracking; not what was deleted or moved away, and nothing twice."""
    compatible = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    body = (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink><w:ins><w:r><w:t> new</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom><w:r><w:tab/><w:t>end</w:t><w:br/></w:r></w:p>"
        f"<w:p><mc:AlternateContent {compatible}><mc:Choice Requires='wps'><w:r><w:t>box</w:t></w:r></mc:Choice>"
        "<mc:Fallback><w:r><w:t>box</w:t></w:r></mc:Fallback></mc:AlternateContent></w:p>"
    )
    assert (await document("w.docx", files.word_of(body))).text == "control\n\nlink new\tend\n\nbox"


async def test_a_workbook_is_its_sheets_as_csv() -> None:
    """Numbers as people write them; what is empty at the end of a row is left out."""
    part = await document("x.xlsx", files.workbook({"A": [[1, 2.0, "x", None], [None, 3.5]], "B": [["q,z", True]]}))
    assert (part.mime_type, part.cut) == (SHEETS, "")
    assert part.text == '[Sheet A]\n1,2,x\n,3.5\n\n[Sheet B]\n"q,z",True'


@pytest.mark.parametrize("dimension", ["", '<dimension ref="A1"/>', '<dimension ref="A1:XFD1048576"/>'])
async def test_what_a_sheet_says_of_its_size_is_not_believed(dimension: str) -> None:
    """All of it is read, and no more."""
    cells = "<c t='str'><v>x</v></c>" * 2
    content = files.workbook_of(f"<row>{cells}</row><row/><row>{cells}</row>", dimension=dimension)
    part = await document("x.xlsx", content)
    assert (part.text, part.cut) == ("[Sheet A]\nx,x\nx,x", "")


async def test_a_presentation_is_its_slides_and_notes() -> None:
    """The title stands beside the number, once."""
    part = await document("s.pptx", files.slides("One", "Two"))
    assert (part.mime_type, part.cut) == (SLIDES, "")
    assert part.text == (
        "[Slide 1] One\nAbout One\n| x | y |\nNotes: Say One\n\n[Slide 2] Two\nAbout Two\n| x | y |\nNotes: Say Two"
    )


@pytest.mark.parametrize(
    ("content", "pages"),
    [
        (files.pdf("a", "b", "c"), "pages"),
        (files.workbook({title: [[1]] for title in "ABC"}), "sheets"),
        (files.slides("A", "B", "C"), "slides"),
    ],
)
async def test_no_more_pages_are_read_than_the_settings_say(content: bytes, pages: str) -> None:
    """And it is told how many there are."""
    part = await document("long", content, UploadsConfig(max_pages=2))
    assert part.cut == f"Only the first 2 of 3 {pages} are here."


async def test_no_more_text_is_read_than_the_settings_say() -> None:
    """Four bytes are a token; what did not fit is told in the words of its kind."""
    config = UploadsConfig(text_max_tokens=100)
    long = "word " * 1000
    for content, cut in [
        (long.encode(), "Only about the first 8 % of the text is here."),
        (files.pdf(long, long), "Only the beginning of the first of 2 pages is here."),
        (files.workbook({"A": [[long], [long]]}), "Only the beginning of the only sheet is here."),
    ]:
        part = await document("long", content, config)
        assert (len(part.text.encode()) <= 400, part.cut) == (True, cut)


async def test_a_recording_is_sent_as_it_is() -> None:
    """WAV and MP3, told by their headers."""
    for content, mime_type in [
        (files.wav(), "audio/wav"),
        (files.mp3(), "audio/mpeg"),
        (files.mp3(tagged=True), "audio/mpeg"),
    ]:
        part = await read("memo", content)
        assert part == Audio(mime_type, base64.b64encode(content).decode(), "memo")


async def test_other_recordings_say_what_to_do() -> None:
    """The visitor can save it otherwise, the operator can name a model for it."""
    error = await refusal("memo.ogg", b"OggS" + bytes(100))
    assert error.sentence == "Only WAV and MP3 recordings can be sent to a model."
    assert "`transcription_model`" in error.hint


async def test_a_recording_that_is_too_large_to_be_sent_each_turn_says_what_to_do() -> None:
    """Where a model makes text of it, its size is nobody's concern."""
    large = files.wav() + bytes(LARGEST_BYTES)
    error = await refusal("memo.wav", large)
    assert error.sentence == "Recordings that are larger than 7.5 MB cannot be sent to a model."
    assert "Cut it" in error.hint
    assert "`transcription_model`" in error.hint

    async def transcribe(_name: str, _content: bytes) -> str:
        return "Hello."

    assert isinstance(await FileReader(CONFIG).read("memo.wav", large, transcribe=transcribe), File)


async def test_a_see_through_webp_of_the_most_pixels_has_the_memory_that_it_needs() -> None:
    """Its library holds it twice beside Pillow's own copy."""
    side = 5500
    content = BytesIO()
    Pillow.new("RGBA", (side, side), (1, 2, 3, 4)).save(content, "WEBP", quality=1, method=0)
    config = UploadsConfig(image_max_pixels=side * side, parse_timeout_s=120)  # it is not about time
    part = await read("a.webp", content.getvalue(), config)
    assert isinstance(part, Image)


async def test_a_recording_is_text_where_a_model_makes_text_of_it() -> None:
    """Of any kind: what it cannot take, that server says."""
    asked = []

    async def transcribe(name: str, content: bytes) -> str:
        asked.append((name, len(content)))
        return "Hello there. " * 100

    reader = FileReader(UploadsConfig(text_max_tokens=100))
    part = await reader.read("x/memo.ogg", b"OggS" + bytes(96), transcribe=transcribe)

    assert asked == [("memo.ogg", 100)]
    assert isinstance(part, File)
    assert (part.name, part.mime_type, len(part.text)) == ("memo.ogg", "audio/ogg", 400)
    assert part.cut == "Only about the first 31 % of the text is here."


async def test_a_recording_without_a_word_is_refused() -> None:
    """An empty document would only puzzle the model."""

    async def silence(_name: str, _content: bytes) -> str:
        return " "

    with pytest.raises(FileRefused, match="no text in it"):
        await FileReader(CONFIG).read("memo.wav", files.wav(), transcribe=silence)


async def test_a_file_that_takes_too_long_is_given_up_and_its_process_is_gone() -> None:
    """The time is the setting's, and the refusal names it."""
    before = children()
    error = await refusal("a.pdf", files.pdf("one"), UploadsConfig(parse_timeout_s=0.01))

    assert "`uploads.parse_timeout_s`" in error.hint
    assert children() == before


async def test_whoever_stops_waiting_ends_the_process() -> None:
    """A visitor who left costs nothing more."""
    before = children()
    reading = asyncio.create_task(read("a.txt", b"text " * 100))
    while children() == before:
        assert not reading.done()
        await asyncio.sleep(0.001)
    for pid in children() - before:
        os.kill(pid, signal.SIGSTOP)  # it does not end by itself
    for _ in range(100):
        await asyncio.sleep(0)  # and its input is being written
    reading.cancel()
    async with asyncio.timeout(10):
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert children() == before


async def test_only_so_many_files_are_read_at_once() -> None:
    """The others wait, and are read then."""
    before = len(children())
    reader = FileReader(CONFIG, at_once=1)
    readings = [asyncio.create_task(reader.read(f"{number}.txt", b"text")) for number in range(3)]
    most, began = 0, monotonic()
    while not all(reading.done() for reading in readings) and monotonic() - began < 60:
        most = max(most, len(children()) - before)
        await asyncio.sleep(0.001)

    assert most == 1
    assert [part.name for part in await asyncio.gather(*readings)] == ["0.txt", "1.txt", "2.txt"]


async def test_the_child_knows_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nor does it run what lies in the folder it is started from."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    (tmp_path / "json.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    seen: list[str] = []

    async def look() -> None:
        while not seen:
            for pid in children():
                seen.extend(environment_of(pid))
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    while not seen:  # a process may come and go between two looks
        assert (await document("a.txt", b"text")).text == "text"
    await looking
    assert not [variable for variable in seen if "OPENAI" in variable or "sk-secret" in variable]


def children() -> set[int]:
    """The processes that this one has started and that are not gone."""
    own = os.getpid()
    return {int(pid) for task in Path(f"/proc/{own}/task").iterdir() for pid in _words_of(task / "children")}


def environment_of(pid: int) -> Sequence[str]:
    """The variables of a process, once it is the program that it was started for."""
    if b"chat_app.uploads.child" not in _bytes_of(Path(f"/proc/{pid}/cmdline")):
        return ()
    return [word.decode() for word in _bytes_of(Path(f"/proc/{pid}/environ")).split(b"\0") if word]


def _words_of(path: Path) -> list[str]:
    return _bytes_of(path).decode().split()


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
