"""The file that `chat-app config init` makes: every setting as a comment, below what its docstring says.

Removing the `#` before a setting switches it on: the indentation is right then. In a comment that explains, one space
and a word follow the `#`; before a setting, none or several spaces. Switched on all together they say what the defaults
say, with one endpoint as an example.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import yaml

from chat_app.config_sources.fields import Setting, settings

_WIDTH = 110
_HEAD = """\
# The settings of chat-app. All of them stand here as comments, with their defaults.
# To change one, remove the `#` directly before it. `chat-app config explain` shows what is in force.
# ${NAME} and ${NAME:-default} are filled from the environment or from `.env`; relative paths start where
# chat-app is started. The environment can set everything too: CHAT_APP__SERVER__PORT=8080.
"""
_EXAMPLES: dict[tuple[str, ...], str] = {
    ("endpoints[]", "name"): "ollama",
    ("endpoints[]", "base_url"): "http://localhost:11434/v1",
    ("endpoints[]", "api_key"): "${OLLAMA_API_KEY:-}",
}


def starter_file() -> str:
    """The whole file."""
    return _HEAD + "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    first_of: set[str] = set()
    for setting in settings():
        depth = len(setting.path) - 1
        above = setting.path[0] if depth else ""
        indent = "  " * depth
        if depth > 1 and "[]" in "".join(setting.path[1:]):  # inside a list that stands there with its default
            yield from _explained(setting)
            continue
        if not depth:
            yield ""
        yield from (f"{indent}# {line}" for line in wrap(setting.doc, _WIDTH))
        if setting.section == "mapping" or (setting.section and not depth):
            yield f"{indent}{setting.path[-1]}:"
            continue
        dash = ""
        if above.endswith("[]"):
            dash = "  " if above in first_of else "- "
            first_of.add(above)
        yield from (f"{indent}#{part}" for part in _setting(setting, dash))


def _explained(setting: Setting) -> Iterator[str]:
    """What may stand in the items of a list, below what the list is."""
    name = ".".join(setting.path[1:])
    for line in wrap(f"{name}: {setting.doc}", _WIDTH):
        yield f"  # {line}"


def _setting(setting: Setting, dash: str) -> Iterator[str]:
    value: Any = _EXAMPLES.get(setting.path, setting.default)
    name = setting.path[-1]
    flow = None if isinstance(value, list | dict) else False  # lists of plain values on one line
    text = yaml.safe_dump({name: value}, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=1000)
    for number, line in enumerate(text.splitlines()):
        lead = dash if not number else " " * len(dash)
        yield f"{lead}{line}"
