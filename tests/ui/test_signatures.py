"""What Gradio's chat can do is here, or it is said why not: nothing is forgotten, and nothing new goes unseen."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import gradio as gr
import pytest

from chat_app.config import ChatConfig
from chat_app.config_sources.fields import settings
from tests.gradio_tables import ELSEWHERE, GUIDES, NOT_HERE, SAME_NAME, Shown

TESTS = Path(__file__).parents[1]
SETTINGS = {".".join(setting.path) for setting in settings(mixed=True)}
SIGNATURES = {of.__name__: tuple(inspect.signature(of).parameters) for of in (gr.ChatInterface, gr.Chatbot)}


def undecided(
    signatures: Mapping[str, Collection[str]],
    same: Collection[str],
    elsewhere: Collection[str],
    not_here: Collection[str],
) -> Iterator[str]:
    """The parameters about which nothing or too much is said, and what is said of parameters that there are not."""
    for name, parameters in signatures.items():
        for parameter in parameters:
            whole = f"{name}.{parameter}"
            if (parameter in same) + (whole in elsewhere) + (whole in not_here) != 1:
                yield whole
    there = {parameter for parameters in signatures.values() for parameter in parameters}
    whole_there = {f"{name}.{parameter}" for name, parameters in signatures.items() for parameter in parameters}
    yield from sorted({*same} - there)
    yield from sorted({*elsewhere, *not_here} - whole_there)


def test_every_parameter_of_gradios_chat_has_a_setting_or_a_reason() -> None:
    """A new one in another version of Gradio has to be decided about."""
    assert not list(undecided(SIGNATURES, SAME_NAME, ELSEWHERE, NOT_HERE))


def test_a_parameter_that_nobody_decided_about_is_found() -> None:
    """One that is new, one that is gone, and one that is in two places."""
    signatures = {"Chat": ("new", "title", "twice")}
    assert list(undecided(signatures, {"title", "gone", "twice"}, {}, {"Chat.twice": ""})) == [
        "Chat.new",
        "Chat.twice",
        "gone",
    ]


def test_the_settings_of_the_same_name_are_there() -> None:
    """And so are those that stand for a parameter of another name."""
    assert set(ChatConfig.model_fields) >= SAME_NAME
    assert {setting for setting, _ in ELSEWHERE.values()} <= SETTINGS


@pytest.mark.parametrize("shown", GUIDES, ids=lambda shown: shown.what)
def test_what_the_guides_show_has_its_setting_and_its_test(shown: Shown) -> None:
    """The test is one that is there to be run."""
    assert not shown.setting or shown.setting in SETTINGS
    file, _, name = shown.test.partition("::")
    assert name, "no test shows it"
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
