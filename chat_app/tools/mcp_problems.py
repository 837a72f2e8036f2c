"""What goes wrong with an MCP server, in plain words: one sentence, and what to do about it.

Everything the `mcp` package, `httpx2` and the system raise ends here. The server's own words are only repeated where
nothing better is known, cut and without the secrets of the settings. `args`, `env` and `headers` never are.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import httpx2
from mcp import MCPError
from mcp_types import CONNECTION_CLOSED, INVALID_REQUEST

from chat_app.config import McpServerConfig
from chat_app.config.hidden import secrets_in_address, secrets_in_args
from chat_app.errors import ToolError
from chat_app.tools.stderr_log import masked

_LONGEST_DETAIL: Final = 300
_KEY_REFUSED: Final = (401, 403)
_WRONG_PATH: Final = (404, 405)
_SESSION_GONE: Final = "Session terminated"
"""What the package says for 404 to a request of a session: a restarted server does not know it."""


def secrets_of(config: McpServerConfig) -> tuple[str, ...]:
    """What of the settings must stand in no message."""
    secret = (value.get_secret_value() for value in (*config.env.values(), *config.headers.values()))
    return (*secret, *secrets_in_address(config.url), *secrets_in_args(config.args))


def place_of(config: McpServerConfig) -> str:
    """Where the server is, without what may be secret: its command, or its address without user and query."""
    if config.command:
        return config.command
    parts = urlsplit(config.url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"


def is_lost(error: BaseException) -> bool:
    """Whether `error` says that there is no session any more."""
    closed = any(isinstance(one, MCPError) and one.code == CONNECTION_CLOSED for one in _causes(error))
    return closed or is_unknown_session(error)


def is_unknown_session(error: BaseException) -> bool:
    """Whether the server says that it does not know the session, so that it has done nothing of what was asked."""
    return isinstance(error, MCPError) and (error.code, error.message) == (INVALID_REQUEST, _SESSION_GONE)


def was_not_reached(error: BaseException | None) -> bool:
    """Whether the connection could not be made at all, so that nothing was asked."""
    return any(isinstance(one, httpx2.ConnectError | httpx2.ConnectTimeout) for one in _causes(error))


def not_started(config: McpServerConfig, error: BaseException, *, status: int | None, last_words: str) -> ToolError:
    """Why no session could be opened. `status` is the last HTTP status of 400 or above."""
    if config.command:
        return _of_command(config, error, last_words)
    return _of_address(config, error, status)


def _of_command(config: McpServerConfig, error: BaseException, last_words: str) -> ToolError:
    name, where = config.name, f"`command` of `{config.name}` in `tools.mcp_servers`"
    if config.cwd is not None and not config.cwd.is_dir():
        return ToolError(
            f"The tool server `{name}` cannot be started: there is no folder `{config.cwd}`.",
            hint=f"Correct `cwd` of `{name}` in `tools.mcp_servers`.",
        )
    for one in _causes(error):
        if isinstance(one, FileNotFoundError):
            return ToolError(
                f"The tool server `{name}` cannot be started: the command `{config.command}` was not found.",
                hint=f"Install it, or correct {where}.",
            )
        if isinstance(one, PermissionError):
            return ToolError(
                f"The tool server `{name}` cannot be started: `{config.command}` may not be run.",
                hint=f"Make it executable, or correct {where}.",
            )
        if isinstance(one, TimeoutError):
            return _late(config)
        if isinstance(one, OSError):
            return ToolError(
                f"The tool server `{name}` cannot be started: {one.strerror or type(one).__name__}.",
                hint=f"Correct {where}.",
            )
    said = f" Its last words: {last_words}" if last_words else ""
    return ToolError(
        f"The tool server `{name}` ended before it answered.{said}",
        hint=f"Run it by hand to see why: `command` and `args` of `{name}` in `tools.mcp_servers`.",
    )


def _of_address(config: McpServerConfig, error: BaseException, status: int | None) -> ToolError:
    name, place, where = config.name, place_of(config), _url_of(config)
    for one in _causes(error):
        if isinstance(one, TimeoutError | httpx2.TimeoutException):
            return _late(config)
        if isinstance(one, socket.gaierror):
            return ToolError(
                f"The host of the tool server `{name}` ({place}) has no address.", hint=f"Correct {where}."
            )
        if isinstance(one, ConnectionRefusedError):
            return ToolError(
                f"The tool server `{name}` ({place}) refused the connection.", hint=f"Start it, or correct {where}."
            )
    if status is not None:
        return _of_status(config, status)
    return ToolError(
        f"The tool server `{name}` ({place}) could not be asked: {detail_of(config, error)}",
        hint=f"Look whether {where} is that of an MCP server with streamable HTTP; most are at `/mcp`.",
    )


def _of_status(config: McpServerConfig, status: int) -> ToolError:
    name, place = config.name, place_of(config)
    if status in _KEY_REFUSED:
        return ToolError(
            f"The tool server `{name}` ({place}) refused the key: HTTP {status}.",
            hint=f'Correct `headers` of `{name}` in `tools.mcp_servers`: `{{Authorization: "Bearer ${{TOKEN}}"}}`.',
        )
    if status in _WRONG_PATH:
        return ToolError(
            f"There is no tool server `{name}` at {place}: HTTP {status}.",
            hint=f"Correct the path of {_url_of(config)}; most are at `/mcp`.",
        )
    return ToolError(
        f"The tool server `{name}` ({place}) answered HTTP {status}.", hint="Look into the server's own log."
    )


def _url_of(config: McpServerConfig) -> str:
    return f"`url` of `{config.name}` in `tools.mcp_servers`"


def _late(config: McpServerConfig) -> ToolError:
    return ToolError(
        f"The tool server `{config.name}` did not answer within {config.timeout_s:g} s.",
        hint=f"Look whether it runs, or raise `timeout_s` of `{config.name}` in `tools.mcp_servers`.",
    )


def detail_of(config: McpServerConfig, error: BaseException) -> str:
    """The words of an error, as far as they may be repeated."""
    words = " ".join(str(next(_causes(error))).split()) or type(error).__name__
    return masked(words, secrets_of(config))[:_LONGEST_DETAIL]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The errors in `error`, those of groups one by one, each followed by what it was raised from."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _causes(one)
    elif error is not None:
        yield error
        yield from _causes(error.__cause__ or error.__context__)
