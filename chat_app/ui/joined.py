"""The modules of the page as one module, so that a browser asks once instead of 65 times.

Each becomes a function that is called once, behind those that it imports, and gives out what it exports. That is all
that ES modules here do: they import by name or as a whole from one another, export constants, classes and what they
have imported, wait for nothing at their top, and form no circle. What does not fit is refused, and a test reads ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from posixpath import dirname, join, normpath, relpath
from typing import Final

PATH: Final = "page/page.mjs"
"""Where the one module is, among the others."""
_IMPORT: Final = re.compile(
    r'^import (?:\* as (?P<whole>\w+)|\{(?P<names>[^}]*)\}) from "(?P<of>\.[^"]+)";', re.MULTILINE
)
_IMPORT_ALONE: Final = re.compile(r'^import "(?P<of>\.[^"]+)";', re.MULTILINE)
_AGAIN: Final = re.compile(r'^export \{(?P<names>[^}]*)\} from "(?P<of>\.[^"]+)";', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:const|class|function|async function) (?P<name>\w+))", re.MULTILINE)
_LEFT: Final = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def joined(modules: Mapping[str, str]) -> str:
    """One module that does what all `modules`, texts by their paths, do in the order in which they need each other.

    Raises `ValueError` for a form of import or export that is not known, and for modules that import each other.
    """
    needs = {path: sorted(_imported(path, text)) for path, text in modules.items()}
    order = list(TopologicalSorter(needs).static_order())
    numbers = {path: number for number, path in enumerate(order)}
    return "\n".join(["const $ = [];", *(_function(path, modules[path], numbers) for path in order)])


def _imported(path: str, text: str) -> set[str]:
    found = {match["of"] for form in (_IMPORT, _IMPORT_ALONE, _AGAIN) for match in form.finditer(text)}
    return {_path_of(of, path) for of in found}


def _path_of(of: str, path: str) -> str:
    return normpath(join(dirname(path), of))


def _function(path: str, text: str, numbers: Mapping[str, int]) -> str:
    exported = [match["name"] for match in _EXPORT.finditer(text)]

    def imports(match: re.Match[str]) -> str:
        other = f"$[{numbers[_path_of(match['of'], path)]}]"
        return f"const {match['whole'] or _pattern(match['names'])} = {other};"

    def exports_again(match: re.Match[str]) -> str:
        other = f"$[{numbers[_path_of(match['of'], path)]}]"
        exported.extend(f"{known}: {other}.{name}" for name, known in _names(match["names"]))
        return ""

    text = _IMPORT_ALONE.sub("", _EXPORT.sub("", _AGAIN.sub(exports_again, _IMPORT.sub(imports, text))))
    if left := _LEFT.search(text):
        raise ValueError(f"{path} has what cannot be joined: {left[0]}")
    # What a module asks for by its own address is where it was.
    own = relpath(path, dirname(PATH))
    text = text.replace("import.meta.url", f'new URL("{own}", import.meta.url).href')
    return f"// {path}\n$[{numbers[path]}] = (() => {{\n{text.strip()}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _names(names: str) -> list[tuple[str, str]]:
    """What stands in `a, b as c`: each with the name that it has there."""
    pairs = [name.strip().partition(" as ") for name in names.split(",") if name.strip()]
    return [(name, known or name) for name, _, known in pairs]


def _pattern(names: str) -> str:
    return f"{{ {', '.join(name if name == known else f'{name}: {known}' for name, known in _names(names))} }}"
