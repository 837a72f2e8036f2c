"""The YAML file: read with the line of every value and `${NAME}` filled in, and written so that it reads the same.

PyYAML composes the nodes, which know their lines; how one becomes a value is PyYAML's safe constructor, except that
dates stay text, because no setting is a date. `${NAME}` and `${NAME:-default}` are filled inside values, never inside
keys or comments, so that a variable cannot change the structure of the file; `$${` stands for `${`. No message repeats
a value: what stands in the file may be a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml.constructor import ConstructorError, SafeConstructor

from chat_app.config_sources.draft import Draft, Fault, Path, file_line
from chat_app.config_sources.fields import value_of

_VARIABLE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_]\w*)(?P<or>:-(?P<default>[^{}]*))?\}|(?P<bad>\$\{\w)", re.ASCII)
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029]")
"""Ends of lines that YAML makes `\\n` of, unless they are escaped."""
_RESOLVED = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))
_TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "timestamp", "value"))


def read(content: bytes, file: str, environ: Mapping[str, str]) -> tuple[Draft, tuple[Fault, ...]]:
    """What the file sets, and what is wrong with it as YAML. `file` is what messages call it."""
    try:
        node = yaml.compose(content.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Draft(), (Fault(file_line(file, line), (), "This is not UTF-8 text.", "Save the file as UTF-8."),)
    except yaml.YAMLError as error:
        return Draft(), (_syntax_fault(error, content, file),)
    if node is None:
        return Draft(), ()

    reader = _Reader(file, environ)
    values = reader.value(node, (), 1, frozenset())
    if not isinstance(values, dict):
        fault = Fault(file_line(file, 1), (), "The file must hold settings.", "Begin with `chat:`, for example.")
        return Draft(), (*reader.faults, fault)
    return Draft(values, reader.places, reader.broken), tuple(reader.faults)


def written(values: Any) -> str:
    """`values` as YAML that `read` reads back as they are; texts of several lines stand as such."""
    return yaml.dump(_escaped(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """PyYAML's own, with texts of several lines as blocks and no anchors."""

    def represent_scalar(self, tag: str, value: Any, style: str | None = None) -> yaml.ScalarNode:
        if isinstance(value, str) and _OTHER_BREAKS.search(value):
            style = '"'
        elif isinstance(value, str) and "\n" in value:
            style = "|"
        return super().represent_scalar(tag, value, style)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 -- the signature is PyYAML's
        return True


class _Reader:
    """Makes values of nodes and notes the place of each, and the faults, as it goes."""

    def __init__(self, file: str, environ: Mapping[str, str]) -> None:
        self._file = file
        self._environ = environ
        self._constructor = SafeConstructor()
        self._checked: set[int] = set()
        self.places: dict[Path, Any] = {}
        self.broken: dict[Path, Fault] = {}
        self.faults: list[Fault] = []

    def value(self, node: yaml.Node, path: Path, line: int, above: frozenset[int]) -> Any:
        """The value of `node`, which stands at `path` and `line`, inside the nodes `above`."""
        self.places[path] = file_line(self._file, line)
        if id(node) in above:
            return self._break(path, "An alias (`*`) stands for something that it is itself part of.", "Write it out.")
        above |= {id(node)}
        match node:
            case yaml.MappingNode():
                return {
                    key.value: self.value(child, (*path, key.value), key.start_mark.line + 1, above)
                    for key, child in self._pairs(node, path)
                }
            case yaml.SequenceNode():
                return [
                    self.value(child, (*path, position), child.start_mark.line + 1, above)
                    for position, child in enumerate(node.value)
                ]
            case yaml.ScalarNode():
                return self._scalar(node, path)
        return None

    def _pairs(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        """The keys and values of a mapping, with what `<<` merges into it; its own come last and so win."""
        if id(node) not in self._checked:
            self._checked.add(id(node))
            self._note_duplicates(node, path)
            try:
                self._constructor.flatten_mapping(node)
            except ConstructorError:
                self._break(path, "`<<` can merge only mappings.", "Give it an alias (`*name`) of a mapping.")
        for key, child in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, child
            else:
                place = file_line(self._file, key.start_mark.line + 1)
                self.faults.append(Fault(place, path, "A setting's name must be plain text.", "Put `${…}` in quotes."))

    def _note_duplicates(self, node: yaml.MappingNode, path: Path) -> None:
        first: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            line = key.start_mark.line + 1
            if key.value in first:
                rule = f"This stands here twice; the first is in line {first[key.value]}."
                self.faults.append(Fault(file_line(self._file, line), (*path, key.value), rule, "Keep one of the two."))
            first.setdefault(key.value, line)

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> Any:
        if "${" in node.value:
            return self._filled(node.value, path)
        if node.tag in _RESOLVED:
            try:
                return self._constructor.construct_object(node)
            except (ValueError, LookupError):
                return self._break(path, "The value does not fit the tag before it.", "Remove the tag (`!!…`).")
        if node.tag in _TEXT:
            return node.value
        return self._break(path, "The value has a tag that means nothing here.", "Remove the tag (`!…`).")

    def _filled(self, text: str, path: Path) -> Any:
        """`text` with its variables. What is nothing but one variable may become a number or a list."""
        unset: list[str] = []
        bad = False

        def fill(found: re.Match[str]) -> str:
            nonlocal bad
            bad = bad or found["bad"] is not None
            if found["name"] is None:
                return "${"
            value = self._environ.get(found["name"])
            if value is None and not found["or"]:
                unset.append(found["name"])
            return value or found["default"] or ""

        filled = _VARIABLE.sub(fill, text)
        if bad:
            fix = "Write `${NAME}` or `${NAME:-default}`, the default without braces; `$${` stands for `${` itself."
            return self._break(path, "`${` does not begin the name of a variable.", fix)
        if unset:
            names = ", ".join(f"`{name}`" for name in dict.fromkeys(unset))
            fix = f"Set it in the environment or in `.env`, or give a default: `${{{unset[0]}:-…}}`."
            return self._break(path, f"The environment variable {names} is not set.", fix)
        whole = _VARIABLE.fullmatch(text)
        return value_of(path, filled) if whole and whole["name"] else filled

    def _break(self, path: Path, rule: str, fix: str) -> None:
        self.broken[path] = Fault(self.places[path], path, rule, fix)


def _syntax_fault(error: yaml.YAMLError, content: bytes, file: str) -> Fault:
    """What PyYAML could not read, by its line, without the text that stands there."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    position = getattr(error, "position", None)
    if mark is None and isinstance(position, int):
        line = content.decode("utf-8-sig")[:position].count("\n") + 1
    fix = "Look at the indentation, the colons and the quotes of this line and the one above it."
    lines = content.decode("utf-8-sig").splitlines()
    if any("${" in near for near in lines[max(line - 2, 0) : line]):
        fix = "Inside `[ ]` and `{ }`, and where a default holds `: ` or ` #`, put `${NAME}` in quotes."
    return Fault(file_line(file, line), (), f"This is not YAML: {what}.", fix)


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, Mapping):
        return {key: _escaped(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(child) for child in value]
    return value
