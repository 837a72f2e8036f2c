"""The rules between settings for what visitors may pick and set: parameters, examples, and what models take.

They look at the values before pydantic does, as all rules do (`rules.py`), and pass over whatever has the wrong type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path as FilePath
from typing import Any, Final

from chat_app.config import PresetConfig
from chat_app.config_sources.draft import Draft, Fault, Path
from chat_app.config_sources.faults import nearest
from chat_app.config_sources.loose import at, is_file, items

KNOWN_PARAMETERS: Final = (
    "temperature",
    "top_p",
    "min_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "reasoning_effort",
    "verbosity",
    "stop",
    "system_prompt",
)
"""Parameters whose kind and bounds the page knows by itself (`ui/parameters.py`)."""
_RESERVED: Final = ("messages", "model", "stream", "stream_options", "tools", "tool_choice", "n")
"""What is no visitor's to set: it would change who answers, or what comes back."""
_KEPT: Final = re.compile(r"(?!(?:constructor|prototype|path|url|meta|component)$)[A-Za-z][A-Za-z0-9_.-]{0,63}")
"""The names under which the browser keeps values (`static/history/entry.mjs`), but for those by
which Gradio knows files and components in what is posted."""
_SHAPE: Final = ("minimum", "maximum", "step", "choices", "value")
"""Each of these says what kind of parameter one is."""
_NUMBERS: Final = ("minimum", "maximum", "step", "value")


def faults_of_choices(draft: Draft, values: Any, cwd: FilePath) -> Iterator[Fault]:
    """The rules of this file that `values` break, which are those of `draft` without nulls."""
    yield from _names_of_parameters_are_usable(draft, values)
    yield from _bounds_of_parameters_are_usable(draft, values)
    yield from _examples_can_be_asked(draft, values)
    yield from _files_of_examples_are_there(draft, values, cwd)
    yield from _modalities_are_of_its_models(draft, values)
    yield from _prices_are_numbers(draft, values)


def _names_of_parameters_are_usable(draft: Draft, values: Any) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for path, name, config in _parameters(values):
        rule, fix = "", ""
        before = first.setdefault(name, path)
        if before != path:
            rule, fix = f"`{name}` stands in `chat.parameters.{before[2]}` already.", "Remove one of the two."
        elif name in _RESERVED:
            rule, fix = f"`{name}` is not for visitors to set.", "Remove it."
        elif not _KEPT.fullmatch(name):
            rule = f"`{name}` cannot be the name of a parameter."
            fix = "Begin it with a letter, and write letters, digits, `_`, `.` and `-`, 64 at most."
        elif name not in KNOWN_PARAMETERS and not any(key in config for key in _SHAPE):
            guess = nearest(name, KNOWN_PARAMETERS)
            rule = f"It is not known what `{name}` can be."
            fix = f"Did you mean `{guess}`? Else write" if guess else "Write"
            fix += f" a mapping: `{{name: {name}, minimum: 0, maximum: 1}}`, or with `choices` or a `value`."
        if rule and not draft.is_broken(path):
            yield Fault(draft.place(path), path, rule, fix)


def _bounds_of_parameters_are_usable(draft: Draft, values: Any) -> Iterator[Fault]:
    for above, name, config in _parameters(values):
        numbers = {key: config[key] for key in _NUMBERS if _is_number(config.get(key))}
        endless = [key for key, number in numbers.items() if not isfinite(number)]
        for key in endless:
            path = (*above, key)
            yield Fault(draft.place(path), path, "Must be a number that ends.", "Leave it out for no bound.")
        low, high, value = (numbers.get(key) for key in ("minimum", "maximum", "value"))
        if endless:
            continue
        if low is not None and high is not None and low >= high:
            path = (*above, "maximum")
            yield Fault(draft.place(path), path, f"Must be more than the `minimum`, {low:g}.", "Swap the two?")
        elif value is not None and ((low is not None and value < low) or (high is not None and value > high)):
            path = (*above, "value")
            yield Fault(draft.place(path), path, f"Is out of the bounds of `{name}`.", "Change it or them.")
        choices, picked = config.get("choices"), config.get("value")
        if isinstance(choices, list) and choices and isinstance(picked, str) and picked not in choices:
            path = (*above, "value")
            yield Fault(draft.place(path), path, f"`{picked}` is none of the `choices`.", "Add it there, or name one.")


