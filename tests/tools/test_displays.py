"""The display tools: what is shown, and what a model is told that gets one wrong."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from chat_app.conversation.messages import Image
from chat_app.conversation.tools import DISPLAY_TOOLS, Gallery, Html, Plot, Replies, Table
from chat_app.errors import ToolError
from chat_app.tools.displays import display_functions
from tests.tools.mcp_server import PNG

TOOLS = {function.name: function for function in display_functions()}
FIGURE = {"data": [{"type": "bar", "x": ["a"], "y": [1]}], "layout": {"title": {"text": "T"}}}
CHART = {
    "data": {"values": [{"a": "A", "url": "x"}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a"}, "y": {"aggregate": "count"}},
}
URL = f"data:image/png;base64,{b64encode(PNG).decode()}"


async def shown(tool: str, **arguments: Any) -> tuple[Any, ...]:
    """What a call shows."""
    return (await TOOLS[tool].run(arguments)).displays


def test_there_is_one_for_each_name_that_presets_can_list() -> None:
    """The rules of the settings know the names, this folder the functions."""
    assert tuple(TOOLS) == DISPLAY_TOOLS


@pytest.mark.parametrize("name", DISPLAY_TOOLS)
def test_a_model_can_read_what_they_take(name: str) -> None:
    """One schema without references, and a description."""
    tool = TOOLS[name]
    assert tool.parameters["type"] == "object"
    assert "$ref" not in json.dumps(tool.parameters)
    assert len(tool.description) > 50


@pytest.mark.parametrize("figure", [FIGURE, json.dumps(FIGURE), {**FIGURE, "config": {}, "frames": []}])
async def test_a_plotly_figure_is_shown(figure: Any) -> None:
    """As an object, or as the text of one."""
    (plot,) = await shown("show_plot", figure=figure, title="Bars")
    assert isinstance(plot, Plot)
    assert (json.loads(plot.figure), plot.title) == (FIGURE, "Bars")


async def test_a_vega_lite_chart_is_shown_as_a_picture() -> None:
    """Drawn here, since the page may not make code of strings."""
    (gallery,) = await shown("show_plot", figure=CHART, title="Counts")
    assert isinstance(gallery, Gallery)
    ((picture, caption),) = gallery.pictures
    assert (picture.mime_type, caption) == ("image/png", "Counts")
    assert "Vega-Lite" in TOOLS["show_plot"].description


async def test_a_table_is_shown_as_text() -> None:
    """Numbers, truth and gaps, and a cell that is too long is cut."""
    rows = [["a", 1.5, True], ["b" * 600, 2, None]]
    (table,) = await shown("show_table", headers=["x", "y", "z"], rows=json.dumps(rows))
    assert table == Table(("x", "y", "z"), (("a", "1.5", "true"), ("b" * 499 + "…", "2", "")))


async def test_pictures_are_shown() -> None:
    """From data URLs, with captions."""
    (gallery,) = await shown("show_gallery", pictures=[{"url": URL, "caption": "One"}, {"url": URL}])
    image = Image("image/png", b64encode(PNG).decode())
    assert gallery == Gallery(((image, "One"), (image, "")))


async def test_a_page_is_shown_as_it_is() -> None:
    """The frame makes it harmless, not we."""
    assert await shown("show_html", html="<script>1</script>", title="Page") == (Html("<script>1</script>", "Page"),)


async def test_replies_are_offered_once_each() -> None:
    """On one line each."""
    assert await shown("offer_replies", replies=["Yes", " No,\nthanks", "Yes"]) == (Replies(("Yes", "No, thanks")),)


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("show_plot", {"figure": "not JSON"}, "`figure`: Input should be a valid dictionary."),
        ("show_plot", {"figure": "[" * 100_000}, "`figure`: Input should be a valid dictionary."),
        ("show_plot", {"figure": {"data": []}}, "`data` must be a list of at least one trace."),
        ("show_plot", {"figure": {**FIGURE, "style": 1}}, "A figure has `data` and `layout`, not `style`."),
        ("show_plot", {"figure": {"data": [{"type": "bars"}]}}, r"`data\[0\]`: there is no trace type `bars`"),
        ("show_plot", {"figure": {"data": [{"type": "scattergeo"}]}}, "maps .* cannot be shown"),
        ("show_plot", {"figure": {"data": [7]}}, r"`data\[0\]` must be an object"),
        ("show_plot", {"figure": {"data": [{}] * 101}}, "101 traces; 100 is the most"),
        ("show_plot", {"figure": {"data": [{}], "layout": []}}, "`layout` must be an object"),
        ("show_plot", {"figure": {"data": [{"y": [float("nan")]}]}}, "write null"),
        ("show_plot", {"figure": {"data": [{"text": "x" * 1_000_000}]}}, "more than 1000 kB"),
        (
            "show_plot",
            {"figure": {"data": [{}], "layout": {"images": [{"source": "https://a/b.png"}]}}},
            "must be data URLs",
        ),
        ("show_plot", {"figure": {"data": [{"type": "image", "source": "//a/b.png"}]}}, "must be data URLs"),
        ("show_plot", {"figure": {**CHART, "data": {"url": "file:///etc/passwd"}}}, "nothing is loaded"),
        ("show_plot", {"figure": {**CHART, "mark": {"type": "image"}}}, "nothing is loaded"),
        ("show_plot", {"figure": {**CHART, "mark": "nonsense"}}, "The chart cannot be drawn. Vega-Lite to PNG"),
        ("show_plot", {"figure": {**CHART, "width": 1_000_000}}, "`width` is 1000000; 4000 is the most"),
        ("show_table", {"headers": ["a"], "rows": [["1"], ["1", "2"]]}, r"`rows\[1\]` has 2 cells, .* 1 headers"),
        ("show_table", {"headers": ["a"], "rows": [["1"]] * 201}, "`rows`: List should have at most 200 items"),
        ("show_table", {"headers": [], "rows": [[]]}, "`headers`: List should have at least 1 item"),
        ("show_gallery", {"pictures": [{"url": "https://a/b.png"}]}, r"`pictures\[0\].url` is no picture"),
        ("show_gallery", {"pictures": [{"url": "data:image/svg+xml;base64,PHN2Zz4="}]}, "is no picture"),
        ("show_gallery", {"pictures": [{"url": URL}] * 13}, "at most 12 items"),
        ("show_html", {"html": "   "}, "`html` is empty"),
        ("show_html", {"html": "x" * 500_001}, "at most 500000 characters"),
        ("offer_replies", {"replies": ["One"]}, "at least 2 items"),
        ("offer_replies", {"replies": ["One", "one " * 30]}, "1 to 80 characters; one has 119"),
        ("offer_replies", {"replies": ["One", "One "]}, "must differ"),
    ],
)
async def test_a_model_that_gets_one_wrong_is_told_what(tool: str, arguments: dict[str, Any], words: str) -> None:
    """So that it can do better."""
    with pytest.raises(ToolError, match=words):
        await shown(tool, **arguments)
