"""Excel workbooks: each sheet under its name, as CSV, with the values that were last calculated.

Rows are read one by one and only while there is room. What a sheet says about its own size is not believed; empty
rows, and empty cells at the end of one, are left out.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import date, datetime, time
from io import BytesIO, StringIO
from typing import Any, Final

import openpyxl  # type: ignore[import-untyped] # it has no types, and is known here only
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from chat_app.uploads.limits import Limits
from chat_app.uploads.paper import Paper, missing_pages
from chat_app.uploads.refusals import broken, no_text

_WIDEST: Final = 1000
"""Columns that are read of a row."""
_EXACT: Final = 1e15
"""Up to here every whole number is itself as a float."""


def text_of(content: bytes, paper: Paper, limits: Limits) -> str:
    """Writes the sheets of `content` on `paper`; what is missing as a sentence. Raises `FileRefused`."""
    try:
        workbook = openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError) as error:
        raise broken("workbook") from error
    sheets = workbook.worksheets
    read, cut, found = 0, False, False
    for sheet in sheets[: limits.max_pages]:
        if read and paper.full:
            break
        read += 1
        paper.add(f"[Sheet {sheet.title}]\n")
        sheet.reset_dimensions()
        rows, whole = _write_rows(sheet.iter_rows(max_col=_WIDEST, values_only=True), paper)
        found = found or rows > 0
        cut = not whole
        paper.add("\n")
    if not found:
        raise no_text("workbook")
    return missing_pages(read, len(sheets), "sheets", in_part=cut)


def _write_rows(rows: Iterable[tuple[Any, ...]], paper: Paper) -> tuple[int, bool]:
    """How many rows with something in them were written, and whether these were all."""
    count = 0
    for row in rows:
        if paper.full:
            return count, False
        cells = [_shown(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            line = StringIO()
            csv.writer(line, lineterminator="\n").writerow(cells)
            paper.add(line.getvalue())
            count += 1
    return count, not paper.cut


def _shown(value: Any) -> str:
    """The value of a cell; dates in ISO form, and numbers that are whole without a fraction."""
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case float() if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
    return str(value)
