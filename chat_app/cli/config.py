"""`chat-app config …`: what is set, where it came from, and what can be set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chat_app.cli.loading import ConfigFile, settings_of, tell
from chat_app.cli.starter import starter_file
from chat_app.config import Config
from chat_app.config.chat import LANGUAGES
from chat_app.config_sources.shown import shown
from chat_app.config_sources.words_file import shipped_file
from chat_app.config_sources.yaml_file import written
from chat_app.errors import ChatAppError

_VALUE_CHARACTERS = 60
_PIPED_COLUMNS = 200


def add_to(app: typer.Typer) -> None:
    """Adds the `config` group to the commands."""
    group = typer.Typer(help="What is set, where it came from, and what can be set.", no_args_is_help=True)
    for command in (show, explain, schema, init, words):
        group.command()(command)
    app.add_typer(group, name="config")


def show(config_file: ConfigFile = None) -> None:
    """Print all settings as YAML, defaults too, with secrets masked."""
    typer.echo(written(shown(settings_of(config_file).config)), nl=False)


def explain(config_file: ConfigFile = None) -> None:
    """Print every setting, its value, and where it came from."""
    loaded = settings_of(config_file)
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("comes from", overflow="fold")
    for path, value, origin in rows(shown(loaded.config), loaded.origins):
        style = "dim" if origin == "default" else ""
        table.add_row(Text(path), Text(_short(value)), Text(origin), style=style)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_COLUMNS
    typer.echo(f"The settings file is {loaded.file}." if loaded.file else "There is no settings file.")
    console.print(table)


def schema() -> None:
    """Print the JSON Schema of the settings file, for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    typer.echo(json.dumps(schema, indent=2, ensure_ascii=False))


def init(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="PATH", show_default=False, help="The file to make. Left out, it is printed."),
    ] = None,
) -> None:
    """Make a settings file in which every setting stands as a comment, with what it means."""
    if path is None:
        typer.echo(starter_file(), nl=False)
        return
    try:
        if path.exists():
            raise _not_made(f"`{path}` is there already.", "Name another file, or move that one away.")
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(starter_file())
    except OSError as error:
        raise _not_made(f"`{path}` cannot be written: {error.strerror}.", "Name another file.") from None
    typer.echo(f"Wrote {path}. Start with: chat-app --config {path}")


def words(
    language: Annotated[
        str, typer.Argument(metavar="LANG", show_default=False, help=f"One of {', '.join(LANGUAGES)}; left out, en.")
    ] = "en",
) -> None:
    """Print the page's own words in a language as YAML: the beginning of a translation, see `chat.language`."""
    if language not in LANGUAGES:
        raise _not_made(f"There are no words in `{language}`.", f"Name one of {', '.join(LANGUAGES)}.")
    typer.echo(shipped_file(language), nl=False)


def rows(values: Any, origins: Mapping[str, str], path: str = "") -> list[tuple[str, Any, str]]:
    """Each setting with its value and origin, in the order of `config/`; a list that nobody set is one row."""
    below = [origin for name, origin in origins.items() if name == path or name.startswith(f"{path}.")]
    if isinstance(values, list) and set(below) == {"default"}:
        return [(path, values, "default")]
    children = dict(enumerate(values)) if isinstance(values, list) else values
    if not isinstance(children, dict) or not children:
        return [(path, values, origins.get(path, "default"))]
    prefix = f"{path}." if path else ""
    return [row for name, child in children.items() for row in rows(child, origins, f"{prefix}{name}")]


def _not_made(sentence: str, hint: str) -> typer.Exit:
    """Tells why nothing was made; the exit status is the same as for other bad input."""
    tell(ChatAppError(sentence, hint=hint))
    return typer.Exit(2)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARACTERS else f"{text[: _VALUE_CHARACTERS - 1]}…"
