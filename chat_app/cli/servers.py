"""`chat-app check`, `models` and `pull`: what the servers say before anybody opens the page.

Exit status 0 when all can be used, 1 when something cannot, 2 for bad settings. `--json` prints one object for
machines, errors by their `code`. The servers' libraries are imported when a command runs, so that `--help` is quick.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from chat_app.cli.loading import ConfigFile, settings_of
from chat_app.cli.tools import found_tools, print_tools, problems_of, tool_fields
from chat_app.config_sources import Loaded
from chat_app.endpoints import lookups
from chat_app.errors import ChatAppError, ChoiceError, StoreFailed
from chat_app.server.container import in_container

if TYPE_CHECKING:
    from chat_app.config import EndpointConfig
    from chat_app.endpoints.checkup import Checkup
    from chat_app.endpoints.discovery import Found
    from chat_app.endpoints.probe import Report
    from chat_app.endpoints.status import EndpointStatus

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]

_STEPS: Final[Mapping[str, str]] = {
    "name resolves": "name",
    "port answers": "port",
    "models are listed": "list",
    "model is there": "found",
    "a token arrives": "token",
}
_PIPED_COLUMNS: Final = 200
_NOTHING_FOUND: Final = (
    "No endpoint is configured, and nothing answers where one was looked for: `chat-app serve` shows the demo until "
    "something does. To ask another server, set OPENAI_BASE_URL, or name it in a file: `chat-app config init my.yaml`."
)


def add_to(app: typer.Typer) -> None:
    """Adds the commands that ask the servers."""
    for command in (check, models, pull):
        app.command()(command)


def check(config_file: ConfigFile = None, *, as_json: Json = False) -> None:
    """Ask every endpoint for a short answer, look at the feedback folder and the tools, and say what is wrong."""
    from chat_app.endpoints.checkup import checkup  # noqa: PLC0415 -- imports openai

    loaded = settings_of(config_file)
    found, contained = _found(loaded)
    result = lookups.run(checkup(loaded.config, found, in_container=contained))
    folder = loaded.config.chat.flagging_dir
    unwritable = _unwritable(folder)
    tools = found_tools(loaded.config)
    problems = (*result.problems, *([unwritable] if unwritable else []), *problems_of(tools))
    if as_json:
        told = {"folder": str(folder), "ok": unwritable is None, **_error_fields(unwritable)}
        fields = {**_checkup_fields(result), "feedback": told, "tools": tool_fields(tools)}
        _print_json({"ok": not problems, "configured": found.configured, **fields})
    else:
        _print_checkup(result, folder, unwritable)
        print_tools(_console(), tools)
        _print_problems(_console(), problems_of(tools))
        if not found.configured and not any(_answers(report) for report in result.reports):
            typer.echo(f"\n{_NOTHING_FOUND}")
    raise typer.Exit(1 if problems else 0)


def _answers(report: Report) -> bool:
    return any(step.ok for step in report.steps if _STEPS[step.name] == "list")


def models(config_file: ConfigFile = None, *, as_json: Json = False) -> None:
    """List what each endpoint offers."""
    found, contained = _found(settings_of(config_file))
    statuses = lookups.run(_statuses(found, contained=contained))
    if as_json:
        listed = [
            {"name": status.name, "ok": status.error is None, "models": status.models, **_error_fields(status.error)}
            for status in statuses
        ]
        _print_json({"ok": all(entry["ok"] for entry in listed), "endpoints": listed})
    else:
        table = Table("endpoint", "model", box=box.SIMPLE_HEAD)
        for status in statuses:
            for name in status.models or ("-",):
                table.add_row(Text(status.name), Text(name))
        console = _console()
        console.print(table)
        _print_problems(console, (status.error for status in statuses if status.error))
    raise typer.Exit(1 if any(status.error for status in statuses) else 0)


def pull(
    model: Annotated[str, typer.Argument(help="The model's name in Ollama's library: llama3.2.")],
    config_file: ConfigFile = None,
) -> None:
    """Have Ollama pull MODEL."""
    found, contained = _found(settings_of(config_file))
    lookups.run(_pull(model, found, contained=contained))
    typer.echo(f"{model} is ready.")


def _found(loaded: Loaded) -> tuple[Found, bool]:
    from chat_app.endpoints.discovery import endpoints_of  # noqa: PLC0415

    contained = in_container(loaded.environ)
    return endpoints_of(loaded.config, loaded.environ, in_container=contained), contained


async def _statuses(found: Found, *, contained: bool) -> tuple[EndpointStatus, ...]:
    from chat_app.endpoints.catalog import Catalog  # noqa: PLC0415

    catalog = Catalog(found, in_container=contained)
    async with catalog.closing():
        await catalog.refresh()
        return catalog.statuses()


async def _pull(model: str, found: Found, *, contained: bool) -> None:
    from chat_app.endpoints.ollama import pull as steps_of  # noqa: PLC0415

    config = await _ollama_among(found.endpoints)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=_console()) as progress:
        layers: dict[str, TaskID] = {}
        async for step in steps_of(config, model, in_container=contained):
            if step.layer not in layers:
                layers[step.layer] = progress.add_task(step.status, total=step.total_bytes)
            progress.update(
                layers[step.layer],
                description=step.status,
                completed=step.received_bytes,
                total=step.total_bytes,
                visible=bool(step.layer),
            )


async def _ollama_among(endpoints: Iterable[EndpointConfig]) -> EndpointConfig:
    """The first endpoint that is an Ollama; else the first that looks like one, whose error then says what is wrong."""
    from chat_app.endpoints.failures.hints import Asked  # noqa: PLC0415
    from chat_app.endpoints.ollama import is_ollama  # noqa: PLC0415

    endpoints = tuple(endpoints)
    answers = await asyncio.gather(*(is_ollama(config) for config in endpoints))
    for config, answer in zip(endpoints, answers, strict=True):
        if answer:
            return config
    for config in endpoints:
        if Asked(config).is_ollama:
            return config
    names = ", ".join(config.name for config in endpoints)
    raise ChoiceError(
        f"None of the endpoints is an Ollama: {names}.",
        hint="Only Ollama can be asked to pull a model; set OLLAMA_HOST.",
    )


def _unwritable(folder: Path) -> StoreFailed | None:
    """What is wrong with the feedback folder, which is made if it is not there, as the page would make it."""
    from chat_app.feedback.store import FeedbackStore  # noqa: PLC0415 -- for `--help`, too

    try:
        FeedbackStore(folder).check_writable()
    except StoreFailed as error:
        return error
    return None


def _print_checkup(result: Checkup, folder: Path, unwritable: StoreFailed | None) -> None:
    table = Table("endpoint", "address", "model", box=box.SIMPLE_HEAD)
    for name in _STEPS.values():
        table.add_column(name, no_wrap=True)
    for report in result.reports:
        table.add_row(Text(report.endpoint), Text(report.place), Text(report.model or "-"), *_marks(report))
    console = _console()
    console.print(table)
    mark = "cannot be written" if unwritable else "can be written"
    console.print(Text(f"Feedback goes to {folder}, which {mark}."))
    _print_problems(console, (*result.problems, *([unwritable] if unwritable else [])))
    for line in (line for report in result.reports for line in report.advice):
        console.print()
        console.print(Text(line), soft_wrap=True)


def _marks(report: Report) -> list[Text]:
    """One cell for each step: whether it succeeded, was not taken, and for the last how long it took."""
    cells = dict.fromkeys(_STEPS, Text("-", style="dim"))
    for step in report.steps:
        took = f" {step.took_s:.1f} s" if step.name == "a token arrives" else ""
        cells[step.name] = Text(f"✓{took}", style="green") if step.ok else Text("✗", style="bold red")
    return list(cells.values())


def _print_problems(console: Console, problems: Iterable[ChatAppError]) -> None:
    for problem in problems:
        console.print()
        console.print(Text(problem.sentence, style="bold red"), soft_wrap=True)
        console.print(Text(problem.hint), soft_wrap=True)


def _checkup_fields(result: Checkup) -> dict[str, Any]:
    endpoints = [
        {
            "name": report.endpoint,
            "address": report.place,
            "ok": report.ok,
            "model": report.model,
            "models": report.models,
            "advice": report.advice,
            "steps": [
                {"name": step.name, "ok": step.ok, "took_s": round(step.took_s, 3), **_error_fields(step.error)}
                for step in report.steps
            ],
        }
        for report in result.reports
    ]
    return {"endpoints": endpoints, "presets": [_error_fields(error) for error in result.unserved]}


def _error_fields(error: ChatAppError | None) -> dict[str, str]:
    return {} if error is None else {"code": error.code, "sentence": error.sentence, "hint": error.hint}


def _print_json(value: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _console() -> Console:
    """The console of tables: as wide as the terminal, wide enough for any table where there is none."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_COLUMNS
    return console
