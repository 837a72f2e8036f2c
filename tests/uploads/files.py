"""Files as visitors have them, made by the libraries that such files are read with or by hand; and hostile ones."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO

import docx
import openpyxl  # type: ignore[import-untyped] # it has no types
import pptx
from PIL import Image
from pptx.util import Inches
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

TITLE_ONLY = 5
"""A layout of PowerPoint's empty presentation."""
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: object) -> bytes:
    """A picture of red on the left and blue on the right, with a little of every shade between."""
    drawn = Image.linear_gradient("L").rotate(90).resize(size)
    red, blue = drawn, drawn.point(lambda value: 255 - value)
    made = Image.merge("RGB", (red, Image.new("L", size), blue)).convert(mode)
    out = BytesIO()
    made.save(out, kind, **options)
    return out.getvalue()


def png_of(width: int, height: int, rows: bytes) -> bytes:
    """A PNG that says it has that size, whatever is in `rows`."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def pdf(*pages: str, password: str = "", algorithm: str | None = None) -> bytes:
    """A PDF with a line of text on each page; an empty one has none. Opens with `password`, if there is one."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(300, 300)
        if text:
            stream = DecodedStreamObject()
            stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
            page[NameObject("/Contents")] = writer._add_object(stream)  # noqa: SLF001 - pypdf writes no text itself
            page[NameObject("/Resources")] = DictionaryObject(
                {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
            )
    if password or algorithm:
        writer.encrypt(password, "owner", algorithm=algorithm)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def word() -> bytes:
    """A document with a heading, a paragraph, two lists and a table, in this order."""
    document = docx.Document()
    document.add_heading("Report", 0)
    document.add_heading("Costs", 2)
    document.add_paragraph("All in one place.")
    document.add_paragraph("apples", "List Bullet")
    document.add_paragraph("first", "List Number")
    table = document.add_table(rows=2, cols=3)
    for cell, text in zip((cell for row in table.rows for cell in row.cells), "abcdef", strict=True):
        cell.text = text
    table.cell(1, 1).merge(table.cell(1, 2))
    document.add_paragraph("The end.")
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook with these rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def slides(*titles: str) -> bytes:
    """A presentation: on each slide a title, a box of text, a table; notes below."""
    show = pptx.Presentation()
    for title in titles:
        slide = show.slides.add_slide(show.slide_layouts[TITLE_ONLY])
        slide.shapes.title.text = title
        slide.shapes.add_textbox(Inches(1), Inches(1), Inches(3), Inches(1)).text_frame.text = f"About {title}"
        table = slide.shapes.add_table(1, 2, Inches(1), Inches(3), Inches(3), Inches(1)).table
        table.cell(0, 0).text, table.cell(0, 1).text = "x", "y"
        slide.notes_slide.notes_text_frame.text = f"Say {title}"
    out = BytesIO()
    show.save(out)
    return out.getvalue()


def with_part(archive: bytes, name: str, content: bytes) -> bytes:
    """An Office file with one part replaced or added."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def part_of(archive: bytes, name: str) -> bytes:
    """One part of an Office file."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        return opened.read(name)


def word_of(body: str, *, before: str = "", encoding: str = "utf-8") -> bytes:
    """A Word document with this XML in its body, and this before it."""
    head = f'<?xml version="1.0" encoding="{encoding}"?>{before}'
    xml = f'{head}<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'
    return with_part(word(), "word/document.xml", xml.encode(encoding))


def workbook_of(
    rows: str, *, before: str = "", encoding: str = "utf-8", dimension: str = '<dimension ref="A1"/>'
) -> bytes:
    """A workbook with this XML as the rows of its only sheet, which says of itself that it is one cell."""
    head = f'<?xml version="1.0" encoding="{encoding}"?>{before}'
    xml = f'{head}<worksheet xmlns="{_S}">{dimension}<sheetData>{rows}</sheetData></worksheet>'
    return with_part(workbook({"A": [[1]]}), "xl/worksheets/sheet1.xml", xml.encode(encoding))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """An archive that is no Office file."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def wav(seconds: float = 0.1) -> bytes:
    """Silence."""
    data = bytes(int(16_000 * seconds))
    fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mp3(*, tagged: bool = False) -> bytes:
    """Three frames of MPEG 1 layer III with 128 kbit/s at 44.1 kHz."""
    frame = b"\xff\xfb\x90\x00".ljust(417, b"\0")
    tag = b"ID3\x04\0\0" + bytes((0, 0, 0, 20)) + bytes(20) if tagged else b""
    return tag + frame * 3


PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\0\x3e\0\x01\0\0\0" + bytes(200)
WINDOWS_PROGRAM = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + bytes(100) + b"PE\0\0"
