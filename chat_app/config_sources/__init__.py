"""How settings are read. Sources, strongest first: command line, environment, `.env`, the YAML file, defaults.

    draft.py       the settings while they pile up, with the place of each
    fields.py      which settings there are
    yaml_file.py   the file, with lines and `${NAME}`
    variables.py   the environment and `.env`
    faults.py      what pydantic finds wrong, in plain words
    rules.py       what must hold between settings
    shown.py       settings as they may be shown

Everything wrong is told at once, and nothing starts half-configured. The environment and the working directory are
arguments: only the command line reads the real ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from chat_app.config import Config
from chat_app.config_sources.draft import Draft, Fault, Path, Place, command_line, dotted
from chat_app.config_sources.faults import faults_of
from chat_app.config_sources.fields import without_nulls
from chat_app.config_sources.rules import faults_between
from chat_app.config_sources.variables import Variable, dotenv_variables, environment_variables, with_variables
from chat_app.config_sources.yaml_file import read
from chat_app.errors import ConfigError

DEFAULT_FILE = FilePath("config/chat.yaml")
FILE_VARIABLE = "CHAT_APP_CONFIG"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where they came from."""

    config: Config
    file: FilePath | None
    """The YAML file that was read, as it was named; None if there is none."""
    origins: Mapping[str, str]
    """Of every single value, by its dotted path, where it was set: `config/chat.yaml:12`, `default`, …"""
    environ: Mapping[str, str] = field(repr=False)
    """The environment over what `.env` says."""


def load(
    *,
    config_file: FilePath | None = None,
    overrides: Mapping[str, Any] = _NOTHING,
    environ: Mapping[str, str],
    cwd: FilePath,
) -> Loaded:
    """The settings of all sources together.

    `overrides` are dotted paths with the values of the command line, whose options have the last key's name. Relative
    paths, that of `.env` included, start at `cwd`. Raises `ConfigError` with everything that is wrong.
    """
    dotenv, faults = dotenv_variables(cwd / ".env")
    real = environment_variables(environ)
    dotenv = tuple(variable for variable in dotenv if variable.name not in environ)
    variables = (*dotenv, *real)
    merged = {variable.name: variable.text for variable in variables}

    file, named_at = _named_file(config_file, variables, cwd)
    draft = Draft()
    if file is not None:
        draft, unreadable = _read_file(file, named_at, merged, cwd)
        if not draft.values and unreadable:
            raise _error((*faults, *unreadable))
        faults += unreadable
    for source in (dotenv, real):
        draft, misplaced = with_variables(draft, source)
        faults += misplaced
    for name, value in overrides.items():
        path = tuple(name.split("."))
        draft = draft.put(path, value, command_line(f"--{path[-1].replace('_', '-')}"))

    config = _checked(draft, faults, cwd)
    return Loaded(config, file, dict(_origins(config, draft)), merged)


def _named_file(
    config_file: FilePath | None, variables: tuple[Variable, ...], cwd: FilePath
) -> tuple[FilePath | None, Place | None]:
    """The YAML file to read, and who named it; the default one counts only if it is there."""
    if config_file is not None:
        return config_file, command_line("--config")
    for variable in reversed(variables):
        if variable.name == FILE_VARIABLE and variable.text:
            return FilePath(variable.text), variable.place
    return (DEFAULT_FILE, None) if (cwd / DEFAULT_FILE).is_file() else (None, None)


def _read_file(
    file: FilePath, named_at: Place | None, environ: Mapping[str, str], cwd: FilePath
) -> tuple[Draft, tuple[Fault, ...]]:
    place = named_at or Place(3, 0, str(file))
    try:
        content = (cwd / file).read_bytes()
    except FileNotFoundError:
        fix = f"Name another, or make it: `chat-app config init {file}`."
        return Draft(), (Fault(place, (), f"There is no file `{file}`.", fix),)
    except OSError as error:
        fix = "It must be a file that this user may read."
        return Draft(), (Fault(place, (), f"`{file}` cannot be read: {error.strerror}.", fix),)
    return read(content, str(file), environ)


def _checked(draft: Draft, faults: tuple[Fault, ...], cwd: FilePath) -> Config:
    values = without_nulls(draft.values)
    faults += (*draft.broken.values(), *faults_between(draft, values, cwd))
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        raise _error((*faults, *faults_of(error, draft))) from None
    if faults:
        raise _error(faults)
    return config


def _error(faults: tuple[Fault, ...]) -> ConfigError:
    ordered = sorted(faults, key=lambda fault: (fault.place, dotted(fault.path)))
    return ConfigError(tuple(fault.problem for fault in ordered))


def _origins(config: Config, draft: Draft) -> Iterator[tuple[str, str]]:
    values = without_nulls(draft.values)
    for path in _leaves(config):
        yield dotted(path), str(draft.place(path)) if _is_set(values, path) else "default"


def _leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of the single values in `value`; an empty list or mapping is one too."""
    children: tuple[tuple[str | int, Any], ...] = ()
    match value:
        case BaseModel():
            children = tuple((name, getattr(value, name)) for name in type(value).model_fields)
        case Mapping():
            children = tuple(value.items())
        case tuple() | list():
            children = tuple(enumerate(value))
    if not children:
        yield path
    for step, child in children:
        yield from _leaves(child, (*path, step))


def _is_set(values: Any, path: Path) -> bool:
    """Whether one of the sources has set the value at `path`, which is no default then."""
    for step in path:
        match values, step:
            case dict(), str() if step in values:
                values = values[step]
            case list(), int() if step < len(values):
                values = values[step]
            case _:
                return False
    return True
