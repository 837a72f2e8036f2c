"""The rules for what visitors may pick and set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chat_app.config_sources.choice_rules import KNOWN_PARAMETERS
from chat_app.ui.parameters import KNOWN
from tests.config_sources.sources import load_from, problems_of, told


def said(folder: Path, yaml: str, **sources: Any) -> list[str]:
    """The problems as people read them."""
    return told(problems_of(lambda: load_from(folder, yaml, **sources))).splitlines()


def test_the_known_parameters_are_those_that_the_page_knows() -> None:
    """One list in each of two places that may not see each other."""
    assert tuple(KNOWN) == KNOWN_PARAMETERS


def test_parameters_that_are_known_or_have_a_shape_are_fine(tmp_path: Path) -> None:
    """By name, or as a mapping."""
    yaml = (
        "chat:\n  parameters:\n    - temperature\n    - {name: top_p, maximum: 0.5}\n"
        "    - {name: repeat_penalty, minimum: 1, maximum: 2, value: 1.1}\n"
        "    - {name: mode, choices: [a, b], value: b}\n"
        "  examples:\n    - {text: Hi, parameters: {temperature: 0, mode: a}, preset: Assistant}\n"
    )
    assert not said(tmp_path, yaml)


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        (
            "temprature",
            (
                "chat.parameters.1: It is not known what `temprature` can be. Did you mean `temperature`? Else write a "
                "mapping: `{name: temprature, minimum: 0, maximum: 1}`, or with `choices` or a `value`."
            ),
        ),
        (
            "{name: xyz, label: Zz}",
            (
                "chat.parameters.1: It is not known what `xyz` can be. Write a mapping: `{name: xyz, minimum: 0, "
                "maximum: 1}`, or with `choices` or a `value`."
            ),
        ),
        ("seed", "chat.parameters.1: `seed` stands in `chat.parameters.0` already. Remove one of the two."),
        ("{name: ' seed '}", "chat.parameters.1: `seed` stands in `chat.parameters.0` already. Remove one of the two."),
        ("model", "chat.parameters.1: `model` is not for visitors to set. Remove it."),
        (
            "{name: top k, minimum: 1}",
            (
                "chat.parameters.1: `top k` cannot be the name of a parameter. Begin it with a letter, and write "
                "letters, digits, `_`, `.` and `-`, 64 at most."
            ),
        ),
        (
            "{name: top_p, minimum: 1, maximum: 0}",
            "chat.parameters.1.maximum: Must be more than the `minimum`, 1. Swap the two?",
        ),
        (
            "{name: top_p, maximum: 0.5, value: 0.6}",
            "chat.parameters.1.value: Is out of the bounds of `top_p`. Change it or them.",
        ),
        (
            "{name: mode, choices: [a, b], value: c}",
            "chat.parameters.1.value: `c` is none of the `choices`. Add it there, or name one.",
        ),
        (
            "{name: top_p, maximum: .inf}",
            "chat.parameters.1.maximum: Must be a number that ends. Leave it out for no bound.",
        ),
    ],
)
def test_a_parameter_that_cannot_be_set_is_told(tmp_path: Path, parameter: str, problem: str) -> None:
    """With the line, the rule and the fix."""
    yaml = f"chat:\n  parameters:\n    - seed\n    - {parameter}\n"
    assert said(tmp_path, yaml) == [f"chat.yaml:4: {problem}"]


def test_an_example_names_what_there_is(tmp_path: Path) -> None:
    """A preset of the settings, and parameters that visitors may set."""
    yaml = (
        "presets:\n  - name: Eye\nchat:\n  parameters: [seed]\n  examples:\n    - Hi\n"
        "    - {text: A, preset: Eya}\n    - {text: B, preset: xyz}\n    - {text: C, parameters: {top_p: 1, seed: 1}}\n"
    )
    assert said(tmp_path, yaml) == [
        "chat.yaml:7: chat.examples.1.preset: There is no preset `Eya`. Did you mean `Eye`?",
        "chat.yaml:8: chat.examples.2.preset: There is no preset `xyz`. There are: `Eye`.",
        (
            "chat.yaml:9: chat.examples.3.parameters.top_p: `top_p` is not in `chat.parameters`, so nobody may set it. "
            "Add it there, or put it into a preset."
        ),
    ]


def test_the_files_of_an_example_are_there(tmp_path: Path) -> None:
    """On this machine, not on the net."""
    (tmp_path / "a.txt").write_text("Text.")
    yaml = "chat:\n  examples:\n    - text: Hi\n      files: [a.txt, b.txt, 'https://x.test/c.png']\n"
    assert said(tmp_path, yaml) == [
        (
            "chat.yaml:4: chat.examples.0.files.1: There is no file `b.txt`. "
            f"Relative paths start at the working directory, `{tmp_path}`."
        ),
        (
            "chat.yaml:4: chat.examples.0.files.2: Must be a file of this machine, not a URL. "
            "Save the file and name its path."
        ),
    ]


def test_what_models_take_is_said_of_models_that_there_are(tmp_path: Path) -> None:
    """Where they are configured; the star stands for all others."""
    endpoint = "  - {name: a, base_url: 'http://a', models: [llava], input_modalities: {%s: [image]}}\n"
    assert said(tmp_path, "endpoints:\n" + endpoint % "lava") == [
        "chat.yaml:2: endpoints.0.input_modalities.lava: This endpoint has no model `lava`. Did you mean `llava`?"
    ]
    assert not said(tmp_path, "endpoints:\n" + endpoint % "'*'")
    assert not said(tmp_path, "endpoints:\n" + (endpoint % "any").replace("models: [llava], ", ""))


def test_a_price_is_a_number_that_ends(tmp_path: Path) -> None:
    """Infinity can be written in YAML."""
    assert said(tmp_path, "presets:\n  - prices: {prompt: .inf, completion: 1}\n") == [
        "chat.yaml:2: presets.0.prices.prompt: Must be a price. Write what a million tokens cost: `0.15`."
    ]
    assert not said(tmp_path, "presets:\n  - prices: {prompt: 0, completion: 1.5}\n")


@pytest.mark.parametrize(
    "yaml",
    [
        "chat:\n  parameters: 5\n",
        "chat:\n  parameters: [5, {name: [1]}, {label: x}]\n",
        "chat:\n  parameters: [{name: seed, minimum: low, choices: 5}]\n",
        "chat:\n  examples: [5, {text: 5, files: 5, parameters: 5, preset: 5}]\n",
        "endpoints: [{name: a, base_url: 'http://a', models: 5, input_modalities: 5}]\n",
        "presets: [{prices: 5}, 5]\n",
    ],
)
def test_what_has_the_wrong_type_is_told_as_that(tmp_path: Path, yaml: str) -> None:
    """And not looked at any further."""
    assert said(tmp_path, yaml)


def test_what_is_a_name_or_a_mapping_is_told_as_what_it_was_meant_for(tmp_path: Path) -> None:
    """Who wrote a mapping is not told that it could have been text."""
    yaml = "chat:\n  parameters:\n    - {name: top_p, minimun: 0}\n    - ''\n    - 5\n  examples:\n    - {txt: Hi}\n"
    problems = said(tmp_path, yaml)
    assert [problem.partition(". ")[0] for problem in problems] == [
        "chat.yaml:3: chat.parameters.0.minimun: There is no such setting",
        "chat.yaml:4: chat.parameters.1: Must not be empty",
        "chat.yaml:5: chat.parameters.2: Must be text or settings with names",
        "chat.yaml:7: chat.examples.0.text: Is missing",
        "chat.yaml:7: chat.examples.0.txt: There is no such setting",
    ]
    assert problems[0].endswith("Did you mean `minimum`?")
    assert problems[-1].endswith("Did you mean `text`?")
