"""Vega-Lite as a picture, drawn by `vl_convert` in a process of its own.

That library holds a JavaScript engine which runs what the chart's expressions say: in a process that has limits of
time and memory, may fetch nothing, and is killed when it takes too long, a chart can harm nobody. The page cannot draw
it: Vega makes code of strings, which the page's policy forbids. A bar chart takes 0.7 s (vl-convert 1.9, 4 cores), the
sequence of a billion numbers ends at the limit of 10 s of CPU.

`allowed_base_urls=[]` keeps the library from the network, but it still reads `file:///etc/passwd` (seen): so whatever
names an address is refused before.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chat_app.conversation.messages import Image
from chat_app.errors import ToolError

LARGEST_BYTES: Final = 1_000_000
LONGEST_S: Final = 20.0
_PROCESS: Final = Path(__file__).with_name("vega_process.py")
_LARGEST_SIDE: Final = 4_000
_MARKS: Final = frozenset({"mark", "layer", "hconcat", "vconcat", "concat", "facet", "repeat"})
_LONGEST_WORDS: Final = 300
_FETCHES: Final = "`url` and marks of type `image` cannot be used: nothing is loaded. Write the data as `data.values`."


def is_installed() -> bool:
    """Whether Vega-Lite can be drawn: the extra `vega`."""
    return importlib.util.find_spec("vl_convert") is not None


def is_vega_lite(figure: Mapping[str, Any]) -> bool:
    """Whether the figure is meant to be Vega-Lite, not Plotly."""
    return "vega" in str(figure.get("$schema", "")) or bool(_MARKS & set(figure))


async def drawn(specification: Mapping[str, Any], places: asyncio.Semaphore, *, longest_s: float = LONGEST_S) -> Image:
    """The chart as a PNG, drawn when there is a place for it. Raises `ToolError` with words for the model."""
    _check(specification)
    asked = json.dumps(dict(specification)).encode()
    if len(asked) > LARGEST_BYTES:
        raise _wrong(f"It has more than {LARGEST_BYTES // 1000} kB: use fewer values.")
    async with places:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", str(_PROCESS), stdin=-1, stdout=-1, stderr=-1, env={"PATH": "/usr/bin:/bin"}
        )
        try:
            picture, words = await asyncio.wait_for(process.communicate(asked), longest_s)
        except TimeoutError:
            raise _wrong(f"Drawing it took longer than {longest_s:g} s: use fewer values.") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        raise _wrong(" ".join(words.decode(errors="replace").split())[:_LONGEST_WORDS] or "It needs too much.")
    return Image("image/png", b64encode(picture).decode(), "chart.png")


def _check(value: Any, key: str = "") -> None:
    """Raises where something is to be fetched, or is larger than a page. Rows of data are only values."""
    match value:
        case Mapping():
            if key == "url":
                raise _wrong(_FETCHES)
            for name, one in value.items():
                if name != "values" or not isinstance(one, list):
                    _check(one, str(name))
        case list():
            for one in value:
                _check(one, key)
        case str() if key == "url" or (key in {"mark", "type"} and value == "image"):
            raise _wrong(_FETCHES)
        case int() | float() if key in {"width", "height"} and value > _LARGEST_SIDE:
            raise _wrong(f"`{key}` is {value}; {_LARGEST_SIDE} is the most.")


def _wrong(sentence: str) -> ToolError:
    return ToolError(f"The chart cannot be drawn. {sentence}", hint="")
