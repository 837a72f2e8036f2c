from __future__ import annotations

from typing import Any

import pytest

from chat_app.config import ChatConfig, PresetConfig
from chat_app.errors import ChoiceError
from chat_app.ui.parameters import KNOWN, Chosen, begins, checked, input_of, inputs_of

NONE = PresetConfig()


def chat(*parameters: Any) -> ChatConfig:
    """Settings that let visitors set these."""
    return ChatConfig.model_validate({"parameters": parameters})


def used(posted: dict[str, Any], *parameters: Any, **own: Any) -> dict[str, Any]:
    """The parameters of the request; `own` are the preset's."""
    return dict(checked(chat(*parameters), PresetConfig(parameters=own), posted).parameters)


def refused(posted: dict[str, Any], *parameters: Any) -> ChoiceError:
    """The error that values are refused with."""
    with pytest.raises(ChoiceError) as raised:
        checked(chat(*parameters), NONE, posted)
    return raised.value


def test_a_known_name_needs_no_mapping() -> None:
    """Each has its kind and bounds."""
    kinds = {each.name: each.kind for each in inputs_of(chat(*KNOWN))}
    assert kinds["temperature"] == kinds["top_p"] == kinds["presence_penalty"] == "slider"
    assert kinds["max_tokens"] == kinds["seed"] == "number"
    assert kinds["reasoning_effort"] == "choice"
    assert kinds["system_prompt"] == "lines"
    [temperature] = inputs_of(chat("temperature"))
    assert (temperature.minimum, temperature.maximum, temperature.step) == (0, 2, 0.1)


def test_a_mapping_overrides_what_is_known() -> None:
    """Bounds, step and words; two bounds make a slider of a number, choices make one to pick from."""
    cool, longest, seed = inputs_of(
        chat(
            {"name": "temperature", "maximum": 1, "label": "Warmth", "info": "Less is more"},
            {"name": "max_tokens", "minimum": 100, "maximum": 2000, "step": 100},
            {"name": "seed", "choices": ["1", "2"]},
        )
    )
    assert (cool.minimum, cool.maximum, cool.step, cool.label, cool.info) == (0, 1, 0.1, "Warmth", "Less is more")
    assert (longest.kind, longest.step, longest.whole) == ("slider", 100, True)
    assert (seed.kind, seed.choices) == ("choice", ("1", "2"))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"minimum": 0, "maximum": 5}, "slider"),
        ({"minimum": 0}, "number"),
        ({"value": 3}, "number"),
        ({"value": True}, "switch"),
        ({"value": "plain"}, "text"),
        ({"choices": ["a", "b"]}, "choice"),
    ],
)
def test_the_mapping_says_what_an_unknown_name_is(more: dict[str, Any], kind: str) -> None:
    """By its bounds, its choices, or what it begins with."""
    assert inputs_of(chat({"name": "repeat_penalty", **more}))[0].kind == kind


def test_a_slider_has_a_step_of_its_own() -> None:
    """A hundred positions, or whole numbers."""
    steps = [input_of(each).step for each in chat(
        {"name": "a", "minimum": 0, "maximum": 5}, {"name": "b", "minimum": 0, "maximum": 500}
    ).parameters if not isinstance(each, str)]  # fmt: skip
    assert steps == [0.05, 1]


def test_what_is_shown_at_first_is_the_presets_own() -> None:
    """The operator's `value` comes before it; what nobody set is empty, but for sliders."""
    own = PresetConfig(system_prompt="Secret.", parameters={"temperature": 0.7, "top_p": 0.5, "stop": ["a", "b"]})
    names = ["temperature", {"name": "top_p", "value": 0.9}, "max_tokens", "presence_penalty", "stop", "system_prompt"]
    assert begins(chat(*names), own) == {
        "temperature": 0.7,
        "top_p": 0.9,
        "max_tokens": None,
        "presence_penalty": 0,
        "stop": "a\nb",
        "system_prompt": None,
    }
    assert begins(chat("temperature", {"name": "cache", "value": False}), NONE) == {"temperature": 1, "cache": False}
    assert begins(chat({"name": "temperature", "maximum": 0.5}), NONE) == {"temperature": 0.5}
    assert begins(chat("reasoning_effort"), NONE) == {"reasoning_effort": ""}


