"""Which settings there are, read off the models of `config/`: as a list for people, and by path for the sources.

The README's table, `chat-app config init`, "did you mean" and the reading of text from variables all ask here, so that
a setting is described once: by its type, its default and the docstring below it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from chat_app.config import Config
from chat_app.config_sources.draft import Path


class UNKNOWN:
    """The type at a path that no setting has."""


_TEXT = (str, SecretStr)
_PARSED_BY_PYDANTIC = (int, float, bool, FilePath, FilePath | None)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, or a section of them."""

    path: tuple[str, ...]
    """Its keys; `[]` behind one stands for the positions of a list: `("endpoints[]", "name")`."""
    doc: str
    """What its docstring in `config/` says, on one line."""
    default: Any
    """As JSON would hold it; None also for what has to be given."""
    required: bool
    section: Literal["", "mapping", "list"]
    """Whether it holds settings of its own, and how many times."""


def settings(model: type[BaseModel] = Config, above: tuple[str, ...] = (), *, mixed: bool = False) -> Iterator[Setting]:
    """All settings in the order of `config/`; a section comes before what it holds.

    With `mixed` also what is in a setting that may have another shape too: a name or a mapping, a mapping or nothing.
    """
    for name, info in model.model_fields.items():
        kind = _bare(info.annotation)
        inner = kind if _is_model(kind) else _item(kind)
        section: Literal["", "mapping", "list"] = ""
        if _is_model(inner):
            section = "mapping" if inner is kind else "list"
        yield Setting((*above, name), doc_of(info), _default(model, name, info), info.is_required(), section)
        if section:
            yield from settings(inner, (*above, f"{name}[]" if section == "list" else name), mixed=mixed)
        elif mixed and (one := section_in(kind)):
            yield from settings(one, (*above, name), mixed=mixed)
        elif mixed and (one := section_in(inner)):
            yield from settings(one, (*above, f"{name}[]"), mixed=mixed)


def kind_at(path: Path) -> Any:
    """The type that the models ask for at `path`; `UNKNOWN` where there is no setting."""
    kind: Any = Config
    for step in path:
        kind = _inside(kind, step)
    return kind


def doc_at(path: Path) -> str:
    """The docstring of the setting at `path`, or of the nearest one around it that has one."""
    for depth in range(len(path), 0, -1):
        parent, name = kind_at(path[: depth - 1]), path[depth - 1]
        if _is_model(parent) and name in parent.model_fields:
            return doc_of(parent.model_fields[name])
    return ""


def doc_of(info: FieldInfo) -> str:
    """The docstring of one field, on one line."""
    return " ".join((info.description or "").split())


def names_at(path: Path) -> tuple[str, ...]:
    """The settings that can stand directly below `path`; none where it cannot be a section."""
    section = section_in(kind_at(path))
    return tuple(section.model_fields) if section else ()


def section_in(kind: Any) -> type[BaseModel] | None:
    """The settings that a value of type `kind` may have of its own, where it may be of another shape too."""
    shapes = get_args(kind) if get_origin(kind) in {Union, UnionType} else (kind,)
    return next((one for each in shapes if _is_model(one := _bare(each))), None)


def value_of(path: Path, text: str) -> Any:
    """What `text`, from a variable, means for the setting at `path`; None leaves the setting out.

    Text stays as it is and pydantic makes numbers of it where it wants them. Where a list, a mapping or anything can
    stand it is read as JSON if it is JSON: `["a", "b"]`, `0.7`. Nothing at all is text where text can stand; elsewhere
    the setting is left out, because `PORT=` in a compose file means that nobody chose a port.
    """
    kind = kind_at(path)
    if kind in _TEXT:
        return text
    if not text and kind is not Any:
        return None
    if is_single(kind):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def without_nulls(value: Any, path: Path = ()) -> Any:
    """`value` without the known settings that are null: `chat:` with nothing but comments below it is left out."""
    kind = kind_at(path)
    if isinstance(value, Mapping) and _is_model(kind):
        return {
            name: without_nulls(child, (*path, name))
            for name, child in value.items()
            if child is not None or name not in kind.model_fields
        }
    if isinstance(value, list) and get_origin(kind) is tuple:
        return [without_nulls(child, (*path, position)) for position, child in enumerate(value)]
    return value


def is_list(kind: Any) -> bool:
    """Whether a setting of this type is a list."""
    return get_origin(kind) is tuple


def is_choice(kind: Any) -> bool:
    """Whether a setting of this type may have one of several shapes; being left out is none."""
    return get_origin(kind) in {Union, UnionType} and len([one for one in get_args(kind) if one is not NoneType]) > 1


def is_single(kind: Any) -> bool:
    """Whether a setting of this type is one value: neither a list, nor a section, nor anything at all."""
    return kind in (*_TEXT, *_PARSED_BY_PYDANTIC) or get_origin(kind) is Literal


def _inside(kind: Any, step: str | int) -> Any:
    """The type of what stands at `step` in a value of type `kind`."""
    if kind is Any:
        return Any
    if get_origin(kind) is Mapping:
        return _bare(get_args(kind)[1])
    if get_origin(kind) in {Union, UnionType}:
        return next((inner for one in get_args(kind) if (inner := _inside(_bare(one), step)) is not UNKNOWN), UNKNOWN)
    if _is_model(kind) and step in kind.model_fields:
        return _bare(kind.model_fields[step].annotation)
    if is_list(kind) and isinstance(step, int):
        items = get_args(kind)
        return _bare(items[0] if items[-1] is Ellipsis else items[min(step, len(items) - 1)])
    return UNKNOWN


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _item(kind: Any) -> Any:
    """The type of the items, if `kind` is a list of any length."""
    items = get_args(kind)
    return _bare(items[0]) if is_list(kind) and items[-1] is Ellipsis else UNKNOWN


def _bare(kind: Any) -> Any:
    """`kind` without the limits that `Annotated` puts on it."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _default(model: type[BaseModel], name: str, info: FieldInfo) -> Any:
    if info.is_required():
        return None
    default = model.model_construct().model_dump(mode="json", include={name})[name]
    return int(default) if isinstance(default, float) and default.is_integer() else default
