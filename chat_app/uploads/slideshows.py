"""PowerPoint presentations: the text, tables and notes of each slide under its number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

import pptx
from pptx.exc import PythonPptxError

from chat_app.uploads.limits import Limits
from chat_app.uploads.paper import Paper, missing_pages
from chat_app.uploads.refusals import broken, no_text


def text_of(content: bytes, paper: Paper, limits: Limits) -> str:
    """Writes the slides of `content` on `paper`; what is missing as a sentence. Raises `FileRefused`."""
    try:
        slides = pptx.Presentation(BytesIO(content)).slides
        count = len(slides)
    except (PythonPptxError, KeyError, ValueError, AttributeError) as error:
        raise broken("presentation") from error
    read, found = 0, False
    for slide in slides:
        if read == limits.max_pages or (read and paper.full):
            break
        read += 1
        title = slide.shapes.title
        shown = [text for text in _texts_in(slide.shapes, title) if text.strip()]
        heading = title.text_frame.text.strip() if title is not None else ""
        notes = _notes_of(slide)
        found = found or bool(shown or heading or notes)
        head = f"[Slide {read}] {heading}".rstrip()
        paper.add("\n".join([head, *shown, *([f"Notes: {notes}"] if notes else []), "\n"]))
    if not found:
        raise no_text("presentation")
    return missing_pages(read, count, "slides", in_part=paper.cut)


def _texts_in(shapes: Iterable[Any], title: Any) -> Iterator[str]:
    for shape in shapes:
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if hasattr(shape, "shapes"):
            yield from _texts_in(shape.shapes, None)
        elif shape.has_text_frame:
            yield shape.text_frame.text.replace("\v", "\n")
        elif getattr(shape, "has_table", False):
            for row in shape.table.rows:
                yield f"| {' | '.join(' '.join(cell.text.split()) for cell in row.cells)} |"


def _notes_of(slide: Any) -> str:
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    return frame.text.strip() if frame is not None else ""
