"""Settings as `config show` prints them."""

from __future__ import annotations

import json

import pytest

from chat_app.config import Config, ToolsConfig
from chat_app.config_sources.shown import MASK, shown


def server_of(**settings: object) -> dict[str, object]:
    """What is shown of one tool server."""
    tools = ToolsConfig.model_validate({"mcp_servers": [{"name": "files", **settings}]})
    values = shown(Config.model_validate({"tools": tools.model_dump()}))
    assert "hunter2" not in json.dumps(values)
    (server,) = values["tools"]["mcp_servers"]
    return dict(server)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://me:hunter2@host/mcp", f"https://{MASK}@host/mcp"),
        ("https://host/mcp?profile=x&api_key=hunter2", f"https://host/mcp?profile=x&api_key={MASK}"),
        ("http://localhost:8000/mcp", "http://localhost:8000/mcp"),
    ],
)
def test_the_address_of_a_tool_server_is_shown_without_its_secrets(url: str, told: str) -> None:
    """As that of an endpoint."""
    assert server_of(url=url)["url"] == told


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--token", "hunter2", "files"], ["--token", MASK, "files"]),
        (["--api-key=hunter2"], [f"--api-key={MASK}"]),
        (["-e", "API_KEY=hunter2", "image"], ["-e", f"API_KEY={MASK}", "image"]),
        (["--header", "Authorization: Bearer hunter2"], ["--header", f"Authorization: {MASK}"]),
        (["postgres://me:hunter2@host/db"], [f"postgres://{MASK}@host/db"]),
        (
            ["-y", "--token", "--verbose", "a=b", "http://host/x"],
            ["-y", "--token", "--verbose", "a=b", "http://host/x"],
        ),
    ],
)
def test_what_a_tool_server_is_started_with_is_shown_without_secrets(args: list[str], told: list[str]) -> None:
    """Behind a name that says that it is one, and in addresses; all else is what one looks for."""
    assert server_of(command="npx", args=args)["args"] == told
