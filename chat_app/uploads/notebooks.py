"""Jupyter notebooks: the cells and the texts that came out of them, without pictures and bookkeeping.

The format: https://nbformat.readthedocs.io/en/latest/format_description.html (4.5).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chat_app.uploads.paper import Paper, missing_pages
from chat_app.uploads.refusals import no_text


def cells_of(content: bytes) -> list[Any] | None:
    """The cells of a notebook; None for what is none, which is then read as any other text."""
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    return cells if isinstance(cells, list) else None


def write(cells: list[Any], paper: Paper) -> str:
    """Writes the cells on `paper`; what is missing as a sentence. Raises `FileRefused`."""
    read = 0
    for cell in cells:
        if paper.full:
            break
        paper.add("\n\n".join(_blocks_of(cell)))
        paper.add("\n\n")
        read += 1
    if not paper.text.strip():
        raise no_text("notebook")
    return missing_pages(read, len(cells), "cells", in_part=paper.cut)


def _blocks_of(cell: Any) -> Iterator[str]:
    if not isinstance(cell, dict):
        return
    source = _joined(cell.get("source"))
    if cell.get("cell_type") != "code":
        yield source
        return
    yield f"```\n{source}\n```"
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if text := _text_of(output):
            yield f"Output:\n```\n{text}\n```"


def _text_of(output: Any) -> str:
    """What an output says as text: of a stream, a result, or an error."""
    match output:
        case {"text": said}:
            return _joined(said).rstrip()
        case {"data": {"text/plain": said}}:
            return _joined(said).rstrip()
        case {"ename": str(name), "evalue": str(value)}:
            return f"{name}: {value}"
    return ""


def _joined(lines: Any) -> str:
    """Text of a notebook, which is a string or a list of lines."""
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""
