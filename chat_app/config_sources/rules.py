"""The rules between settings, and between settings and the disk: what no single type can say.

They look at the values before pydantic does, so that they are told together with what it finds, and pass over whatever
has the wrong type: that is told already. Relative paths of files start at the working directory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from chat_app.config import PresetConfig, css_file
from chat_app.config.chat import HUES, LANGUAGES, THEMES
from chat_app.config_sources import theme_file, words_file
from chat_app.config_sources.choice_rules import faults_of_choices
from chat_app.config_sources.draft import Draft, Fault, Path
from chat_app.config_sources.faults import nearest
from chat_app.config_sources.loose import at, is_file, items
from chat_app.config_sources.tool_rules import names_of_tools_are_unique, presets_have_their_tools

_RESERVED = {
    "messages": "The conversation is sent by itself.",
    "model": "Use the preset's own `model`.",
    "stream": "Answers are always streamed.",
}
_OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
    }
)
_FILES = {"language": (".yaml", ".yml"), "theme": (".json",)}
"""How the name of a file ends where a setting takes a name or a file."""
_MARKS = {"logo": (".svg", ".png", ".webp", ".jpg", ".jpeg", ".gif"), "favicon": (".ico", ".png", ".gif", ".svg")}
_MARK_BYTES = 300_000
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")
"""As httpx2 sends them without a word against it: RFC 9110, 5.5, in ASCII."""


def faults_between(draft: Draft, values: Any, cwd: FilePath) -> Iterator[Fault]:
    """The rules that `values` break, which are those of `draft` without nulls."""
    yield from _names_are_unique(draft, values, "endpoints", None)
    yield from _names_are_unique(draft, values, "presets", PresetConfig.model_fields["name"].default)
    yield from _presets_are_usable(draft, values)
    yield from _parameters_are_sendable(draft, values)
    yield from _names_of_parameters_are_free(draft, values)
    yield from _headers_are_sendable(draft, values)
    yield from _certificates_are_checked_or_not(draft, values)
    yield from _who_is_forgotten_logs_out(draft, values)
    yield from _examples_are_matched(draft, values)
    yield from _files_are_there(draft, values, cwd)
    yield from faults_of_choices(draft, values, cwd)
    yield from names_of_tools_are_unique(draft, values)
    yield from presets_have_their_tools(draft, values)
    yield from _marks_are_pictures(draft, values, cwd)
    yield from _words_are_usable(values, cwd)
    yield from _theme_is_usable(draft, values, cwd)


def _names_are_unique(draft: Draft, values: Any, section: str, default: str | None) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for position, item in items(values, section):
        name = item.get("name", default) if isinstance(item, Mapping) else None
        path = (section, position, "name")
        if isinstance(name, str) and not draft.is_broken(path):
            before = first.setdefault(name.strip(), path)
            if before != path:
                rule = f"`{name.strip()}` is the name of `{section}.{before[1]}` already."
                yield Fault(draft.place(path), path, rule, "Give each a name of its own.")


def _presets_are_usable(draft: Draft, values: Any) -> Iterator[Fault]:
    presets = at(values, "presets")
    if presets == []:
        fix = "Leave `presets` out for one called Assistant, or name one."
        yield Fault(draft.place(("presets",)), ("presets",), "There must be at least one.", fix)

    endpoints = at(values, "endpoints")
    names = [at(item, "name") for _, item in items(values, "endpoints")]
    if endpoints is not None and (not isinstance(endpoints, list) or not all(isinstance(name, str) for name in names)):
        return
    known = tuple(name.strip() for name in names)
    for position, preset in items(values, "presets"):
        for number, name in items(preset, "endpoints"):
            if isinstance(name, str) and name.strip() not in known:
                path = ("presets", position, "endpoints", number)
                guess = nearest(name, known)
                fix = f"Known are: {', '.join(f'`{one}`' for one in known)}." if known else ""
                fix = f"Did you mean `{guess}`?" if guess else fix or "Add it to `endpoints`, or leave this out."
                yield Fault(draft.place(path), path, f"There is no endpoint `{name.strip()}`.", fix)


def _parameters_are_sendable(draft: Draft, values: Any) -> Iterator[Fault]:
    for section, setting in (("presets", "parameters"), ("endpoints", "extra_body")):
        for position, item in items(values, section):
            parameters = at(item, setting)
            for name, value in parameters.items() if isinstance(parameters, Mapping) else ():
                path = (section, position, setting, name)
                if name in _RESERVED:
                    yield Fault(draft.place(path), path, "Cannot be a parameter.", f"Remove it. {_RESERVED[name]}")
                    continue
                try:
                    json.dumps(value, allow_nan=False)
                except (TypeError, ValueError):
                    fix = "Write text, a number, true, false, or a list or mapping of these."
                    yield Fault(draft.place(path), path, "Cannot be sent as JSON.", fix)


def _names_of_parameters_are_free(draft: Draft, values: Any) -> Iterator[Fault]:
    """What makes a request one for an answer is neither left out nor renamed, and nothing else gets its name."""
    for position, endpoint in items(values, "endpoints"):
        above: Path = ("endpoints", position)
        named = [((*above, "drop_parameters", number), name) for number, name in items(endpoint, "drop_parameters")]
        renamed = at(endpoint, "rename_parameters")
        for name, other in renamed.items() if isinstance(renamed, Mapping) else ():
            named += [((*above, "rename_parameters", name), one) for one in dict.fromkeys((name, str(other)))]
        for path, name in named:
            if isinstance(name, str) and name.strip() in _RESERVED:
                rule = f"`{name.strip()}` is no parameter: it is always sent."
                yield Fault(draft.place(path), path, rule, f"Remove it. {_RESERVED[name.strip()]}")


def _headers_are_sendable(draft: Draft, values: Any) -> Iterator[Fault]:
    for position, endpoint in items(values, "endpoints"):
        headers = at(endpoint, "extra_headers")
        for name, value in headers.items() if isinstance(headers, Mapping) else ():
            path = ("endpoints", position, "extra_headers", name)
            if not _HEADER_NAME.fullmatch(name):
                fix = "Write letters, digits and hyphens."
                yield Fault(draft.place(path), path, "Cannot be the name of a header.", fix)
            elif name.lower() in _OWN_HEADERS:
                yield Fault(draft.place(path), path, "This header is set by the request itself.", "Remove it.")
            elif isinstance(value, str) and not _HEADER_VALUE.fullmatch(value):
                fix = "Write printable ASCII characters on one line, without blanks around them."
                yield Fault(draft.place(path), path, "Cannot be sent as a header.", fix)


def _certificates_are_checked_or_not(draft: Draft, values: Any) -> Iterator[Fault]:
    for position, endpoint in items(values, "endpoints"):
        if at(endpoint, "ca_file") and str(at(endpoint, "verify")).lower() in {"false", "0", "no", "off"}:
            path = ("endpoints", position, "verify")
            rule = "With `verify: false` nothing is trusted, so `ca_file` has no use."
            yield Fault(draft.place(path), path, rule, "Remove one of the two; to be safe, this one.")


def _who_is_forgotten_logs_out(draft: Draft, values: Any) -> Iterator[Fault]:
    server = at(values, "server")
    forget = str(at(at(values, "chat"), "forget_on_logout")).lower() in {"true", "1", "yes", "on"}
    if forget and not at(server, "user_header") and not at(server, "logout_url"):
        path = ("chat", "forget_on_logout")
        rule = "Nobody logs out here: neither `server.user_header` nor `server.logout_url` is set."
        yield Fault(draft.place(path), path, rule, "Set one of them, or remove this.")


def _examples_are_matched(draft: Draft, values: Any) -> Iterator[Fault]:
    chat = at(values, "chat")
    examples = at(chat, "examples") or []
    for name in ("example_labels", "example_icons"):
        given = at(chat, name)
        if isinstance(given, list) and isinstance(examples, list) and given and len(given) != len(examples):
            path = ("chat", name)
            rule = f"There must be one for each of the {len(examples)} examples; there are {len(given)}."
            yield Fault(draft.place(path), path, rule, "Add or remove some, or leave them all out.")


def _files_are_there(draft: Draft, values: Any, cwd: FilePath) -> Iterator[Fault]:
    certificates = (
        (("endpoints", position, "ca_file"), name)
        for position, endpoint in items(values, "endpoints")
        if isinstance(name := at(endpoint, "ca_file"), str)
    )
    for path, name in (*certificates, *_named_files(at(values, "chat"))):
        rule, fix = "", ""
        if name.lower().startswith(("http:", "https:", "data:", "//")):
            rule, fix = "Must be a file of this machine, not a URL.", "Save the file and name its path."
        elif not is_file(cwd / name):
            rule, fix = f"There is no file `{name}`.", f"Relative paths start at the working directory, `{cwd}`."
        if rule and not draft.is_broken(path):
            yield Fault(draft.place(path), path, rule, fix)

    folder = at(at(values, "chat"), "flagging_dir")
    if isinstance(folder, str) and is_file(cwd / folder):
        path = ("chat", "flagging_dir")
        yield Fault(draft.place(path), path, "Must be a folder; there is a file of this name.", "Name another.")


def _marks_are_pictures(draft: Draft, values: Any, cwd: FilePath) -> Iterator[Fault]:
    """The logo is part of every page that is loaded, and Gradio makes other sizes of the icon."""
    for setting, endings in _MARKS.items():
        name, path = at(at(values, "chat"), setting), ("chat", setting)
        if not isinstance(name, str) or not is_file(cwd / name):
            continue
        if not name.lower().endswith(endings):
            rule = f"Must be a picture whose name ends in {', '.join(endings)}."
            yield Fault(draft.place(path), path, rule, "Save it in one of these forms.")
        elif (cwd / name).stat().st_size > _MARK_BYTES:
            rule = f"The picture is larger than {_MARK_BYTES // 1000} kB."
            yield Fault(draft.place(path), path, rule, "Make it smaller: it is shown no higher than a line or two.")


def _words_are_usable(values: Any, cwd: FilePath) -> Iterator[Fault]:
    language = at(at(values, "chat"), "language")
    if isinstance(language, str) and language.endswith((".yaml", ".yml")):
        yield from words_file.faults_in(cwd / language, language)


def _theme_is_usable(draft: Draft, values: Any, cwd: FilePath) -> Iterator[Fault]:
    theme = at(at(values, "chat"), "theme")
    if isinstance(theme, str) and theme.endswith(_FILES["theme"]):
        for rule, fix in theme_file.faults_in(cwd / theme):
            yield Fault(draft.place(("chat", "theme")), ("chat", "theme"), rule, fix)
    options = at(at(values, "chat"), "theme_options")
    for name in ("primary_hue", "secondary_hue", "neutral_hue"):
        hue, path = at(options, name), ("chat", "theme_options", name)
        if isinstance(hue, str) and re.fullmatch(r"[a-z]+", hue.strip()) and hue.strip() not in HUES:
            guess = nearest(hue.strip(), HUES)
            fix = f"Did you mean `{guess}`?" if guess else f"Known are: {', '.join(HUES)}; or one like `#0a7d5c`."
            yield Fault(draft.place(path), path, "This is none of Gradio's colours.", fix)


def _named_files(chat: Any) -> Iterator[tuple[Path, str]]:
    """The files that the page is told to show, with the settings that name them."""
    for setting in ("example_icons", "avatar_images"):
        for position, name in items(chat, setting):
            if isinstance(name, str):
                yield ("chat", setting, position), name
    css = at(chat, "css")
    if isinstance(css, str) and (file := css_file(css)):
        yield ("chat", "css"), str(file)
    for setting in ("logo", "favicon"):
        if isinstance(name := at(chat, setting), str):
            yield ("chat", setting), name
    for setting, known in (("language", LANGUAGES), ("theme", THEMES)):
        if isinstance(name := at(chat, setting), str) and name not in known and name.endswith(_FILES[setting]):
            yield ("chat", setting), name
