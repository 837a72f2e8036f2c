"""What pydantic finds wrong, as faults: one plain sentence and a fix for each, at the place it was set.

pydantic's own messages are not shown: they speak of tuples and inputs, and some repeat the value, which may be a key.
A kind of error that the table lacks is still told, by the setting's docstring.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from chat_app.config_sources.draft import Draft, Fault, Path, Place
from chat_app.config_sources.fields import doc_at, is_choice, is_list, kind_at, names_at, section_in, settings
from chat_app.config_sources.variables import name_of

_WANTED = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "settings with names",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "model_type": "settings with names",
    "path_type": "the path of a file",
    "string_type": "text",
    "tuple_type": "a list",
}
_RULES = {
    "finite_number": "Must be a number.",
    "greater_than": "Must be more than {gt:g}.",
    "greater_than_equal": "Must be at least {ge:g}.",
    "less_than": "Must be less than {lt:g}.",
    "less_than_equal": "Must be at most {le:g}.",
    "missing": "Is missing.",
    "string_too_long": "Must not be longer than {max_length} characters.",
    "string_too_short": "Must not be empty.",
    "too_long": "Has too many entries; at most {max_length}.",
    "too_short": "Has too few entries; at least {min_length}.",
    "value_error": "{error}",
}
_KEY = "[key]"
"""How pydantic says that it is the name in a mapping that is wrong."""
_PATTERNS = {
    "height": "Must be a number of pixels or a CSS size such as `60vh`.",
    "root_path": "Must be empty, or begin with `/` and not end with it.",
}


def faults_of(error: ValidationError, draft: Draft) -> Iterator[Fault]:
    """The faults that pydantic found in `draft`, one for each setting."""
    found: dict[Path, list[Mapping[str, Any]]] = {}
    for item in error.errors(include_url=False):
        if (path := _path_of(item["loc"], draft)) is not None:
            found.setdefault(path, []).append({**item})
    for path, items in found.items():
        if not draft.is_broken(path):
            yield _fault(path, items, draft.place(path))


def nearest(name: str, names: Mapping[str, str] | tuple[str, ...]) -> str:
    """The one of `names` that `name` is likely meant to be, or nothing; capitals and hyphens do not count."""
    plain = {_plain(known): known for known in names}
    match = get_close_matches(_plain(name), plain, n=1)
    return plain[match[0]] if match else ""


def _path_of(loc: Path, draft: Draft) -> Path | None:
    """The setting at `loc`, which names the shape too where a setting may have several; None for a shape not meant.

    Who wrote a list is told what is wrong with the list, and not that it could have been a mapping.
    """
    path: Path = ()
    named = False
    for step in loc:
        if step == _KEY:
            return path[:-1]
        if named or not is_choice(kind_at(path)):
            path, named = (*path, step), False
        elif not _is_meant(str(step), kind_at(path), draft.value(path)):
            return None
        else:
            named = True
    return path


def _is_meant(shape: str, kind: Any, value: Any) -> bool:
    """Whether `value` may be meant for `shape`, one of those of `kind` as pydantic calls it."""
    shapes, section = get_args(kind), section_in(kind)
    if section and isinstance(value, dict | str):
        return (shape == section.__name__) == isinstance(value, dict)
    if isinstance(value, list) and any(is_list(one) for one in shapes):
        return shape.startswith("tuple[")
    if isinstance(value, dict) and any(get_origin(one) is Mapping for one in shapes):
        return shape.startswith("dict[")
    return True


def _fault(path: Path, items: list[Mapping[str, Any]], place: Place) -> Fault:
    first = items[0]
    match first["type"]:
        case "extra_forbidden":
            return Fault(place, path, "There is no such setting.", _known(path, place))
        case "missing" if isinstance(path[-1], int):
            return Fault(place, path[:-1], f"Has too few entries; there must be {path[-1] + 1}.", doc_at(path))
        case "literal_error":
            return _choice(path, first["input"], place)
        case "string_pattern_mismatch":
            return Fault(place, path, _PATTERNS.get(str(path[-1]), "Does not have the right form."), doc_at(path))
        case kind if kind in _RULES:
            return Fault(place, path, _RULES[kind].format(**first.get("ctx", {})), doc_at(path))
    wanted = dict.fromkeys(_WANTED[item["type"]] for item in items if item["type"] in _WANTED)
    rule = f"Must be {' or '.join(wanted)}." if wanted else "Cannot be used."
    return Fault(place, path, rule, _shape(path, first, place))


def _shape(path: Path, item: Mapping[str, Any], place: Place) -> str:
    """How to write what is wanted."""
    by_variable = place.text.partition(": ")[2]
    match item["type"]:
        case "string_type" if isinstance(item["input"], bool | int | float):
            return "Put it in quotes."
        case "tuple_type":
            return 'Write it as JSON: `["one", "two"]`.' if by_variable else 'Write `["one", "two"]`.'
        case "model_type" | "dict_type":
            names = names_at(path)
            example = f"`{names[0]}: …`" if names else "`name: value`"
            return f"Write {example} and so on below it, indented." if not by_variable else "Write it as JSON: `{…}`."
    return doc_at(path)


def _choice(path: Path, given: Any, place: Place) -> Fault:
    choices = get_args(kind_at(path))
    listed = ", ".join(f"`{choice}`" for choice in choices[:-1])
    rule = f"Must be {listed} or `{choices[-1]}`." if listed else f"Must be `{choices[-1]}`."
    guess = nearest(given, choices) if isinstance(given, str) else ""
    return Fault(place, path, rule, f"Did you mean `{guess}`?" if guess else doc_at(path))


def _known(path: Path, place: Place) -> str:
    """What an unknown setting was meant to be: one spelled alike, one that stands elsewhere, or any of those here."""
    *above, name = path
    here = names_at(tuple(above))
    by_variable = "CHAT_APP__" in place.text
    guess = nearest(str(name), here)
    if guess:
        return f"Did you mean `{name_of((*above, guess)) if by_variable else guess}`?"
    elsewhere = [setting.path for setting in settings() if not setting.section]
    guess = nearest(str(name), tuple(known[-1] for known in elsewhere))
    if guess:
        meant = (f"`{'.'.join(known)}`" for known in elsewhere if known[-1] == guess)
        return f"Did you mean {' or '.join(meant)}?"
    return f"Known here: {', '.join(f'`{one}`' for one in here)}."


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")
