import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.feedback.record import COLUMNS
from chat_app.feedback.table import HEADER, Ending, cells_in, columns_of, ending_of, line_of, widened

CELLS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2)


@given(CELLS)
def test_a_line_is_read_back_as_it_was(cells: list[str]) -> None:
    """Quotes, commas, line breaks of every kind, NUL, leading blanks: whatever text holds."""
    assert _records(line_of(cells)) == [cells]


def test_half_of_a_surrogate_pair_becomes_the_replacement_character() -> None:
    """UTF-8 has no bytes for it; both halves together are a character like any other."""
    assert _records(line_of(["a\ud83d", "\udc00b", "\ud83d\ude00"])) == [["a\ufffd", "\ufffdb", "😀"]]


def test_what_is_not_known_is_an_empty_cell() -> None:
    """Not the word None."""
    assert line_of([None, 0, 1.5, "x"]) == b",0,1.5,x\r\n"


def test_the_header_names_the_columns() -> None:
    """With or without a mark that a spreadsheet put before it, and whatever ends the line."""
    assert columns_of(HEADER) == COLUMNS
    assert columns_of(b"\xef\xbb\xbf" + HEADER.rstrip() + b"\n") == COLUMNS
    assert columns_of(b"") == ()


@given(st.lists(CELLS, min_size=1), st.integers(min_value=0), st.integers(min_value=1, max_value=7))
def test_a_file_torn_anywhere_can_be_closed(rows: list[list[str]], torn: int, size: int) -> None:
    """Once closed, the whole records before the tear are unharmed, and what follows is a record of its own."""
    lines = [line_of(row) for row in rows]
    data = b"".join(lines)
    data = data[: torn % (len(data) + 1)]
    whole = [row for end, row in enumerate(rows, start=1) if len(b"".join(lines[:end])) <= len(data)]

    ending = ending_of(data[at : at + size] for at in range(0, len(data), size))
    closed = data[: len(data) - ending.cut_bytes] + ending.closing
    records = _records(closed + line_of(["next", "one"]))

    assert records[: len(whole)] == whole
    assert records[-1] == ["next", "one"]
    assert len(records) <= len(whole) + 2


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (b"", Ending(0, b"")),
        (b"a,b\r\n", Ending(0, b"")),
        (b"a,b\n", Ending(0, b"")),
        (b"a,b", Ending(0, b"\r\n")),
        (b"a,b\r", Ending(0, b"\n")),
        (b'a,"b\r\n', Ending(0, b'"\r\n')),
        (b"a,\xf0\x9f\x98", Ending(3, b"\r\n")),
        (b'a,"\xc3', Ending(1, b'"\r\n')),
        ("a,é".encode(), Ending(0, b"\r\n")),
    ],
)
def test_each_kind_of_ending_has_its_closing(data: bytes, ending: Ending) -> None:
    """Half a character is dropped, an open quote closed, an open line ended."""
    assert ending_of([data]) == ending


def test_an_older_file_is_widened_record_by_record() -> None:
    """A line break inside quotes does not end a record."""
    old = [b"a\r\n", b'"one\r\n', b'two"\r\n', b"three\n"]

    assert list(widened(old, b"a,b,c\r\n", 2)) == [b"a,b,c\r\n", b'"one\r\n', b'two",,\r\n', b"three,,\r\n"]


def test_cells_stand_under_their_names() -> None:
    """A column that only a newer version knows stays empty."""
    assert cells_in(["b", "new", "a"], {"a": 1, "b": 2}) == [2, None, 1]


def _records(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
