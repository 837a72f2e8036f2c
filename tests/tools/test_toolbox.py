"""All tools of the settings: what a preset's model is offered, and what comes of its calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chat_app.config import FunctionConfig, McpServerConfig, ToolsConfig
from chat_app.conversation import tools as port
from chat_app.conversation.tools import Replies, Tool, ToolOutput
from chat_app.errors import ConfigError
from chat_app.tools.toolbox import Toolboxes
from tests.tools.programs import OLD, started

HERE = "tests.tools.sample_functions"
DEAD = McpServerConfig(name="dead", command="no-such-program")


@asynccontextmanager
async def toolboxes(*servers: McpServerConfig, **settings: Any) -> AsyncIterator[Toolboxes]:
    """The toolboxes of those servers and two functions, running."""
    functions = (
        FunctionConfig(function=f"{HERE}:weather", approval="ask"),
        FunctionConfig(function=f"{HERE}:broken", name="fragile"),
        FunctionConfig(function=f"{HERE}:halves"),
        FunctionConfig(function=f"{HERE}:picky"),
    )
    made = Toolboxes(ToolsConfig(mcp_servers=servers, functions=functions, **settings))
    async with made.running():
        yield made


def names(tools: Any) -> list[str]:
    """What the model calls them."""
    return [tool.name for tool in tools]


async def test_a_preset_gets_what_it_lists() -> None:
    """A whole server, one tool of it, functions by name, display tools; each once."""
    async with toolboxes(started(OLD), started(OLD, name="other")) as made:
        listed = ("offer_replies", "files", "files.first", "other.second", "fragile", "weather")
        box: port.Toolbox = made.of(listed)
        assert names(await box.tools()) == [
            "offer_replies",
            "files__first",
            "files__second",
            "files__die",
            "other__second",
            "fragile",
            "weather",
        ]
        assert names(await made.of(()).tools()) == []


async def test_each_tool_has_its_approval_and_never_is_not_offered() -> None:
    """That of the server, of the single tool, or of the function."""
    server = started(OLD, approvals={"first": "always", "die": "never"})
    async with toolboxes(server) as made:
        box = made.of(("files", "weather", "show_html"))
        tools = {tool.name: tool.approval for tool in await box.tools()}
        assert tools == {"files__first": "always", "files__second": "ask", "weather": "ask", "show_html": "always"}
        output = await box.call("files__die", {})
        assert output.failed
        assert output.text == "The tool `files__die` is not there now."


async def test_calls_come_to_the_one_who_runs_them() -> None:
    """A server, a function and a display tool; also when nobody has asked for the tools before."""
    async with toolboxes(started(OLD)) as made:
        box = made.of(("files", "weather", "offer_replies"))
        first, weather, replies = await asyncio.gather(
            box.call("files__first", {}),
            box.call("weather", {"place": {"city": "Ulm"}}),
            box.call("offer_replies", {"replies": ["Yes", "No"]}),
        )
        assert first.text.startswith("first in ")
        assert weather.text.startswith("Ulm")
        assert replies.displays == (Replies(("Yes", "No")),)


async def test_a_dead_server_is_left_out_and_the_others_work(caplog: pytest.LogCaptureFixture) -> None:
    """The log says it once."""
    async with toolboxes(DEAD, started(OLD)) as made:
        box = made.of(("dead", "files.first", "dead.thing", "show_table"))
        with caplog.at_level(logging.WARNING, "chat_app"):
            for _ in range(3):
                assert names(await box.tools()) == ["files__first", "show_table"]
        assert (await box.call("files__first", {})).text.startswith("first")
        assert box.unreached == ("dead",)
        output = await box.call("dead__thing", {})
    assert [record.msg for record in caplog.records] == ["tool_server_unavailable"]
    assert output == ToolOutput("The tool `dead__thing` is not there now.", failed=True)


async def test_a_server_that_dies_in_a_call_is_a_failed_output() -> None:
    """In words for the model, without what is for the operator."""
    async with toolboxes(started(OLD)) as made:
        box = made.of(("files",))
        output = await box.call("files__die", {})
        sentence = "The tool server `files` ended during the call, which may have had its effect."
        assert output == ToolOutput(sentence, failed=True)
        assert len(await box.tools()) == 3


async def test_what_goes_wrong_is_an_output() -> None:
    """A function that raises, arguments that are wrong, a preset without tools."""
    async with toolboxes() as made:
        box = made.of(("fragile",))
        assert await box.call("fragile", {"words": "no"}) == ToolOutput("`fragile` failed: ValueError: no", failed=True)
        wrong = await box.call("fragile", {})
        assert (wrong.failed, "`words`: Field required" in wrong.text) == (True, True)
        nothing = await made.of(()).call("x" * 1000, {})
        assert nothing.text == f"The tool `{'x' * 64}` is not there now."


async def test_a_defect_in_a_call_is_an_output_and_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """With where it was; the model is told no more than its name, and the turn goes on."""
    async with toolboxes() as made:
        output = await made.of(("picky",)).call("picky", {"words": "secret"})
    assert output == ToolOutput("`picky` failed: KeyError.", failed=True)
    (record,) = (record for record in caplog.records if record.msg == "tool_call_broke")
    assert (vars(record)["tool"], record.exc_info is not None) == ("picky", True)


async def test_half_an_emoji_comes_out_of_no_call() -> None:
    """Whoever gave it: what a model is told must have UTF-8."""
    half = "a\ud83d"
    async with toolboxes() as made:
        output = await made.of(("fragile",)).call("fragile", {"words": half})
        told = await made.of(("halves",)).call("halves", {})
    assert output.text.encode()
    assert (told.failed, told.text) == (False, '{"a�":["�"]}')


async def test_long_results_are_cut() -> None:
    """To `tools.max_result_tokens`, failures too."""
    async with toolboxes(max_result_tokens=100) as made:
        output = await made.of(("fragile",)).call("fragile", {"words": "x" * 5000})
        assert len(output.text) < 600
        assert "cut here" in output.text


async def test_a_cancelled_call_ends() -> None:
    """With the cancellation, which is no output."""
    made = Toolboxes(ToolsConfig(functions=(FunctionConfig(function=f"{HERE}:slow"),)))
    call = asyncio.create_task(made.of(("slow",)).call("slow", {}))
    await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


def test_functions_that_cannot_be_used_are_all_told_at_the_start() -> None:
    """With the setting of each."""
    functions = tuple(FunctionConfig(function=f"{HERE}:{name}") for name in ("weather", "nothing", "many"))
    with pytest.raises(ConfigError) as error:
        Toolboxes(ToolsConfig(functions=functions), Path.cwd())
    first, second = error.value.problems
    assert (first.setting, second.setting) == ("tools.functions.1.function", "tools.functions.2.function")
    assert first.rule == f"`{HERE}:nothing` cannot be a tool. There is no `nothing` in `{HERE}`."


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start; without MCP servers nothing is missed."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigError) as error:
        Toolboxes(ToolsConfig(mcp_servers=(DEAD,)))
    (problem,) = error.value.problems
    assert (problem.setting, problem.rule) == ("tools.mcp_servers", "MCP servers need the extra `mcp`.")
    assert "pip install 'chat-app[mcp]'" in problem.fix
    tools = asyncio.run(_plots(Toolboxes(ToolsConfig())))
    assert "Vega-Lite" not in tools[0].description, "which needs an extra too"


async def _plots(made: Toolboxes) -> list[Tool]:
    return list(await made.of(("show_plot",)).tools())


async def test_a_survey_tells_what_is_there_and_what_is_not() -> None:
    """Servers in the order of the settings, then the functions; tools that are named and missing."""
    server = started(OLD, approvals={"frist": "always"})
    async with toolboxes(DEAD, server) as made:
        dead, files, functions = await made.survey({"A": ("files.third", "weather"), "B": ("files",)})
    assert (dead.name, dead.place, dead.tools) == ("dead", "no-such-program", ())
    assert dead.error is not None
    assert "was not found" in dead.error.sentence
    assert [offer.listed for offer in files.tools] == ["files.first", "files.second", "files.die"]
    assert files.missing == ("frist", "third")
    assert files.error is not None
    assert files.error.sentence == "The tool server `files` has no `frist`, `third`."
    assert [offer.listed for offer in functions.tools] == ["weather", "fragile", "halves", "picky"]
