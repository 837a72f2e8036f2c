"""The tools' part of `chat-app check`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chat_app.cli import commands

SERVER = str(Path(__file__).parents[1] / "tools" / "old_server.py")
WORKING = {"name": "files", "command": sys.executable, "args": [SERVER], "approvals": {"die": "never"}}
DEAD = {"name": "dead", "command": "no-such-program"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, from which functions can be imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("CHAT_APP_CONFIG", raising=False)


def check(tools: dict[str, Any], *options: str, listed: tuple[str, ...] = ()) -> Result:
    """What the command says; its only endpoint is closed."""
    endpoint = {"name": "closed", "base_url": "http://127.0.0.1:9/v1"}
    settings = {"endpoints": [endpoint], "tools": tools, "presets": [{"tools": list(listed)}]}
    Path("chat.yaml").write_text(json.dumps(settings))  # JSON is YAML
    return CliRunner().invoke(commands(), ["check", "--config", "chat.yaml", *options])


def test_servers_and_tools_are_listed_and_what_is_wrong_is_said() -> None:
    """A row for each tool, and a hint for the server that is not there."""
    result = check({"mcp_servers": [WORKING, DEAD]})
    rows = [line.split() for line in result.output.splitlines()]
    assert ["files", sys.executable, "files.first", "ask", "✓"] in rows
    assert ["files", sys.executable, "files.die", "never", "-"] in rows
    assert ["dead", "no-such-program", "-", "-", "✗"] in rows
    assert "The tool server `dead` cannot be started: the command `no-such-program` was not found." in result.output
    assert "Install it, or correct `command` of `dead` in `tools.mcp_servers`." in result.output
    assert result.exit_code == 1


def test_machines_get_the_same() -> None:
    """With the name that models see, and what is missing of what presets list."""
    result = check({"mcp_servers": [WORKING, DEAD]}, "--json", listed=("files.first", "files.nothing"))
    told = json.loads(result.stdout)
    files, dead = told["tools"]
    assert files["tools"][0] == {"listed": "files.first", "name": "files__first", "approval": "ask"}
    assert (files["ok"], files["missing"], files["code"]) == (False, ["nothing"], "tool")
    assert (dead["ok"], dead["tools"], told["ok"]) == (False, [], False)


def test_functions_are_listed_and_wrong_ones_are_wrong_settings() -> None:
    """With exit status 2, as at the start of the page."""
    Path("my_own_tools.py").write_text('def dice() -> int:\n    """Throws a dice."""\n    return 4\n')
    result = check({"functions": [{"function": "my_own_tools:dice"}]}, listed=("dice",))
    assert ["functions", "-", "dice", "always", "✓"] in [line.split() for line in result.output.splitlines()]
    wrong = check({"functions": [{"function": "my_own_tools:dicer"}]})
    assert "There is no `dicer` in `my_own_tools`." in wrong.stderr
    assert wrong.exit_code == 2


def test_without_tools_nothing_is_said_of_them() -> None:
    """The table of most people stays as it was."""
    assert "tools of" not in check({}).output
    assert json.loads(check({}, "--json").stdout)["tools"] == []
