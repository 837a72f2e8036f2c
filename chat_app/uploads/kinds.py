"""What a file is: told by how its content begins, and only where that leaves it open, by its name.

A name can be anything, so a program that is called `photo.png` is a program and a picture without an ending is a
picture. Text is what begins like nothing else; whether it is text indeed, `texts.py` finds out. The first bytes are
those of the formats' own specifications, gathered in https://en.wikipedia.org/wiki/List_of_file_signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from chat_app.errors import FileRefused
from chat_app.uploads import recordings
from chat_app.uploads.names import ending_of

Kind: TypeAlias = Literal["picture", "pdf", "office", "text", "recording"]

_BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
_PDF_WITHIN: Final = 1024
"""Readers take what stands before `%PDF-` within so many bytes."""
_PROGRAM_HEAD: Final = 1024
_AVIF: Final = frozenset({b"avif", b"avis"})
_HEIC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a file is."""

    kind: Kind
    mime_type: str
    """Empty for Office files, which only their content tells apart."""


_PICTURES: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
_PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"\0asm",
    b"\xca\xfe\xba\xbe",
    *(b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"),
)
_ARCHIVES: Final = (
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
    b"PK\x05\x06",
)
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"

_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "css": "text/css",
        "csv": "text/csv",
        "htm": "text/html",
        "html": "text/html",
        "ipynb": "application/x-ipynb+json",
        "js": "text/javascript",
        "json": "application/json",
        "jsonl": "application/jsonl",
        "markdown": "text/markdown",
        "md": "text/markdown",
        "mjs": "text/javascript",
        "py": "text/x-python",
        "sql": "application/sql",
        "svg": "image/svg+xml",
        "toml": "application/toml",
        "tsv": "text/tab-separated-values",
        "xhtml": "application/xhtml+xml",
        "xml": "application/xml",
        "yaml": "application/yaml",
        "yml": "application/yaml",
    }
)


def kind_of(name: str, content: bytes) -> Found:
    """What the file is. Looks at a bounded part of it. Raises `FileRefused` for what is known and not read."""
    if not content:
        raise FileRefused("The file is empty.", hint="Add another one.")
    if picture := _picture_type(content):
        return Found("picture", picture)
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return Found("pdf", "application/pdf")
    if content.startswith(_ZIP):
        return Found("office", "")
    if recording := recordings.type_of(content):
        return Found("recording", recording)
    _refuse_known(content)
    return Found("text", text_type(name))


def text_type(name: str) -> str:
    """The type of a text file by its name: `text/plain` for most source code, which has no other."""
    return _TEXTS.get(ending_of(name), "text/plain")


def _picture_type(content: bytes) -> str:
    if found := next((kind for magic, kind in _PICTURES if content.startswith(magic)), ""):
        return found
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[:2] == b"BM" and int.from_bytes(content[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    if content[4:8] == b"ftyp" and content[8:12] in _AVIF:
        return "image/avif"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        raise FileRefused("HEIC pictures cannot be read here.", hint="Save the picture as JPEG, and add that.")
    return ""


def _refuse_known(content: bytes) -> None:
    if content.startswith(_PROGRAMS) and b"\0" in content[:_PROGRAM_HEAD]:
        raise FileRefused("The file is a program, whatever its name says.", hint="Add its source code, if you have it.")
    if content.startswith(_ARCHIVES):
        raise FileRefused("The file is an archive.", hint="Unpack it, and add the files in it that matter.")
    if content.startswith(_OLD_OFFICE):
        raise FileRefused(
            "The file is of an old Office format, or protected by a password.",
            hint="Save it as DOCX, XLSX or PPTX without a password, and add that.",
        )
    if content.startswith(b"{\\rtf"):
        raise FileRefused("RTF documents cannot be read here.", hint="Save it as DOCX or PDF, and add that.")
