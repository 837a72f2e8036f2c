"""The rules of what models may call: names that are unique, and presets that list only what there is.

Which tools a server really has is known when it is asked, so that is for `chat-app check`; here only those that its
`tools` names, if it names any. Like `rules.py`, they pass over whatever has the wrong type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chat_app.config_sources.draft import Draft, Fault, Path, dotted
from chat_app.config_sources.faults import nearest
from chat_app.config_sources.loose import items
from chat_app.conversation.tools import DISPLAY_TOOLS


def names_of_tools_are_unique(draft: Draft, values: Any) -> Iterator[Fault]:
    """No server or function is called as another, or as a display tool."""
    first: dict[str, Path] = {}
    for path, name in _named(values):
        if draft.is_broken(path):
            continue
        before = first.setdefault(name, path)
        if name in DISPLAY_TOOLS:
            rule = f"`{name}` is the name of a display tool."
        elif before != path:
            rule = f"`{name}` is the name of `{dotted(before[:3])}` already."
        else:
            continue
        fix = "Give it another `name`." if path[1] == "functions" else "Give each a name of its own."
        yield Fault(draft.place(path), path, rule, fix)


def presets_have_their_tools(draft: Draft, values: Any) -> Iterator[Fault]:
    """What a preset lists is a display tool, a function, a server, or a tool of a server: `files.read_file`."""
    servers = {name: _tools_of(values, path) for path, name in _named(values) if path[1] == "mcp_servers"}
    known = (*DISPLAY_TOOLS, *dict.fromkeys(name for _, name in _named(values)))
    for position, preset in items(values, "presets"):
        for number, entry in items(preset, "tools"):
            if not isinstance(entry, str):
                continue
            path = ("presets", position, "tools", number)
            name = entry.strip()
            server, _, tool = name.partition(".")
            if name in known or (server in servers and tool and (not servers[server] or tool in servers[server])):
                continue
            if server in servers and tool:
                rule = f"`{tool}` is not among the `tools` of the server `{server}`."
                choices = tuple(f"{server}.{one}" for one in servers[server])
            else:
                rule, choices = f"There is no tool `{name}`.", known
            yield Fault(draft.place(path), path, rule, _fix(name, choices))


def _fix(name: str, choices: tuple[str, ...]) -> str:
    guess = nearest(name, choices)
    if not guess and "." in name and (server := nearest(name.partition(".")[0], choices)):
        guess = f"{server}.{name.partition('.')[2]}"
    known = ", ".join(f"`{one}`" for one in choices)
    return f"Did you mean `{guess}`?" if guess else f"Known are: {known}. Others are added to `tools`."


def _named(values: Any) -> Iterator[tuple[Path, str]]:
    """The servers and functions by name, each with the path of what names it."""
    tools = values.get("tools") if isinstance(values, Mapping) else None
    for position, server in items(tools, "mcp_servers"):
        if isinstance(server, Mapping) and isinstance(name := server.get("name"), str):
            yield ("tools", "mcp_servers", position, "name"), name.strip()
    for position, function in items(tools, "functions"):
        if not isinstance(function, Mapping):
            continue
        own, place = function.get("name"), function.get("function")
        if isinstance(own, str) and own:
            yield ("tools", "functions", position, "name"), own.strip()
        elif isinstance(place, str):
            yield ("tools", "functions", position, "function"), place.strip().rpartition(":")[2]


def _tools_of(values: Any, path: Path) -> tuple[str, ...]:
    """The tools that the server whose name is at `path` may offer; empty for all."""
    server = values["tools"]["mcp_servers"][path[2]]
    return tuple(name for _, name in items(server, "tools") if isinstance(name, str))
