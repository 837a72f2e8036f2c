import pytest

from chat_app.errors import FileRefused
from chat_app.uploads.kinds import Found, kind_of
from tests.uploads import files


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.txt", files.picture("PNG"), Found("picture", "image/png")),
        ("a", files.picture("JPEG"), Found("picture", "image/jpeg")),
        ("a", files.picture("GIF"), Found("picture", "image/gif")),
        ("a", files.picture("WEBP"), Found("picture", "image/webp")),
        ("a", files.picture("BMP"), Found("picture", "image/bmp")),
        ("a", files.picture("TIFF"), Found("picture", "image/tiff")),
        ("a", files.picture("AVIF"), Found("picture", "image/avif")),
        ("a.png", files.pdf("a"), Found("pdf", "application/pdf")),
        ("a.xlsx", files.word(), Found("office", "")),
        ("a.pdf", b"Just text.", Found("text", "text/plain")),
        ("a.svg", b"<svg/>", Found("text", "image/svg+xml")),
        ("a.CSV", b"a,b", Found("text", "text/csv")),
        ("BM.txt", b"BM is two letters, and so is MZ.", Found("text", "text/plain")),
        ("MZ.txt", b"MZ is two letters.", Found("text", "text/plain")),
        ("a", files.wav(), Found("recording", "audio/wav")),
        ("a", files.mp3(), Found("recording", "audio/mpeg")),
        ("a", b"OggS", Found("recording", "audio/ogg")),
        ("a", b"fLaC", Found("recording", "audio/flac")),
        ("a", b"\x1aE\xdf\xa3", Found("recording", "video/webm")),
        ("a", b"\0\0\0\x20ftypM4A ", Found("recording", "audio/mp4")),
        ("a", b"\0\0\0\x20ftypisom", Found("recording", "video/mp4")),
        ("a.txt", b"\xff\xfeH\0i\0", Found("text", "text/plain")),
    ],
)
def test_the_content_says_what_a_file_is(name: str, content: bytes, found: Found) -> None:
    """The name only tells texts apart."""
    assert kind_of(name, content) == found


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (files.PROGRAM, "is a program"),
        (b"\x1f\x8b\x08" + bytes(20), "archive"),
        (b"Rar!\x1a\x07\x01", "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "old Office format, or protected"),
        (b"{\\rtf1 Hello}", "RTF"),
        (b"\0\0\0\x20ftypheic", "HEIC"),
        (b"RIFF\x04\0\0\0WAVE", "no sound"),
    ],
)
def test_what_is_known_and_not_read_says_what_it_is(content: bytes, said: str) -> None:
    """And what to do instead."""
    with pytest.raises(FileRefused, match=said) as raised:
        kind_of("a.txt", content)
    assert raised.value.hint
