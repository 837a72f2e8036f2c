"""Which Plotly figures the page can draw: what is told to a model that gets one wrong.

The browser draws the figure (`component: "plot"`), under a policy that lets it fetch nothing: maps, which get their
outlines or tiles from elsewhere, and pictures by their address are refused here, where the model can still do better.
Names of traces as in plotly.js 3 (https://plotly.com/javascript/reference/index/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chat_app.errors import ToolError

LARGEST_BYTES: Final = 1_000_000
MOST_TRACES: Final = 100
_TRACES: Final = (
    "bar barpolar box candlestick carpet cone contour contourcarpet funnel funnelarea heatmap histogram histogram2d"
    " histogram2dcontour icicle image indicator isosurface mesh3d ohlc parcats parcoords pie sankey scatter scatter3d"
    " scattercarpet scattergl scatterpolar scatterpolargl scattersmith scatterternary splom streamtube sunburst surface"
    " table treemap violin volume waterfall"
)
_MAPS: Final = "choropleth choroplethmap choroplethmapbox densitymap densitymapbox scattergeo scattermap scattermapbox"
_KEYS: Final = frozenset({"data", "layout"})
_LEFT_OUT: Final = frozenset({"config", "frames"})
"""What Plotly's own JSON also has, and the page does not use."""


def figure_json(figure: Mapping[str, Any]) -> str:
    """The figure as JSON with its `data` and `layout`. Raises `ToolError` with words for the model."""
    if unknown := sorted(set(figure) - _KEYS - _LEFT_OUT):
        raise _wrong(f"A figure has `data` and `layout`, not {', '.join(f'`{key}`' for key in unknown)}.")
    data, layout = figure.get("data"), figure.get("layout", {})
    if not isinstance(data, list) or not data:
        raise _wrong("`data` must be a list of at least one trace.")
    if len(data) > MOST_TRACES:
        raise _wrong(f"There are {len(data)} traces; {MOST_TRACES} is the most.")
    if not isinstance(layout, Mapping):
        raise _wrong("`layout` must be an object.")
    for number, trace in enumerate(data):
        _check_trace(number, trace)
    for picture in layout.get("images") or ():
        _check_source(picture)
    try:
        text = json.dumps({"data": data, "layout": dict(layout)}, allow_nan=False, ensure_ascii=False)
    except ValueError:
        raise _wrong("NaN and Infinity are no JSON: write null.") from None
    if len(text.encode()) > LARGEST_BYTES:
        raise _wrong(f"The figure has more than {LARGEST_BYTES // 1000} kB: draw fewer points.")
    return text


def _check_trace(number: int, trace: Any) -> None:
    if not isinstance(trace, Mapping):
        raise _wrong(f"`data[{number}]` must be an object with a `type`.")
    kind = trace.get("type", "scatter")
    if kind in _MAPS.split():
        raise _wrong(f"`data[{number}]`: maps ({kind}) cannot be shown, because they load data from the network.")
    if kind not in _TRACES.split():
        raise _wrong(f"`data[{number}]`: there is no trace type `{str(kind)[:40]}`; use scatter, bar, pie, heatmap, …")
    if kind == "image":
        _check_source(trace)


def _check_source(picture: Any) -> None:
    source = picture.get("source") if isinstance(picture, Mapping) else None
    if isinstance(source, str) and source and not source.startswith("data:image/"):
        raise _wrong("Pictures in a figure must be data URLs: nothing is loaded from the network.")


def _wrong(sentence: str) -> ToolError:
    return ToolError(f"The figure cannot be shown. {sentence}", hint="")
