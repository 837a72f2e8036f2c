"""The example of tools that is shipped."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from chat_app.config_sources import load
from chat_app.tools.toolbox import Toolboxes

EXAMPLE = Path(__file__).parents[2] / "config" / "examples" / "tools.yaml"


async def test_its_display_tools_work_and_nothing_is_started_before_it_is_needed(tmp_path: Path) -> None:
    """The preset without tools offers none."""
    config = load(config_file=EXAMPLE, environ={}, cwd=tmp_path).config
    made = Toolboxes(config.tools)
    displays = [name for name in config.presets[0].tools if name != "time"]
    assert [tool.name for tool in await made.of(displays).tools()] == displays
    assert await made.of(config.presets[1].tools).tools() == ()


def test_its_comments_work_in_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking the `#` away is enough, with a function like the one that they name."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    text = re.sub(r"^( +)# (?=[ -]|functions)", r"\1", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (tmp_path / "tools.yaml").write_text(text.replace("tools: [time,", "tools: [time, weather, tickets.read,"))
    (tmp_path / "my_tools.py").write_text('def weather(city: str) -> str:\n    """The weather."""\n    return city\n')
    config = load(config_file=Path("tools.yaml"), environ={"TICKETS_TOKEN": "secret"}, cwd=tmp_path).config
    assert [server.name for server in config.tools.mcp_servers] == ["time", "tickets"]
    assert config.tools.mcp_servers[1].headers["Authorization"].get_secret_value() == "Bearer secret"
    Toolboxes(config.tools, tmp_path)
