"""The settings of what a model may call: MCP servers and Python functions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator

from chat_app.config.values import Name, Seconds, Settings, Trimmed, address

Approval: TypeAlias = Literal["always", "ask", "never"]
"""Whether a tool runs without asking, after the visitor allowed it, or not at all."""
ToolName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class McpServerConfig(Settings):
    """A server of the Model Context Protocol: a program that is started here, or one that is reached by its address."""

    name: ToolName
    """What presets call it; its tools are `name.tool` there."""
    command: str = ""
    """The program to start and to talk with over its standard input and output."""
    args: tuple[str, ...] = ()
    """What it is started with."""
    env: Mapping[Name, SecretStr] = Field(default_factory=dict)
    """Its environment, beside `PATH` and the like; keys best as `${NAME}`."""
    cwd: Path | None = None
    """The folder it runs in."""
    url: Annotated[Trimmed, AfterValidator(lambda text: address(text) if text else text)] = ""
    """Its address (streamable HTTP), in place of a command: `http://localhost:8000/mcp`."""
    headers: Mapping[Name, SecretStr] = Field(default_factory=dict)
    """Headers for each request to it: `{Authorization: "Bearer ${TOKEN}"}`."""
    tools: tuple[Name, ...] = ()
    """The tools of it that may be called. Left out, all of them."""
    approval: Approval = "ask"
    """Whether its tools run without asking (`always`), after the visitor allowed it (`ask`), or `never`."""
    approvals: Mapping[Name, Approval] = Field(default_factory=dict)
    """The same for single tools, by their names: `{read_file: always}`."""
    timeout_s: Seconds = 60
    """Seconds that a call may take, and that it may take to start."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("Needs either a `command` to start it, or the `url` at which it is.")
        return self


class FunctionConfig(Settings):
    """A Python function that a model may call; it runs in this process."""

    function: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    """Where it is: `package.module:function`. Its docstring tells the model what it does, its annotations what it
    takes."""
    name: ToolName | Literal[""] = ""
    """What presets and the model call it; left out, its own name."""
    approval: Approval = "always"
    """Whether it runs without asking (`always`), after the visitor allowed it (`ask`), or `never`."""
    timeout_s: Seconds = 60
    """Seconds that a call may take."""


class ToolsConfig(Settings):
    """What models may call. A preset lists what its model gets in `presets[].tools`."""

    mcp_servers: tuple[McpServerConfig, ...] = ()
    """Servers of the Model Context Protocol; they need the extra `mcp`, which `make run` and the image have."""
    functions: tuple[FunctionConfig, ...] = ()
    """Python functions."""
    max_rounds: Annotated[int, Field(ge=1, le=100)] = 10
    """How often a model may call tools before it has to answer."""
    max_result_tokens: Annotated[int, Field(ge=100)] = 10_000
    """How much of one result the model is told, in tokens of about four bytes; it is told where that is not all."""
