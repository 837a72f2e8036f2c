"""The command line in a test: run in an empty folder, with an environment that sets nothing of ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner, Result

from chat_app.cli import commands

Run: TypeAlias = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `chat-app` with the arguments given; `environ` adds variables."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("CHAT_APP", "OPENAI", "OLLAMA")):
            monkeypatch.delenv(name)

    def run_it(*arguments: str, **environ: str) -> Result:
        return CliRunner().invoke(commands(), arguments, prog_name="chat-app", env={"NO_COLOR": "1", **environ})

    return run_it
