"""The rules of what models may call."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.config_sources.sources import load_from, problems_of, told

TOOLS = """
tools:
  mcp_servers:
    - {name: files, command: files}
    - {name: web, url: "http://localhost:1/mcp", tools: [search, fetch]}
  functions:
    - {function: "mine.tools:weather"}
    - {function: "mine.tools:weather", name: forecast}
presets:
"""


def said(folder: Path, yaml: str, **sources: Any) -> list[str]:
    """The problems as people read them."""
    return told(problems_of(lambda: load_from(folder, yaml, **sources))).splitlines()


def test_a_preset_lists_what_there_is(tmp_path: Path) -> None:
    """Servers, their tools, functions by either name, and display tools."""
    listed = "show_plot, offer_replies, files, files.read_file, files.a.b, web, web.search, weather, forecast"
    assert not said(tmp_path, f"{TOOLS}  - tools: [{listed}]\n")


def test_a_preset_that_lists_something_else_is_told_what_it_may_mean(tmp_path: Path) -> None:
    """One spelled alike is named, with the tool behind the dot, else all that there are."""
    known = "`show_plot`, `show_table`, `show_gallery`, `show_html`, `offer_replies`, `files`, `web`, `weather`"
    yaml = f"{TOOLS}  - tools: [show_plots, file.read, web.serch, wether, xyz, files.]\n"
    lines = [line.removeprefix("chat.yaml:10: presets.0.tools.") for line in said(tmp_path, yaml)]
    assert lines == [
        "0: There is no tool `show_plots`. Did you mean `show_plot`?",
        "1: There is no tool `file.read`. Did you mean `files.read`?",
        "2: `serch` is not among the `tools` of the server `web`. Did you mean `web.search`?",
        "3: There is no tool `wether`. Did you mean `weather`?",
        f"4: There is no tool `xyz`. Known are: {known}, `forecast`. Others are added to `tools`.",
        "5: There is no tool `files.`. Did you mean `files`?",
    ]


def test_each_server_and_function_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Presets and models know them by it, and display tools have theirs already."""
    yaml = """
tools:
  mcp_servers:
    - {name: files, command: a}
    - {name: files, command: b}
    - {name: show_html, command: c}
  functions:
    - {function: "mine:files"}
    - {function: "mine:other", name: show_plot}
"""
    own, other = "Give each a name of its own.", "Give it another `name`."
    taken, display = "`files` is the name of `tools.mcp_servers.0` already.", "is the name of a display tool."
    assert said(tmp_path, yaml) == [
        f"chat.yaml:5: tools.mcp_servers.1.name: {taken} {own}",
        f"chat.yaml:6: tools.mcp_servers.2.name: `show_html` {display} {own}",
        f"chat.yaml:8: tools.functions.0.function: {taken} {other}",
        f"chat.yaml:9: tools.functions.1.name: `show_plot` {display} {other}",
    ]


def test_what_has_the_wrong_type_is_told_once(tmp_path: Path) -> None:
    """Pydantic tells of it; nothing else follows from it."""
    assert len(said(tmp_path, "tools: {mcp_servers: a}\npresets: [{tools: [show_plot]}]\n")) == 1
    assert len(said(tmp_path, "presets: [{tools: [1]}]\n")) == 1
