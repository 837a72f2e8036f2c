import json

import pytest

from chat_app.config import UploadsConfig
from chat_app.errors import FileRefused
from chat_app.uploads.paper import Paper, missing_pages
from chat_app.uploads.reading import limits_of
from chat_app.uploads.texts import text_of
from tests.uploads import files

GERMAN = "Die Größe der Häuser überrascht, sagte Jörg, während er über die Straße ging. " * 5
FRENCH = "L'été dernier, les élèves ont visité le château à côté de la forêt où naît le fleuve. " * 5
POLISH = "Zażółć gęślą jaźń. Życie jest piękne, choć czasem wcale się takie nie wydaje. " * 3
RUSSIAN = "Съешь же ещё этих мягких французских булок, да выпей чаю. " * 8
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 8
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Title\n", "Words"]},
        {
            "cell_type": "code",
            "source": "print(1)",
            "outputs": [
                {"output_type": "stream", "text": ["1\n"]},
                {"data": {"text/plain": "<Figure>", "image/png": "iVBORw0KGgo"}},
                {"ename": "ValueError", "evalue": "no", "traceback": ["\x1b[0m"]},
            ],
        },
        "not a cell",
    ]
}


def read(content: bytes, mime_type: str = "text/plain", **settings: int) -> tuple[str, str]:
    """The text, and what is said to be missing of it."""
    limits = limits_of("text", len(content), UploadsConfig.model_validate(settings))
    paper = Paper(limits)
    cut = text_of(content, mime_type, paper, limits)
    return paper.text, cut


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "latin-1"),
        (FRENCH, "cp1252"),
        (POLISH, "cp1250"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "utf-16"),
    ],
)
def test_text_of_any_encoding_is_read(text: str, encoding: str) -> None:
    """With a byte order mark or without."""
    assert read(text.encode(encoding)) == (text, "")


def test_utf_8_with_a_fault_is_still_utf_8() -> None:
    """A log with one broken byte, say: that alone is replaced."""
    text, _ = read(GERMAN.encode() + b"\xff" + GERMAN.encode())
    assert text == f"{GERMAN}\N{REPLACEMENT CHARACTER}{GERMAN}"


def test_lines_end_in_one_way() -> None:
    """Windows, old Mac and Unix."""
    assert read(b"a\r\nb\rc\n") == ("a\nb\nc\n", "")


@pytest.mark.parametrize(
    "content",
    [b"a\0b" * 50, bytes(range(256)), b"\x01\x02\x03\x04" * 20, b"\xff\xfe\x00\xd8\x00\xd8", b"\x00" * 5000],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    """Zeros that are not UTF-16's, and control characters."""
    with pytest.raises(FileRefused, match="neither text nor"):
        read(content)


def test_blanks_alone_are_refused() -> None:
    """There is nothing to read."""
    with pytest.raises(FileRefused, match="no text in it"):
        read(b" \n\t ")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_long_text_is_cut_between_characters(encoding: str) -> None:
    """However many bytes they take."""
    text, cut = read(("日本語" * 10_000).encode(encoding), text_max_tokens=100)
    assert (text, cut) == (("日本語" * 45)[:133], "Only about the first 1 % of the text is here.")


def test_a_short_web_page_is_its_source() -> None:
    """Somebody who writes one asks about it."""
    source = "<html><script>alert(1)</script><p>Hi</html>"
    assert read(source.encode(), "text/html") == (source, "")


def test_a_long_web_page_is_what_it_shows() -> None:
    """Under any name; scripts, styles and what is hidden are not seen."""
    source = (
        f"<!DOCTYPE html><html><head><title>T</title><style>{'a{}' * 9000}</style></head><body><h2>News &amp; more</h2>"
        "<script>let a = '<p>no</p>';</script><p>One\n   two<br>three</p><ul><li>x<li>y</ul>"
        "<table><tr><td>1<td>2</tr></table><pre>  as\n  typed</pre></body></html>"
    )
    for name in ("text/html", "text/plain"):
        text, cut = read(source.encode(), name)
        assert [line for line in text.split("\n") if line] == [
            "## News & more",
            "One two",
            "three",
            "- x",
            "- y",
            "| 1 | 2",
            "  as",
            "  typed",
        ]
        assert cut == "The text that the page shows is here, not its source."


def test_a_web_page_that_is_too_long_even_so_is_cut() -> None:
    """And says both."""
    text, cut = read(f"<html><body>{'<p>word</p>' * 50_000}".encode(), "text/html")
    assert len(text) == 80_000
    assert cut == "The text that the page shows is here, not its source. Of that, only the beginning."


def test_a_notebook_is_its_cells_and_their_texts() -> None:
    """Without pictures and bookkeeping."""
    text, cut = read(json.dumps(NOTEBOOK).encode(), "application/x-ipynb+json")
    assert text.strip() == (
        "# Title\nWords\n\n```\nprint(1)\n```\n\nOutput:\n```\n1\n```\n\nOutput:\n```\n<Figure>\n```\n\n"
        "Output:\n```\nValueError: no\n```"
    )
    assert cut == ""


@pytest.mark.parametrize("content", [b"[1]", b"{}", b"{broken", b"[" * 50_000])
def test_what_only_calls_itself_a_notebook_is_read_as_it_stands(content: bytes) -> None:
    """As any other text."""
    assert read(content, "application/x-ipynb+json") == (content.decode(), "")


def test_an_empty_notebook_is_refused() -> None:
    """There is nothing to read."""
    with pytest.raises(FileRefused, match="no text in it"):
        read(b'{"cells": []}', "application/x-ipynb+json")


def test_half_a_surrogate_pair_can_be_sent() -> None:
    """Documents hold them; UTF-8 does not."""
    paper = Paper(limits_of("text", 1, UploadsConfig()))
    paper.add("a\ud800b")
    assert paper.text == "a?b"


@pytest.mark.parametrize(
    ("read_pages", "count", "in_part", "said"),
    [
        (20, 10_000, False, "Only the first 20 of 10,000 pages are here."),
        (1, 3, False, "Only the first of 3 pages is here."),
        (1, 3, True, "Only the beginning of the first of 3 pages is here."),
        (2, 3, True, "Only the first 2 of 3 pages are here, the last of them in part."),
        (1, 1, True, "Only the beginning of the only page is here."),
        (3, 3, False, ""),
    ],
)
def test_what_is_missing_is_a_sentence(read_pages: int, count: int, in_part: bool, said: str) -> None:  # noqa: FBT001 - a row of the table
    """The model reads it, and the visitor."""
    assert missing_pages(read_pages, count, "pages", in_part=in_part) == said


def test_other_archives_say_what_to_do() -> None:
    """Through the same door as Office files."""
    from chat_app.uploads.archives import office_of  # noqa: PLC0415 - the only test of it that is not a whole reading

    for content, said in [
        (files.zipped({"a.txt": b"a"}), "is an archive"),
        (files.zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}), "OpenDocument"),
        (b"PK\x03\x04 and then nothing", "broken"),
    ]:
        with pytest.raises(FileRefused, match=said):
            office_of(content)
