"""The page's own words: the shipped languages, and files of words that `chat.language` names.

A file may be partial: what it lacks is English. It must say its `language`, and it may hold no key and no placeholder
that English does not have: those would never be seen, and nobody would know why. `${NAME}` is not filled here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from chat_app.config.chat import LANGUAGES
from chat_app.config_sources.draft import Draft, Fault, file_line
from chat_app.config_sources.faults import nearest
from chat_app.config_sources.yaml_file import read

Texts: TypeAlias = Mapping[str, str | Mapping[str, str]]

_SETTING: Final = ("chat", "language")
_FORMS: Final = ("one", "other")
_PLACE = re.compile(r"\{(\w+)\}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def texts_of(language: str) -> Texts:
    """All texts by their keys for a value of `chat.language`: `de`, or a file that `faults_in` finds nothing wrong in.

    Raises `OSError` when there is no such file.
    """
    return {**_shipped("en"), **(_shipped(language) if language in LANGUAGES else _texts(Path(language)))}


def changed(texts: Texts) -> Texts:
    """Those of `texts` that are not as in English: what the page has to be told, since it knows the English ones."""
    english = _shipped("en")
    return {key: text for key, text in texts.items() if text != english[key]}


def shipped_file(language: str) -> str:
    """The shipped file of a language, as it is, with its comments."""
    return (files("chat_app.ui") / "words" / f"{language}.yaml").read_text(encoding="utf-8")


def faults_in(path: Path, name: str) -> Iterator[Fault]:
    """What is wrong with the file of words at `path`, which messages call `name`; nothing when it cannot be read."""
    try:
        draft, faults = read(path.read_bytes(), name, {})
    except OSError:
        return
    for fault in faults:
        yield Fault(fault.place, _SETTING, fault.rule, fault.fix)
    for fault in draft.broken.values():
        yield Fault(fault.place, _SETTING, fault.rule, "In words no variable is filled: write plain text.")
    if faults or draft.broken:
        return
    if not draft.values:
        yield Fault(file_line(name, 1), _SETTING, "There are no words in it.", "`chat-app config words` prints all.")
        return
    for key, text in draft.values.items():
        for rule, fix in _faults_of(key, text):
            yield Fault(draft.place((key,)), _SETTING, rule, fix)
    yield from _language_is_said(draft, name)


def _language_is_said(draft: Draft, name: str) -> Iterator[Fault]:
    said = draft.values.get("language")
    if not isinstance(said, str) or not _LANGUAGE.fullmatch(said):
        place = draft.place(("language",)) if "language" in draft.values else file_line(name, 1)
        fix = "Write the code of the language: `language: fr`. Screen readers go by it."
        yield Fault(place, _SETTING, "`language` must be the code of a language.", fix)


def _faults_of(key: str, text: Any) -> Iterator[tuple[str, str]]:
    """Pairs of a rule that the text of a key breaks, and the fix."""
    known = _shipped("en")
    if key not in known:
        guess = nearest(key, tuple(known))
        fix = f"Did you mean `{guess}`?" if guess else "`chat-app config words` prints all keys."
        yield f"The page has no word with the key `{key}`.", fix
        return
    forms = {"": text} if isinstance(text, str) else text
    plural = isinstance(known[key], Mapping)
    if (
        not isinstance(forms, Mapping)
        or not all(isinstance(form, str) for form in forms.values())
        or (plural and "" not in forms and ("other" not in forms or not set(forms) <= set(_FORMS)))
        or (not plural and "" not in forms)
    ):
        wanted = "texts for `one` and `other`" if plural else "text"
        yield f"`{key}` must be {wanted}.", "Put it in quotes if it looks like a number, or like yes or no."
        return
    places = _places(known[key])
    for form, said in forms.items():
        where = f"`{key}.{form}`" if form else f"`{key}`"
        given = set(_PLACE.findall(said))
        for place in sorted(given - places):
            there = ", ".join(f"`{{{one}}}`" for one in sorted(places))
            yield f"{where} has `{{{place}}}`, which is never filled.", f"There is {there or 'nothing to fill here'}."
        if form != "one" and (missing := sorted(places - given)):
            yield f"{where} lacks `{{{missing[0]}}}`.", "What English has in braces must stand here too."


def _places(text: str | Mapping[str, str]) -> set[str]:
    return set(_PLACE.findall(text if isinstance(text, str) else text["other"]))


@cache
def _shipped(language: str) -> Texts:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # a tenth of the time, at every start
    texts: Texts = yaml.load(shipped_file(language), Loader=loader)  # noqa: S506 -- both are safe
    return texts


def _texts(path: Path) -> Texts:
    texts: Texts = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    return texts
