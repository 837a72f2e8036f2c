"""JSON schemas as models read them best: without what pydantic adds for people, and without references.

Small models and the grammars that llama.cpp makes of schemas do better with a schema in one piece.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NAMED: Final = ("properties", "$defs", "patternProperties")
"""Keys whose values hold schemas under names of the author's, not keywords."""


def plain_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without titles, its definitions written where they are used. A recursive one keeps them."""
    definitions = schema.get("$defs", {})
    if any(_refers(name, definitions, frozenset()) for name in definitions):
        return _without_titles(schema)
    plain = _inlined(_without_titles(schema), {name: _without_titles(one) for name, one in definitions.items()})
    return {key: value for key, value in plain.items() if key != "$defs"}


def _refers(name: str, definitions: Mapping[str, Any], seen: frozenset[str]) -> bool:
    """Whether the definition leads back to itself."""
    if name in seen:
        return True
    return any(_refers(one, definitions, seen | {name}) for one in _references(definitions.get(name)))


def _references(value: Any) -> set[str]:
    match value:
        case {"$ref": str() as reference, **rest}:
            return {reference.rpartition("/")[2]} | _references(rest)
        case Mapping():
            return set().union(*(_references(one) for one in value.values()))
        case list():
            return set().union(*(_references(one) for one in value))
    return set()


def _without_titles(schema: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        if key in _NAMED and isinstance(value, Mapping):
            plain[key] = {
                name: _without_titles(one) if isinstance(one, Mapping) else one for name, one in value.items()
            }
        elif isinstance(value, Mapping) and key not in {"default", "const"}:
            plain[key] = _without_titles(value)
        elif isinstance(value, list) and key not in {"default", "enum", "examples", "required"}:
            plain[key] = [_without_titles(one) if isinstance(one, Mapping) else one for one in value]
        else:
            plain[key] = value
    return plain


def _inlined(value: Any, definitions: Mapping[str, Any]) -> Any:
    match value:
        case {"$ref": str() as reference, **rest}:
            return {**_inlined(definitions[reference.rpartition("/")[2]], definitions), **_inlined(rest, definitions)}
        case Mapping():
            return {key: _inlined(one, definitions) for key, one in value.items()}
        case list():
            return [_inlined(one, definitions) for one in value]
    return value
