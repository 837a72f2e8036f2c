"""Values of any type are read without an error: what has the wrong type is passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chat_app.config_sources.loose import at, is_file, items

WRONG = [None, 1, "text", ["a"], {"other": 1}]


@pytest.mark.parametrize("value", WRONG)
def test_what_is_not_there_is_nothing(value: Any) -> None:
    """Whatever stands where a mapping with that name should be."""
    assert at(value, "name") is None
    assert list(items(value, "name")) == []


@pytest.mark.parametrize("value", [None, 1, "text", {"a": 1}])
def test_what_is_no_list_has_no_items(value: Any) -> None:
    """A text has none either."""
    assert list(items({"name": value}, "name")) == []


def test_what_is_there_is_read() -> None:
    """Items come with their positions."""
    assert at({"name": "x"}, "name") == "x"
    assert list(items({"name": ["a", None]}, "name")) == [(0, "a"), (1, None)]


def test_a_path_that_no_system_takes_is_no_file(tmp_path: Path) -> None:
    """A name that is too long is an error of the system's."""
    (tmp_path / "there").touch()
    assert is_file(tmp_path / "there")
    assert not is_file(tmp_path)
    assert not is_file(tmp_path / ("a" * 5_000))