def test_what_was_left_alone_is_not_sent() -> None:
    """A slider always stands somewhere; where it stood at first it says nothing. Empty boxes say nothing either."""
    assert used({"temperature": 1, "max_tokens": None, "stop": ""}, "temperature", "max_tokens", "stop") == {}
    assert used({"temperature": 0.7}, "temperature", temperature=0.7) == {}
    assert used({"temperature": 0.7000000000000001}, "temperature", temperature=0.7) == {}
    assert used({}, "temperature") == {}


def test_what_was_moved_is_sent() -> None:
    """Also to what the server may take by itself, where the preset has another."""
    assert used({"temperature": 0}, "temperature") == {"temperature": 0}
    assert used({"temperature": 1}, "temperature", temperature=0.7) == {"temperature": 1}
    assert used({"seed": 7.0, "reasoning_effort": "low"}, "seed", "reasoning_effort") == {
        "seed": 7,
        "reasoning_effort": "low",
    }
    assert used({"stop": "END\n\nSTOP"}, "stop") == {"stop": ["END", "STOP"]}


def test_the_operators_value_is_sent_untouched() -> None:
    """It was set; the visitor's comes before it."""
    tuned = {"name": "temperature", "value": 0.2}
    assert used({}, tuned) == used({"temperature": 0.2}, tuned) == {"temperature": 0.2}
    assert used({"temperature": 0.3}, tuned) == {"temperature": 0.3}
    assert used({}, {"name": "stop", "value": "END"}) == {"stop": ["END"]}


def test_the_system_prompt_comes_apart() -> None:
    """It is no parameter of the request; an empty one leaves the preset's."""
    allowed = chat("system_prompt")
    assert checked(allowed, NONE, {"system_prompt": "Be brief."}) == Chosen({}, "Be brief.")
    assert checked(allowed, NONE, {"system_prompt": ""}) == Chosen({}, None)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("temperature", 2.1, "a number from 0 to 2."),
        ("temperature", "hot", "a number from 0 to 2."),
        ("temperature", True, "a number from 0 to 2."),
        ("temperature", float("nan"), "a number from 0 to 2."),
        ("temperature", float("inf"), "a number from 0 to 2."),
        ("temperature", [1], "a number from 0 to 2."),
        ("max_tokens", 0, "a whole number of 1 or more."),
        ("max_tokens", 1.5, "a whole number of 1 or more."),
        ("reasoning_effort", "extreme", "one of minimal, low, medium, high."),
        ("reasoning_effort", ["low"], "one of minimal, low, medium, high."),
        ("reasoning_effort", {}, "one of minimal, low, medium, high."),
        ("system_prompt", "x" * 20_001, "text of at most 20,000 characters."),
        ("system_prompt", 5, "text of at most 20,000 characters."),
        ("stop", ["END"], "text of at most 1,000 characters."),
        ("stop", "a\nb\nc\nd\ne", "It can have 4 at most."),
    ],
)
def test_what_is_out_of_bounds_is_refused(name: str, value: Any, rule: str) -> None:
    """Whoever posts it, with what it could be."""
    error = refused({name: value}, name)
    assert f"`{name}`" in error.sentence
    assert error.hint.endswith(rule)
    assert len(str(error)) < 300


def test_a_switch_is_true_or_false() -> None:
    """And nothing like it."""
    switch = {"name": "cache_prompt", "value": False}
    assert used({"cache_prompt": True}, switch) == {"cache_prompt": True}
    assert refused({"cache_prompt": 1}, switch).hint == "It has to be true or false."


def test_what_may_not_be_set_is_refused() -> None:
    """With what may; a preset's parameters are the operator's."""
    error = refused({"max_tokens": 5}, "temperature", "seed")
    assert error.sentence == "`max_tokens` cannot be set here."
    assert error.hint == "What can be set: `temperature`, `seed`."
    assert "chat.parameters" in refused({"x" * 5000: 5}).hint
    assert len(refused({"x" * 5000: 5}).sentence) < 200


def test_a_number_beyond_all_bounds_is_refused_and_no_defect() -> None:
    """JSON has integers of any length."""
    with pytest.raises(ChoiceError):
        checked(ChatConfig(parameters=("seed",)), PresetConfig(), {"seed": 10**400})
