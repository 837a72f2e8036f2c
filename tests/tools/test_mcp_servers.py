"""One MCP server over stdio: what it offers, what comes of calls, how it dies and comes back."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chat_app.conversation.messages import Audio, File, Image
from chat_app.errors import ToolError
from chat_app.tools.mcp_servers import McpServer
from tests.tools.programs import NEW, OLD, comes, server_of, started, until

ORDINARY = frozenset("HOME LANG LANGUAGE LC_ALL LC_CTYPE LOGNAME PATH SHELL TERM TMPDIR TZ USER".split()) | {  # noqa: SIM905
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[McpServer]:
    """The server made with the `mcp` package, started once."""
    async with server_of(started(NEW, env={"API_KEY": "key-of-mine"})) as one:
        yield one


async def pid_of(server: McpServer) -> int:
    """The process that an old server runs in now."""
    return int((await server.call("first", {})).text.rpartition(" ")[2])


def is_alive(pid: int) -> bool:
    """Whether that process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


async def ended(pid: int) -> bool:
    """Whether it has ended."""
    return not is_alive(pid)


async def has(server: McpServer, name: str) -> bool:
    """Whether a tool of that name is listed."""
    return name in [tool.name for tool in await server.tools()]


async def test_its_tools_are_listed_as_models_need_them(server: McpServer) -> None:
    """Name, description and schema."""
    (add,) = [tool for tool in await server.tools() if tool.name == "add"]
    assert add.description == "The sum of two numbers."
    assert add.parameters["required"] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("echo", {"text": " as it is\n"}, " as it is\n"),
        ("add", {"a": 2, "b": 3}, "5"),
        ("structured", {}, '{"degrees": 21}'),
        ("picture", {}, "[picture (image/png): shown to the user]"),
        ("audio", {}, "[recording (audio/wav): shown to the user]"),
    ],
)
async def test_the_model_is_told_what_came_of_a_call(
    server: McpServer, name: str, arguments: dict[str, Any], text: str
) -> None:
    """Text as it is, values as JSON, and that there is a picture."""
    output = await server.call(name, arguments)
    assert (output.text, output.failed) == (text, False)


async def test_pictures_recordings_and_files_are_shown(server: McpServer) -> None:
    """As neutral values with their real types."""
    picture, audio, resource = [(await server.call(name, {})).media for name in ("picture", "audio", "resource")]
    assert [type(part) for part in (*picture, *audio)] == [Image, Audio]
    assert resource == (File("today.md", "text/markdown", "# Today"),)


@pytest.mark.parametrize(("name", "arguments"), [("fail", {}), ("add", {"a": "x"}), ("nothing", {})])
async def test_a_failure_is_an_output(server: McpServer, name: str, arguments: dict[str, Any]) -> None:
    """The model reads why, and may do better."""
    output = await server.call(name, arguments)
    assert output.failed
    assert name in output.text


async def test_calls_run_at_the_same_time(server: McpServer) -> None:
    """Each of two waits for the other one in the server."""
    first, second = await asyncio.gather(server.call("meet", {"number": 1}), server.call("meet", {"number": 2}))
    assert (first.text, second.text) == ("met 1", "met 2")


