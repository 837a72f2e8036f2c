"""Office files are ZIP archives of XML: looked at from outside before a library unpacks one.

Refused are archives that would unpack to far more than they are, that have very many files, and XML with a document
type, which Office never writes and which is what entities that multiply stand in.
"""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Final, Literal, TypeAlias

from chat_app.errors import FileRefused
from chat_app.uploads.refusals import broken, protected, too_large_inside

Office: TypeAlias = Literal["word", "sheets", "slides"]

MOST_FILES: Final = 10_000
MOST_BYTES: Final = 100_000_000
"""What an archive may unpack to."""
_HIGHEST_RATIO: Final = 100
"""How many times as large as it is packed a file may be unpacked, beyond `_SMALL` bytes. XML reaches 20 to 30."""
_SMALL: Final = 5_000_000
_XML: Final = (".xml", ".rels")
_XML_HEAD: Final = 2048
_DOCUMENT_TYPES: Final = tuple(
    mark.encode(encoding) for mark in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
_MAIN: Final[tuple[tuple[str, Office], ...]] = (
    ("word/document.xml", "word"),
    ("xl/workbook.xml", "sheets"),
    ("ppt/presentation.xml", "slides"),
)


def office_of(content: bytes) -> Office:
    """Which kind of Office file it is. Raises `FileRefused` for one that is dangerous, broken, or another archive."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            files = archive.infolist()
            found = _kind_of({file.filename for file in files})
            _refuse_bombs(files)
            for file in files:
                _refuse_document_type(archive, file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise broken() from error
    except RuntimeError as error:  # zipfile's own for a password
        raise protected("file") from error
    return found


def _kind_of(names: set[str]) -> Office:
    if found := next((kind for name, kind in _MAIN if name in names), None):
        return found
    if "mimetype" in names:
        raise FileRefused(
            "OpenDocument and EPUB files cannot be read here.",
            hint="Save it as DOCX, XLSX, PPTX or PDF, and add that.",
        )
    raise FileRefused("The file is an archive.", hint="Unpack it, and add the files in it that matter.")


def _refuse_bombs(files: list[zipfile.ZipInfo]) -> None:
    if len(files) > MOST_FILES or sum(file.file_size for file in files) > MOST_BYTES:
        raise too_large_inside("file")
    if any(file.file_size > _SMALL + _HIGHEST_RATIO * file.compress_size for file in files):
        raise too_large_inside("file")


def _refuse_document_type(archive: zipfile.ZipFile, file: zipfile.ZipInfo) -> None:
    if file.filename.endswith(_XML):
        with archive.open(file) as opened:
            head = opened.read(_XML_HEAD)
        if any(mark in head for mark in _DOCUMENT_TYPES):
            raise FileRefused(
                "The file holds XML that Office does not write, and that is known from attacks.",
                hint="Open it in an Office program, save it again, and add that.",
            )
