"""What of a server's settings stands in no message."""

from __future__ import annotations

import pytest

from chat_app.config import McpServerConfig
from chat_app.tools.mcp_problems import detail_of, secrets_of


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "https://me:hunter2@host/mcp"},
        {"url": "https://hunter2@host/mcp"},
        {"url": "https://host/mcp?profile=x&api_key=hunter2"},
        {"url": "https://host/mcp?code=hunter2"},
        {"command": "x", "args": ["--token", "hunter2"]},
        {"command": "x", "args": ["--api-key=hunter2"]},
        {"command": "x", "args": ["-e", "API_KEY=hunter2"]},
        {"command": "x", "args": ["--header", "Authorization: Bearer hunter2"]},
        {"command": "x", "args": ["postgres://me:hunter2@host/db"]},
        {"command": "x", "env": {"A": "hunter2"}},
        {"url": "https://host/mcp", "headers": {"A": "Bearer hunter2"}},
    ],
)
def test_what_is_secret_in_the_settings_is_in_no_message(settings: dict[str, object]) -> None:
    """Wherever in them it stands, and whatever the server or a library says."""
    config = McpServerConfig.model_validate({"name": "files", **settings})
    assert detail_of(config, ValueError("I was given hunter2!")) == "I was given ***!"


def test_a_secret_is_known_as_it_is_written_and_as_it_is_meant() -> None:
    """Servers say the one, libraries the other."""
    config = McpServerConfig(name="a", url="https://me:p%40ss%2Fword@host/mcp?key=a%20b%20c")
    assert {"p%40ss%2Fword", "p@ss/word", "a%20b%20c", "a b c"} <= set(secrets_of(config))


def test_what_is_no_secret_may_be_said() -> None:
    """Else no message would tell anything."""
    config = McpServerConfig(
        name="a", command="npx", args=("-y", "--verbose", "files", "--port", "8000", "http://host/x")
    )
    assert secrets_of(config) == ()
