"""The commands. `chat-app` without one is `chat-app serve`; every one has `--help`.

Holds `serve` and what all commands share; refuses to import the page or the servers before a command needs them, so
that `--help` and `config` answer at once. Expected errors are told without a traceback: exit status 2 when it is the
settings, 1 for anything else. A defect shows a plain traceback, never with the values of variables: some are keys.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from chat_app import __version__
from chat_app.cli import config, servers
from chat_app.cli.loading import ConfigFile, settings_of, tell
from chat_app.errors import ChatAppError, ConfigError

FAILED = 1
BAD_SETTINGS = 2
_OWN_OPTIONS = ("--help", "--version")


def main() -> None:
    """Runs the command that the program's arguments name."""
    commands()(prog_name="chat-app")


def commands() -> typer.Typer:
    """All commands, with `serve` for none."""
    app = typer.Typer(
        cls=_ServeByDefault,
        help="A chat page in front of any OpenAI-compatible server. Without a command it is `serve`.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
    )
    app.callback()(_options)
    app.command()(serve)
    servers.add_to(app)
    config.add_to(app)
    return app


def serve(
    config_file: ConfigFile = None,
    host: Annotated[
        str | None, typer.Option(show_default=False, help="The address to listen on; 0.0.0.0 for all.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(show_default=False, help="The port to listen on; 0 for a free one.")
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(metavar="PATH", show_default=False, help="Where a proxy serves the page: /chat."),
    ] = None,
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Answer from the built-in demo, whatever is configured.")
    ] = False,
) -> None:
    """Serve the chat page and print its address."""
    # As the first process of a container it would not be ended by this signal before it serves.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options = {"server.host": host, "server.port": port, "server.root_path": root_path}
    loaded = settings_of(config_file, **options)
    from chat_app.cli.serving import serve as serve_page  # noqa: PLC0415 -- no other command needs a server

    serve_page(loaded, demo=demo)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 -- typer calls it so
    if wanted:
        typer.echo(f"chat-app {__version__}")
        raise typer.Exit


def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and stop.")
    ] = False,
) -> None:
    """What can be asked without a command; typer has answered it when this is called."""
    del version


class _ServeByDefault(TyperGroup):
    """A group of commands in which no command means `serve`, and which tells expected errors in plain words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in _OWN_OPTIONS):
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ChatAppError as error:
            tell(error)
            raise typer.Exit(BAD_SETTINGS if isinstance(error, ConfigError) else FAILED) from None
