"""The environment and `.env`: which settings their variables set.

`CHAT_APP__SERVER__PORT` is `server.port`: two underscores per level, list positions as numbers from 0. Other variables
that begin with `CHAT_APP_` are no business of ours: Kubernetes makes a `CHAT_APP_PORT` for a service called chat-app.
`.env` is read by python-dotenv's own parser, for the lines; values in it are taken as they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path as FilePath

from dotenv.parser import parse_stream

from chat_app.config_sources.draft import Draft, Fault, GapError, Path, Place, dotenv_line, dotted, environment
from chat_app.config_sources.fields import is_list, is_single, kind_at, names_at, value_of

PREFIX = "CHAT_APP__"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, and where it was set."""

    name: str
    text: str = field(repr=False)
    place: Place


def environment_variables(environ: Mapping[str, str]) -> tuple[Variable, ...]:
    """All variables of the environment."""
    return tuple(Variable(name, text, environment(name)) for name, text in environ.items())


def dotenv_variables(file: FilePath) -> tuple[tuple[Variable, ...], tuple[Fault, ...]]:
    """The variables of a `.env` file, and the lines of it that cannot be read. No file sets none."""
    if not file.is_file():
        return (), ()
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        fix = "Make it a UTF-8 text file that this user may read."
        return (), (Fault(dotenv_line(1), (), "The file cannot be read.", fix),)

    variables: dict[str, Variable] = {}
    faults: list[Fault] = []
    for binding in parse_stream(StringIO(text)):
        statement = binding.original.string
        line = binding.original.line + statement[: -len(statement.lstrip()) or None].count("\n")
        if binding.error:
            rule, fix = "This line cannot be read.", "Write `NAME=value`, with quotes around spaces."
            faults.append(Fault(dotenv_line(line), (), rule, fix))
        elif binding.key is not None and binding.value is not None:
            variables[binding.key] = Variable(binding.key, binding.value, dotenv_line(line, binding.key))
    return tuple(variables.values()), tuple(faults)


def with_variables(draft: Draft, variables: Iterable[Variable]) -> tuple[Draft, tuple[Fault, ...]]:
    """`draft` with the settings that `variables` set, and those of them that cannot be placed.

    A variable for a whole branch comes before those for parts of it, and position 0 before position 1.
    """
    faults: list[Fault] = []
    ours = [variable for variable in variables if variable.name.startswith(PREFIX)]
    for variable in sorted(ours, key=lambda variable: [step.zfill(9) for step in variable.name.lower().split("__")]):
        path = _path_of(variable.name)
        value = value_of(path, variable.text)
        fault = _misplaced(path, variable.place)
        if fault is None and value is not None:
            try:
                draft = draft.put(path, value, variable.place)
            except GapError as gap:
                fix = f"Positions count from 0 and leave none out; the next one here is {gap.free}."
                fault = Fault(variable.place, path, "This list position is too high.", fix)
        if fault is not None:
            faults.append(fault)
    return draft, tuple(faults)


def name_of(path: Path) -> str:
    """The variable that sets `path`."""
    return PREFIX + "__".join(str(step) for step in path).upper()


def _path_of(name: str) -> Path:
    steps = name.removeprefix(PREFIX).lower().split("__")
    return tuple(int(step) if step.isdecimal() and step.isascii() else step for step in steps)


def _misplaced(path: Path, place: Place) -> Fault | None:
    """The fault of a name that fits nowhere; a setting that there is not is left to pydantic, which finds them all."""
    for depth, step in enumerate(path):
        kind, above = kind_at(path[:depth]), path[:depth]
        if is_list(kind) and not isinstance(step, int):
            rule, fix = f"`{dotted(above)}` is a list, so a position must follow it.", "The first is `{}`."
            return Fault(place, path, rule, fix.format(name_of((*above, 0, *path[depth:]))))
        if is_single(kind) or (names_at(above) and isinstance(step, int)):
            rule = f"`{dotted(above)}` has no settings of this name."
            names = ", ".join(f"`{name}`" for name in names_at(above))
            return Fault(place, path, rule, f"Known here: {names}." if names else f"Set `{name_of(above)}` itself.")
    return None
