"""The sources of settings in a test: a folder with a YAML file and a `.env`, an environment, and options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from chat_app.config_sources import Loaded, load
from chat_app.errors import ConfigError, Problem


def load_from(
    folder: Path,
    yaml: str | None = None,
    *,
    dotenv: str | None = None,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Loaded:
    """What is loaded in `folder`, with these texts as its `chat.yaml` and `.env`."""
    if yaml is not None:
        (folder / "chat.yaml").write_text(yaml, encoding="utf-8")
    if dotenv is not None:
        (folder / ".env").write_text(dotenv, encoding="utf-8")
    file = Path("chat.yaml") if yaml is not None else None
    return load(config_file=file, overrides=options or {}, environ=environ or {}, cwd=folder)


def problems_of(load_it: Callable[[], object]) -> tuple[Problem, ...]:
    """What is wrong with settings that cannot be used; nothing when they can be."""
    try:
        load_it()
    except ConfigError as error:
        return error.problems
    return ()


def told(problems: tuple[Problem, ...]) -> str:
    """The problems as people read them, one a line."""
    return "\n".join(str(problem) for problem in problems)
