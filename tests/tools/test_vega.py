"""Vega-Lite as a picture."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from chat_app.errors import ToolError
from chat_app.tools import vega, vega_process
from chat_app.tools.pictures import media_of

CHART: dict[str, Any] = {"data": {"values": [{"a": "A"}]}, "mark": "bar", "encoding": {"x": {"field": "a"}}}


@pytest.mark.parametrize(
    ("figure", "is_one"),
    [
        (CHART, True),
        ({"$schema": "https://vega.github.io/schema/vega-lite/v6.json"}, True),
        ({"layer": [CHART]}, True),
        ({"data": [{"type": "bar"}], "layout": {}}, False),
    ],
)
def test_it_is_told_from_plotly(figure: dict[str, Any], is_one: bool) -> None:  # noqa: FBT001 -- a table of cases
    """By its schema, or by what it is made of."""
    assert vega.is_vega_lite(figure) is is_one


async def test_a_chart_is_a_picture() -> None:
    """A PNG."""
    picture = await vega.drawn(CHART, asyncio.Semaphore(1))
    assert picture == media_of(picture.data, "chart.png")


async def test_one_that_takes_too_long_is_given_up() -> None:
    """Its process is ended, and the next one has its place."""
    places = asyncio.Semaphore(1)
    with pytest.raises(ToolError, match=r"took longer than 0.01 s"):
        await vega.drawn(CHART, places, longest_s=0.01)
    assert not places.locked()


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"url": "file:///etc/passwd"}},
        {"data": {"url": {"expr": "'file:///etc/passwd'"}}},
        {"transform": [{"lookup": "a", "from": {"data": {"url": "https://a/b.csv"}, "key": "a"}}]},
        {"mark": "image", "encoding": {"url": {"field": "a"}}},
        {"mark": {"type": "boxplot", "outliers": {"type": "image"}}},
    ],
)
async def test_nothing_is_loaded(change: dict[str, Any]) -> None:
    """Neither files of this machine nor the network, in whatever corner the address stands."""
    with pytest.raises(ToolError, match="nothing is loaded"):
        await vega.drawn({**CHART, **change}, asyncio.Semaphore(1))


async def test_rows_may_have_any_columns() -> None:
    """An address in the data is only a value."""
    assert await vega.drawn({**CHART, "data": {"values": [{"a": "A", "url": "https://a"}]}}, asyncio.Semaphore(1))


def test_the_process_has_limits_and_says_what_is_wrong() -> None:
    """And imports nothing of this program, since the folder it lies in has names like `functions`."""
    done = subprocess.run(  # noqa: S603 -- our own source
        [sys.executable, "-I", vega_process.__file__],
        input="{",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "JSON" in done.stderr or "parse" in done.stderr
