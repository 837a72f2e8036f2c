"""One MCP server over HTTP: calls, keys, addresses that are wrong, a server that is killed and comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chat_app.endpoints.loopback import Receive, Scope, Send, serving
from chat_app.errors import ToolError
from tests.ports import free_port
from tests.tools.programs import HttpServer, comes, reached, server_of, until

LONG = "x" * 3_000_000
"""As long as a picture may be."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def program() -> AsyncIterator[HttpServer]:
    """A server that runs, whatever the test before has done to it."""
    one = HttpServer()
    await one.start()
    try:
        yield one
    finally:
        await one.kill()


async def test_tools_are_listed_and_called(program: HttpServer) -> None:
    """As with a program."""
    async with server_of(reached(program.url)) as server:
        assert "add" in [tool.name for tool in await server.tools()]
        assert (await server.call("add", {"a": 2, "b": 3})).text == "5"


async def test_a_cancelled_call_is_cancelled_in_the_server(program: HttpServer, tmp_path: Path) -> None:
    """The server is told, and the session goes on."""
    async with server_of(reached(program.url)) as server:
        call = asyncio.create_task(server.call("slow", {"marks": str(tmp_path / "marks")}))
        await comes(tmp_path / "marks", "begun")
        call.cancel()
        await comes(tmp_path / "marks", "cancelled")
        assert (await server.call("echo", {"text": "on"})).text == "on"


async def test_a_call_that_takes_too_long_is_ended_there_too(program: HttpServer, tmp_path: Path) -> None:
    """The model is told how long it was waited for."""
    marks = tmp_path / "marks"
    async with server_of(reached(program.url)) as server:
        await server.tools()
        # Long enough for the call to begin there; one that has not begun cannot be cancelled.
        server.config = server.config.model_copy(update={"timeout_s": 3})
        with pytest.raises(ToolError, match=r"`slow` took longer than 3 s") as error:
            await server.call("slow", {"marks": str(marks)})
        assert "`timeout_s` of `web`" in error.value.hint
        await comes(marks, "cancelled")


async def test_changed_tools_are_heard_of(program: HttpServer) -> None:
    """Over HTTP, too, where that has to be asked for."""
    async with server_of(reached(program.url)) as server:
        assert "grown" not in [tool.name for tool in await server.tools()]
        await server.call("grow", {})

        async def grown() -> bool:
            return "grown" in [tool.name for tool in await server.tools()]

        await until(grown)


async def test_a_server_killed_in_a_call_is_reached_again_when_it_is_back(program: HttpServer, tmp_path: Path) -> None:
    """The call fails and is not made twice; while the server is away it is said; then it works as before."""
    async with server_of(reached(program.url), first_pause_s=0) as server:
        call = asyncio.create_task(server.call("slow", {"marks": str(tmp_path / "marks")}))
        await comes(tmp_path / "marks", "begun")
        await program.kill()
        with pytest.raises(ToolError, match="`web`"):
            await call
        with pytest.raises(ToolError, match="refused the connection"):
            await server.call("echo", {"text": "hello"})
        await program.start()
        assert (await server.call("echo", {"text": "hello"})).text == "hello"


async def test_a_server_restarted_between_two_calls_is_not_noticed(program: HttpServer) -> None:
    """What was not received is sent again."""
    async with server_of(reached(program.url), first_pause_s=0) as server:
        await server.call("echo", {"text": "one"})
        await program.kill()
        await program.start()
        assert (await server.call("echo", {"text": "two"})).text == "two"
        await program.kill()
        with pytest.raises(ToolError, match="refused the connection"):  # and not: it may have had its effect
            await server.call("echo", {"text": "three"})
        await program.start()


class OldServer:
    """A server of version 2025-06-18, whose sessions can be forgotten as a restart does it."""

    def __init__(self) -> None:
        self.session = 1
        self.calls: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        asked = json.loads((await receive()).get("body") or b"{}")
        status, result = self._answer(asked, dict(scope["headers"]).get(b"mcp-session-id", b"").decode())
        called = asked.get("method") == "tools/call"
        kind = b"text/event-stream" if called else b"application/json"
        headers = [(b"content-type", kind), (b"mcp-session-id", str(self.session).encode())]
        body = json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), **result}) if result else ""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": f"data: {body}\n\n".encode() if called else body.encode()})

    def _answer(self, asked: dict[str, Any], session: str) -> tuple[int, dict[str, Any]]:
        method = asked.get("method")
        if method == "initialize":
            server, capabilities = {"name": "old", "version": "1"}, {"tools": dict[str, Any]()}
            version = "2025-06-18"
            return 200, {"result": {"protocolVersion": version, "capabilities": capabilities, "serverInfo": server}}
        if session != str(self.session):
            return (400 if not session else 404), {}
        if method == "tools/list":
            return 200, {"result": {"tools": [{"name": "ping", "inputSchema": {"type": "object"}}]}}
        if method == "tools/call":
            self.calls.append(session)
            return 200, {"result": {"content": [{"type": "text", "text": LONG}]}}
        return 202, {}


async def test_a_session_that_the_server_has_forgotten_is_begun_anew() -> None:
    """The call was not received, so it is made once more; results of several megabytes arrive."""
    old = OldServer()
    async with serving(old) as address, server_of(reached(f"{address}/mcp")) as server:
        assert (await server.call("ping", {})).text == LONG
        old.session = 2
        assert (await server.call("ping", {})).text == LONG
    assert old.calls == ["1", "2"]


@pytest.mark.parametrize(
    ("status", "sentence", "hint"),
    [
        (401, r"refused the key: HTTP 401", "`headers` of `web`"),
        (404, r"There is no tool server `web` at .*/mcp: HTTP 404", "path of `url`"),
        (500, "answered HTTP 500", "own log"),
        (200, "could not be asked", "an MCP server with streamable HTTP"),
    ],
)
async def test_what_is_wrong_at_an_address_is_said(status: int, sentence: str, hint: str) -> None:
    """In one sentence, with what to do; the headers of the settings are sent, and not repeated."""
    sent: list[bytes] = []

    async def other(scope: Scope, receive: Receive, send: Send) -> None:
        sent.extend(value for name, value in scope["headers"] if name == b"authorization")
        await receive()
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"<p>Bearer my-token"})

    async with serving(other) as address:
        config = reached(f"{address}/mcp", headers={"Authorization": "Bearer my-token"})
        async with server_of(config) as server:
            with pytest.raises(ToolError, match=sentence) as error:
                await server.tools()
    assert set(sent) == {b"Bearer my-token"}
    assert hint in error.value.hint
    assert "my-token" not in str(error.value)


@pytest.mark.parametrize(
    ("host", "sentence"), [("127.0.0.1", "refused the connection"), ("nobody.invalid", "has no address")]
)
async def test_an_address_where_nothing_is_is_named(host: str, sentence: str) -> None:
    """Without user and password."""
    async with server_of(reached(f"http://me:secret@{host}:{free_port()}/mcp?key=secret")) as server:
        with pytest.raises(ToolError, match=sentence) as error:
            await server.tools()
    assert f"({server.place})" in error.value.sentence
    assert "secret" not in str(error.value)
