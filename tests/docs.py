"""The tables of README.md, made from the code: `python -m tests.docs`, or `make docs`, writes them anew.

Settings come from the docstrings of `config/`, commands from the command line itself, the servers that it works with
from the samples of the tests, what Gradio can do from `gradio_tables.py`; `test_docs.py` fails when what stands in
README.md is something else. Only what stands between the markers is touched. The English words of the page's script
are written as well: `english.mjs` is made from `ui/words/en.yaml`, so that the page and its tests read one module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import typer

from chat_app.cli import commands
from chat_app.config_sources.fields import Setting, settings
from chat_app.config_sources.words_file import texts_of
from tests.endpoints.reading.dialects import COVERED, servers
from tests.endpoints.reading.dialects.table import Kind
from tests.gradio_tables import guides_table, parameters_table

_REAL: Final = {"llama.cpp": "test_real_server.py", "demo server": "test_demo.py"}
"""The servers that run in the tests, and where in `tests/endpoints`."""
_KINDS: Final[Mapping[Kind, str]] = {
    "recorded here": "recorded by us",
    "recorded by others": "recorded by other projects",
    "source code": "after its source code",
    "documentation": "after its documentation",
    "issue report": "from reports of users",
    "made by hand": "made by hand after its documentation",
}

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
ENGLISH = ROOT / "chat_app" / "ui" / "static" / "history" / "english.mjs"
_DEFAULT_CHARACTERS = 60


def with_tables(text: str) -> str:
    """`text` with the blocks between its markers made anew. Raises `ValueError` when a marker is not there."""
    tables = {
        "works": works_table,
        "settings": settings_tables,
        "commands": commands_table,
        "guides": guides_table,
        "gradio": parameters_table,
    }
    for name, table in tables.items():
        found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
        if found is None:
            raise ValueError(f"README.md lacks the markers <!-- {name} --> and <!-- /{name} -->.")
        text = text[: found.start(1)] + table() + text[found.end(1) :]
    return text


def settings_tables() -> str:
    """Every setting, its default and its meaning, in the order of `config/`; a table to unfold for each section."""
    sections: dict[str, list[Setting]] = {}
    for setting in settings(mixed=True):
        sections.setdefault(setting.path[0].removesuffix("[]"), []).append(setting)
    return "\n".join(_section(name, below) for name, below in sections.items())


def english_module() -> str:
    """The English words as the module that the page's script imports."""
    texts = json.dumps(texts_of("en"), ensure_ascii=False, indent=2)
    return f"// Made from `ui/words/en.yaml` by `make docs`.\n\nexport const ENGLISH = {texts};\n"


def _section(name: str, below: list[Setting]) -> str:
    rows = (f"| `{'.'.join(setting.path)}` | {_default(setting)} | {_cell(setting.doc)} |" for setting in below)
    about = below[0].doc.partition(". ")[0].rstrip(".").replace("`", "")
    head = f"<details><summary><code>{name}</code>: {about}</summary>"
    return "\n".join((head, "", "| setting | default | meaning |", "|---|---|---|", *rows, "", "</details>", ""))


def commands_table() -> str:
    """Every command with its options, and what it does, in the order of `chat-app --help`."""
    group = typer.main.get_command(commands())
    rows = (f"| `{usage}` | {_cell(does)} |" for usage, does in _commands(group, "chat-app"))
    return "\n".join(("| command | does |", "|---|---|", *rows, ""))


def works_table() -> str:
    """Every server that the page is said to work with, what of it was read, and the test in `tests/endpoints`."""
    rows = (_works(server, *servers()[server]) for server in COVERED)
    return "\n".join(("| server | what was run against it | test |", "|---|---|---|", *rows, ""))


def _works(server: str, kinds: tuple[Kind, ...], samples: int) -> str:
    test = f'`reading/test_dialects.py -k "{server}"`'
    read = f"{samples} {'sample' if samples == 1 else 'samples'}: {', '.join(_KINDS[kind] for kind in kinds)}"
    if server in _REAL:
        return f"| {server} | **the real server**; {read} | `{_REAL[server]}`, {test} |"
    return f"| {server} | {read} | {test} |"


def _commands(group: Any, name: str) -> Iterator[tuple[str, str]]:
    for below, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {below}")
        else:
            parameters = [_parameter(one) for one in command.params if one.name != "help"]
            yield " ".join((name, below, *parameters)), " ".join(command.help.split())


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        text = parameter.metavar or parameter.name.upper()
    elif parameter.is_flag:
        text = parameter.opts[0]
    else:
        text = f"{parameter.opts[0]} {parameter.metavar or parameter.name.upper()}"
    return text if parameter.required else f"[{text}]"


def _default(setting: Setting) -> str:
    if setting.required:
        return "required"
    if setting.section == "mapping":
        return ""
    text = json.dumps(setting.default, ensure_ascii=False)
    return f"`{_cell(text)}`" if len(text) <= _DEFAULT_CHARACTERS else "see `chat-app config show`"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


if __name__ == "__main__":
    ENGLISH.write_text(english_module(), encoding="utf-8")
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
