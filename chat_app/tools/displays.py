"""The display tools: how a model that can only write text shows a plot, a table, pictures, a page, or replies to click.

They are functions like those of `tools.functions` (`functions.py`), so that their schemas and the messages about bad
arguments are made in the same way. Descriptions are written for models. Everything has a size that a page can take, and
nothing is loaded from anywhere: what a model shows was written by it, under the influence of whatever it has read.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chat_app.conversation.messages import Image
from chat_app.conversation.tools import Gallery, Html, Plot, Replies, Table, ToolOutput
from chat_app.errors import ToolError
from chat_app.tools import vega
from chat_app.tools.functions import Function
from chat_app.tools.pictures import picture_of
from chat_app.tools.plotly import figure_json

_TIMEOUT_S: Final = 60.0
_MOST_COLUMNS, _MOST_ROWS, _LONGEST_CELL = 20, 200, 500
_MOST_PICTURES: Final = 12
_LARGEST_GALLERY_BYTES: Final = 12_000_000
_LONGEST_HTML: Final = 500_000
_FEWEST_REPLIES, _MOST_REPLIES, _LONGEST_REPLY = 2, 6, 80


def _parsed(value: Any) -> Any:
    """The value of a JSON text: many models write objects and lists as text within the arguments."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


Title: TypeAlias = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True)]
Cell: TypeAlias = str | float | int | bool | None
Figure: TypeAlias = Annotated[dict[str, Any], BeforeValidator(_parsed)]


class Picture(BaseModel):
    """One picture of a gallery."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(description="A data URL: data:image/png;base64,…")]
    caption: Title = ""


def display_functions() -> tuple[Function, ...]:
    """The display tools, by the names of `conversation.tools.DISPLAY_TOOLS`, in that order."""
    named = {
        "show_plot": _show_plot(asyncio.Semaphore(2) if vega.is_installed() else None),
        "show_table": show_table,
        "show_gallery": show_gallery,
        "show_html": show_html,
        "offer_replies": offer_replies,
    }
    return tuple(Function(function, name, _TIMEOUT_S) for name, function in named.items())


def _show_plot(places: asyncio.Semaphore | None) -> Callable[..., Awaitable[ToolOutput]]:
    """`show_plot`, which takes Vega-Lite too where there are places to draw it."""

    async def show_plot(figure: Figure, title: Title = "") -> ToolOutput:
        if vega.is_vega_lite(figure):
            if places is None:
                raise ToolError(
                    "Vega-Lite cannot be shown here. Write the figure for Plotly: `data`, `layout`.", hint=""
                )
            picture = await vega.drawn(figure, places)
            return ToolOutput("The chart is shown to the user.", displays=(Gallery(((picture, title),)),))
        return ToolOutput("The plot is shown to the user.", displays=(Plot(figure_json(figure), title),))

    kinds = 'a Plotly figure: {"data": [traces], "layout": {…}}'
    if places is not None:
        kinds += ", or a Vega-Lite specification with its data under `data.values`"
    show_plot.__doc__ = (
        f"Show the user an interactive plot. `figure` is {kinds}. Write all numbers into the figure: nothing is loaded"
        " from the network, so there are no maps and no pictures by address. Do not repeat the data in your answer."
    )
    return show_plot


async def show_table(
    headers: Annotated[list[Cell], Field(min_length=1, max_length=_MOST_COLUMNS), BeforeValidator(_parsed)],
    rows: Annotated[list[list[Cell]], Field(min_length=1, max_length=_MOST_ROWS), BeforeValidator(_parsed)],
    title: Title = "",
) -> ToolOutput:
    """Show the user a table. Every row has one cell for each header; cells are text, numbers, true, false or null.

    Do not repeat the table in your answer.
    """
    for number, row in enumerate(rows):
        if len(row) != len(headers):
            sentence = f"`rows[{number}]` has {len(row)} cells, and there are {len(headers)} headers."
            raise ToolError(f"{sentence} Give each row one cell for each header; null for an empty one.", hint="")
    cells = tuple(tuple(_cell(cell) for cell in row) for row in rows)
    table = Table(tuple(_cell(header) for header in headers), cells, title)
    return ToolOutput("The table is shown to the user.", displays=(table,))


async def show_gallery(
    pictures: Annotated[list[Picture], Field(min_length=1, max_length=_MOST_PICTURES), BeforeValidator(_parsed)],
) -> ToolOutput:
    """Show the user pictures beside each other, each with a caption if it needs one.

    Each is a data URL with a PNG, JPEG, WebP or GIF in base64; addresses of the web cannot be shown.
    """
    shown: list[tuple[Image, str]] = []
    for number, picture in enumerate(pictures):
        image = picture_of(picture.url)
        if image is None:
            sentence = f"`pictures[{number}].url` is no picture that can be shown."
            raise ToolError(f"{sentence} It must be a data URL with a PNG, JPEG, WebP or GIF in base64.", hint="")
        shown.append((image, picture.caption))
    if sum(len(image.data) for image, _ in shown) > _LARGEST_GALLERY_BYTES:
        raise ToolError("The pictures are too large together. Show fewer, or smaller ones.", hint="")
    return ToolOutput("The pictures are shown to the user.", displays=(Gallery(tuple(shown)),))


async def show_html(
    html: Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_HTML)], title: Title = ""
) -> ToolOutput:
    """Show the user a small web page: one whole HTML document with its styles and scripts inside.

    It runs in a sandboxed frame: nothing is loaded from the network, so no libraries, fonts or pictures by address.
    """
    if not html.strip():
        raise ToolError("`html` is empty.", hint="")
    return ToolOutput("The page is shown to the user, in a frame without network.", displays=(Html(html, title),))


async def offer_replies(
    replies: Annotated[
        list[str], Field(min_length=_FEWEST_REPLIES, max_length=_MOST_REPLIES), BeforeValidator(_parsed)
    ],
) -> ToolOutput:
    """Offer the user 2 to 6 short replies to click on, as they would say them: "Show me an example".

    Use it when your answer ends in a question with few likely answers. They stand below your answer; do not list them.
    """
    said = tuple(dict.fromkeys(" ".join(reply.split()) for reply in replies))
    for reply in said:
        if not reply or len(reply) > _LONGEST_REPLY:
            raise ToolError(f"Each reply must have 1 to {_LONGEST_REPLY} characters; one has {len(reply)}.", hint="")
    if len(said) < _FEWEST_REPLIES:
        raise ToolError("The replies must differ.", hint="")
    return ToolOutput("The replies are offered below your answer. End it now.", displays=(Replies(said),))


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = f"{cell:.10g}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
