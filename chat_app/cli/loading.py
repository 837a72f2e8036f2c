"""What every command shares: the option that names the file, the settings, and how errors are told.

This is the only place that reads the real environment and working directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
from rich.console import Console
from rich.text import Text

from chat_app.config_sources import Loaded, load
from chat_app.errors import ChatAppError, ConfigError

ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        show_default=False,
        help="The YAML file. Left out: $CHAT_APP_CONFIG, or config/chat.yaml if it exists.",
    ),
]


def settings_of(config_file: Path | None, **overrides: Any) -> Loaded:
    """The settings, with those given as options on top: `settings_of(file, **{"server.port": port})`.

    Options that are None were not given. Raises `ConfigError`.
    """
    given: Mapping[str, Any] = {name: value for name, value in overrides.items() if value is not None}
    return load(config_file=config_file, overrides=given, environ=os.environ, cwd=Path.cwd())


def tell(error: ChatAppError) -> None:
    """Prints an error and what to do about it, to standard error: each problem of the settings on lines of its own."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text(error.sentence, style="bold red"))
    if not isinstance(error, ConfigError):
        console.print(Text(error.hint))
        return
    for problem in error.problems:
        setting = f"{problem.setting}: " if problem.setting else ""
        console.print(Text.assemble((f"{problem.where}: ", "cyan"), (setting, "bold"), problem.rule))
        console.print(Text(f"    {problem.fix}", style="dim"))