async def test_a_cancelled_call_is_cancelled_in_the_server_alone(server: McpServer, tmp_path: Path) -> None:
    """Another call at the same time, and later ones, do not notice."""
    stopped, kept = tmp_path / "stopped", tmp_path / "kept"
    call = asyncio.create_task(server.call("slow", {"marks": str(stopped)}))
    other = asyncio.create_task(server.call("slow", {"marks": str(kept)}))
    await comes(stopped, "begun")
    await comes(kept, "begun")
    call.cancel()
    await comes(stopped, "cancelled")
    assert kept.read_text() == "begun"
    assert (await server.call("add", {"a": 1, "b": 1})).text == "2"
    other.cancel()
    assert [type(one) for one in await asyncio.gather(call, other, return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 2


async def test_it_gets_a_small_environment(server: McpServer) -> None:
    """What is in ours stays here; only what its settings give it is there, with what programs need to run."""
    names = set((await server.call("environment", {})).text.split())
    assert {"PATH", "API_KEY"} <= names
    assert names <= ORDINARY | {"API_KEY"}
    assert "PYTEST_CURRENT_TEST" in os.environ, "there is more here"


async def test_what_it_says_is_logged_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    """One event for a line; the values of `env` are not in it."""
    caplog.set_level(logging.INFO, "chat_app")
    async with server_of(started(OLD, env={"SAY": "key-of-mine refused", "KEY": "key-of-mine"})) as server:
        await server.tools()
    (said,) = (vars(one) for one in caplog.records)
    assert (said["msg"], said["server"], said["line"]) == ("tool_server_said", "files", "***")


async def test_changed_tools_are_listed_anew(server: McpServer) -> None:
    """The server says that they have changed, and the next turn offers what there is now."""
    assert "grown" not in [tool.name for tool in await server.tools()]
    await server.call("grow", {})
    await until(lambda: has(server, "grown"))


async def test_a_server_that_ends_in_a_call_is_started_again(server: McpServer) -> None:
    """The call is not made twice, since nobody knows what it did; the next one works."""
    with pytest.raises(ToolError, match="`files` ended during the call"):
        await server.call("crash", {})
    assert (await server.call("echo", {"text": "back"})).text == "back"


async def test_an_old_server_is_asked_the_old_way() -> None:
    """Pages are followed, and what is printed between messages does no harm."""
    async with server_of(started(OLD, "--noisy")) as server:
        assert [tool.name for tool in await server.tools()] == ["first", "second", "die"]
        assert (await server.call("first", {})).text.startswith("first in ")
        await server.call("second", {})
        await until(lambda: has(server, "third"))


async def test_a_server_that_ends_at_a_question_it_does_not_know_is_started_again() -> None:
    """Some want `initialize` before everything else."""
    async with server_of(started(OLD, "--strict")) as server:
        assert len(await server.tools()) == 3


async def test_only_the_tools_that_the_settings_name_are_offered() -> None:
    """The others are not even shown."""
    async with server_of(started(OLD, tools=("second",))) as server:
        assert [tool.name for tool in await server.tools()] == ["second"]


async def test_a_list_without_end_is_ended() -> None:
    """After a hundred pages."""
    async with server_of(started(OLD, "--endless")) as server:
        assert len(await server.tools()) == 100


async def test_nothing_is_started_before_it_is_needed_and_closing_ends_it() -> None:
    """Also when there is nothing to close; a closed one is not started again."""
    async with server_of(started(OLD)) as server:
        pid = await pid_of(server)
        assert is_alive(pid)
    assert not is_alive(pid)
    async with server_of(started("/nowhere")) as unused:
        pass
    with pytest.raises(ToolError, match="this program is stopping"):
        await unused.tools()


async def test_a_server_that_was_killed_is_started_again() -> None:
    """Between two calls, so that nobody notices."""
    async with server_of(started(OLD)) as server:
        pid = await pid_of(server)
        os.kill(pid, 9)
        await until(lambda: ended(pid))
        for _ in range(50):
            await asyncio.sleep(0)  # the loop reads the end of its output, which is there
        assert await pid_of(server) != pid


async def test_many_who_need_it_at_once_start_it_once() -> None:
    """And one of them that gives up does not take it from the others."""
    async with server_of(started(OLD)) as server:
        asked = [asyncio.create_task(server.call("first", {})) for _ in range(5)]
        await asyncio.sleep(0)
        asked[0].cancel()
        outputs = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(outputs[0], asyncio.CancelledError)
        assert len({output.text for output in outputs[1:] if not isinstance(output, BaseException)}) == 1


async def test_a_server_that_cannot_start_is_tried_again_after_a_pause(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Until then nobody waits for it, the log says it once, and that it is back."""
    marker = tmp_path / "marker"
    async with server_of(started(OLD, "--missing", str(marker)), first_pause_s=1000) as server:
        with pytest.raises(ToolError, match="ended before it answered") as first:
            await server.tools()
        marker.touch()
        with pytest.raises(ToolError) as second:
            await server.tools()
        assert second.value is first.value, "nothing was started"
    async with server_of(started(OLD, "--missing", str(tmp_path / "later")), first_pause_s=0) as server:
        for _ in range(2):
            with pytest.raises(ToolError):
                await server.tools()
        (tmp_path / "later").touch()
        with caplog.at_level(logging.INFO, "chat_app"):
            assert len(await server.tools()) == 3
    events = [record.msg for record in caplog.records if record.msg != "tool_server_said"]
    assert events == ["tool_server_unavailable", "tool_server_unavailable", "tool_server_back"], "once each"


@pytest.mark.parametrize(
    ("config", "sentence", "hint"),
    [
        ({"command": "no-such-program"}, "the command `no-such-program` was not found", "correct `command` of `files`"),
        ({"command": NEW}, "`.*mcp_server.py` may not be run", "Make it executable"),
        ({"cwd": "/nowhere"}, "there is no folder `/nowhere`", "Correct `cwd` of `files`"),
        ({"args": (OLD, "--missing", "/nowhere")}, "Its last words: there is no marker", "Run it by hand"),
        ({"args": (OLD, "--mute"), "timeout_s": 0.5}, "did not answer within 0.5 s", "raise `timeout_s` of `files`"),
    ],
)
async def test_what_is_wrong_with_a_server_is_said(config: dict[str, Any], sentence: str, hint: str) -> None:
    """In one sentence, with what to do."""
    settings = started(OLD).model_copy(update=config)
    if "cwd" in config:
        settings = started(OLD, cwd=config["cwd"])
    async with server_of(settings) as server:
        with pytest.raises(ToolError, match=sentence) as error:
            await server.tools()
    assert hint in error.value.hint


async def test_last_words_hold_no_secrets() -> None:
    """They stand in the check's report."""
    config = started(OLD, "--missing", "/nowhere", env={"SAY": "token abcdef"})
    async with server_of(config) as server:
        with pytest.raises(ToolError) as error:
            await server.tools()
    assert "abcdef" not in str(error.value)