def _examples_can_be_asked(draft: Draft, values: Any) -> Iterator[Fault]:
    default = PresetConfig.model_fields["name"].default
    presets = at(values, "presets")
    named = [at(item, "name") or default for _, item in items(values, "presets")] if presets else [default]
    known = tuple(name.strip() for name in named if isinstance(name, str))
    allowed = tuple(name for _, name, _ in _parameters(values))
    for position, example in items(at(values, "chat"), "examples"):
        above: Path = ("chat", "examples", position)
        preset = at(example, "preset")
        if isinstance(preset, str) and preset and preset not in known:
            guess = nearest(preset, known)
            fix = f"Did you mean `{guess}`?" if guess else f"There are: {', '.join(f'`{each}`' for each in known)}."
            path = (*above, "preset")
            yield Fault(draft.place(path), path, f"There is no preset `{preset}`.", fix)
        parameters = at(example, "parameters")
        for name in parameters if isinstance(parameters, Mapping) else ():
            if name not in allowed:
                path = (*above, "parameters", name)
                rule = f"`{name}` is not in `chat.parameters`, so nobody may set it."
                yield Fault(draft.place(path), path, rule, "Add it there, or put it into a preset.")


def _files_of_examples_are_there(draft: Draft, values: Any, cwd: FilePath) -> Iterator[Fault]:
    for position, example in items(at(values, "chat"), "examples"):
        for number, name in items(example, "files"):
            path: Path = ("chat", "examples", position, "files", number)
            if not isinstance(name, str) or draft.is_broken(path):
                continue
            if name.lower().startswith(("http:", "https:", "data:", "//")):
                rule, fix = "Must be a file of this machine, not a URL.", "Save the file and name its path."
                yield Fault(draft.place(path), path, rule, fix)
            elif not is_file(cwd / name):
                fix = f"Relative paths start at the working directory, `{cwd}`."
                yield Fault(draft.place(path), path, f"There is no file `{name}`.", fix)


def _modalities_are_of_its_models(draft: Draft, values: Any) -> Iterator[Fault]:
    for position, endpoint in items(values, "endpoints"):
        offered, said = at(endpoint, "models"), at(endpoint, "input_modalities")
        models = tuple(str(model) for model in offered) if isinstance(offered, list | Mapping) else ()
        for name in said if models and isinstance(said, Mapping) else ():
            if name != "*" and name not in models:
                path = ("endpoints", position, "input_modalities", name)
                guess = nearest(str(name), models)
                fix = f"Did you mean `{guess}`?" if guess else "Name one of its `models`, or `*` for all others."
                yield Fault(draft.place(path), path, f"This endpoint has no model `{name}`.", fix)


def _prices_are_numbers(draft: Draft, values: Any) -> Iterator[Fault]:
    for position, preset in items(values, "presets"):
        prices = at(preset, "prices")
        for name in ("prompt", "completion"):
            price = at(prices, name)
            if _is_number(price) and not isfinite(price):
                path = ("presets", position, "prices", name)
                yield Fault(draft.place(path), path, "Must be a price.", "Write what a million tokens cost: `0.15`.")


def _parameters(values: Any) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """What stands in `chat.parameters`: where, its name, and the mapping, which is empty for a bare name."""
    for position, item in items(at(values, "chat"), "parameters"):
        name = at(item, "name") if isinstance(item, Mapping) else item
        if isinstance(name, str) and name.strip():
            yield ("chat", "parameters", position), name.strip(), item if isinstance(item, Mapping) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
