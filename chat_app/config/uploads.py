"""The settings of what visitors may add to a question."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chat_app.config.values import Seconds, Settings


class UploadsConfig(Settings):
    """Files that visitors add. `chat.multimodal: false` takes none."""

    max_files: Annotated[int, Field(ge=1, le=100)] = 10
    """How many go with one message."""
    max_file_bytes: Annotated[int, Field(ge=1000, le=1_000_000_000)] = 20_000_000
    """How large one may be."""
    image_max_px: Annotated[int, Field(ge=64, le=8192)] = 1568
    """The longer side to which larger pictures are made smaller before a model sees them."""
    image_max_pixels: Annotated[int, Field(ge=4096)] = 50_000_000
    """How many pixels a picture may have before that."""
    max_pages: Annotated[int, Field(ge=1)] = 300
    """How many pages of a document, slides or sheets are read; it is said where there are more."""
    text_max_tokens: Annotated[int, Field(ge=100)] = 20_000
    """How much of one document's text is sent, in tokens of about four bytes; it is said where that is not all."""
    parse_timeout_s: Seconds = 20
    """Seconds in which one must have been read; of CPU time it may take a tenth of them, and large pictures more."""
