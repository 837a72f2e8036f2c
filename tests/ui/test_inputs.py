from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import gradio as gr

from chat_app.config import ChatConfig, PresetConfig
from chat_app.config_sources.words_file import texts_of
from chat_app.ui.inputs import component_of
from chat_app.ui.parameters import KNOWN, begins, inputs_of
from chat_app.ui.words import Words

ROOT = Path(__file__).parent.parent.parent
PAGE = """
import json, os, sys
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
import gradio as gr
from chat_app.config import ChatConfig, PresetConfig
from chat_app.config_sources.words_file import texts_of
from chat_app.ui.inputs import render_inputs
from chat_app.ui.words import Words
chat = ChatConfig(parameters=sys.argv[1:], additional_inputs_accordion="More")
with gr.Blocks() as page:
    inputs = render_inputs(chat, PresetConfig(), Words(texts_of("en")))
assert list(inputs) == sys.argv[1:]
print(json.dumps(page.get_config_file()["components"]))
"""
ENGLISH = Words(texts_of("en"))


def rendered(*parameters: Any, **preset: Any) -> dict[str, Any]:
    """The components, each by itself: a page would leave sockets open behind the test."""
    chat = ChatConfig.model_validate({"parameters": parameters})
    shown = begins(chat, PresetConfig(**preset))
    return {each.name: component_of(each, shown[each.name], ENGLISH) for each in inputs_of(chat)}


def on_a_page(*names: str) -> list[dict[str, Any]]:
    """What Gradio's frontend is given of a page with these, which another process makes."""
    done = subprocess.run(  # noqa: S603 -- our own sources
        [sys.executable, "-W", "ignore", "-c", PAGE, *names], cwd=ROOT, capture_output=True, text=True, check=True
    )
    components: list[dict[str, Any]] = json.loads(done.stdout)
    return components


def test_each_parameter_has_the_component_that_fits() -> None:
    """With bounds, the page's words, and what it shows at first."""
    inputs = rendered(
        "temperature", "max_tokens", "reasoning_effort", "system_prompt", {"name": "cache", "value": True}
    )
    slider, number, choice, prompt, switch = inputs.values()
    assert isinstance(slider, gr.Slider)
    assert (slider.minimum, slider.maximum, slider.step, slider.value, slider.label) == (0, 2, 0.1, 1, "Temperature")
    assert slider.info == "Left as it is, the preset decides."
    assert isinstance(number, gr.Number)
    assert (number.minimum, number.value, number.precision, number.placeholder) == (1, None, 0, "Not set")
    assert isinstance(choice, gr.Dropdown)
    assert choice.choices == [("Not set", ""), *((each, each) for each in ("minimal", "low", "medium", "high"))]
    assert choice.value == ""
    assert isinstance(prompt, gr.Textbox)
    assert (prompt.lines, prompt.max_length, prompt.label) == (4, 20_000, "System prompt")
    assert isinstance(switch, gr.Checkbox)
    assert switch.value is True
    assert switch.label == "Cache"


def test_the_presets_own_values_are_shown_and_its_prompt_is_not() -> None:
    """What the model is told may be nobody's business."""
    inputs = rendered("temperature", "system_prompt", system_prompt="Secret.", parameters={"temperature": 0.3})
    assert inputs["temperature"].value == 0.3
    assert not inputs["system_prompt"].value


def test_a_value_that_cannot_be_picked_shows_as_none() -> None:
    """A preset may have more than visitors may pick."""
    assert rendered("reasoning_effort", parameters={"reasoning_effort": "xhigh"})["reasoning_effort"].value == ""


def test_the_operators_words_come_first() -> None:
    """And those of the language stand where there are none."""
    inputs = rendered({"name": "temperature", "label": "Warmth", "info": "Less is more"}, "stop")
    assert (inputs["temperature"].label, inputs["temperature"].info) == ("Warmth", "Less is more")
    assert inputs["stop"].info == "One text a line"


def test_they_stand_in_one_accordion_under_the_configured_name() -> None:
    """Closed, and found by its id; each component by its own."""
    props = {each["props"].get("elem_id"): each["props"] for each in on_a_page(*KNOWN)}
    assert (props["parameters"]["label"], props["parameters"]["open"]) == ("More", False)
    assert set(props) >= {"parameters", *(f"parameter-{name}" for name in KNOWN)}
    assert props["parameter-temperature"]["value"] == 1


def test_nothing_to_set_makes_no_accordion() -> None:
    """The page stays as it was."""
    assert on_a_page() == []
