"""The boxes and sliders with which visitors set `chat.parameters`, in an accordion.

What there is, how far it goes and what it begins with is `parameters.py`'s. The values belong to the browser: its
script keeps them with the conversation and posts them with each turn, so no component here is an input of an event of
the server, which would refuse what it does not expect with words of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from chat_app.config import ChatConfig, PresetConfig
from chat_app.ui.parameters import Input, begins, inputs_of
from chat_app.ui.words import Words

LINES = 4
"""How high a box for long text is at first."""


def render_inputs(chat: ChatConfig, preset: PresetConfig, words: Words) -> dict[str, Component]:
    """The components by the names of what they set, in an accordion that is made here; none makes none.

    To be called where the accordion is to stand. `preset` is the first one, whose values they show.
    """
    inputs = inputs_of(chat)
    if not inputs:
        return {}
    shown = begins(chat, preset)
    with gr.Accordion(chat.additional_inputs_accordion or words.text("parameters"), open=False, elem_id="parameters"):
        return {each.name: component_of(each, shown[each.name], words) for each in inputs}


def component_of(each: Input, value: Any, words: Words) -> Component:
    """The component for `each`, which shows `value`; None is "not set"."""
    arguments: dict[str, Any] = {
        "label": each.label or _word(words, f"parameter_{each.name}") or each.name.replace("_", " ").capitalize(),
        "info": each.info or _word(words, f"parameter_{each.name}_info") or None,
        "interactive": True,
        "elem_id": f"parameter-{each.name}",
    }
    match each.kind:
        case "slider":
            arguments["info"] = arguments["info"] or (words.text("left_alone") if each.value is None else None)
            bounds: dict[str, Any] = {"minimum": each.minimum, "maximum": each.maximum, "step": each.step}
            return gr.Slider(value=value, buttons=["reset"], **bounds, **arguments)
        case "number":
            return _number(each, value, {"placeholder": words.text("not_set"), **arguments})
        case "choice":
            return gr.Dropdown(_choices(each.choices, words), value=value, filterable=False, **arguments)
        case "switch":
            return gr.Checkbox(value=bool(value), **arguments)
        case _:
            lines = 1 if each.kind == "text" else 2 if each.kind == "stops" else LINES
            most = None if each.maximum is None else int(each.maximum)
            placeholder = words.text("not_set")
            return gr.Textbox(value=value, lines=lines, max_length=most, placeholder=placeholder, **arguments)


def _number(each: Input, value: Any, arguments: dict[str, Any]) -> Component:
    """A box for a number that may be empty.

    Gradio 6.31 leaves null out of a page's config and then shows 0: the script sets it to null when the page is ready.
    """
    step = each.step or (1 if each.whole else 0.01)
    precision = 0 if each.whole else None
    return gr.Number(
        value=value, minimum=each.minimum, maximum=each.maximum, step=step, precision=precision, **arguments
    )


def _choices(choices: Sequence[str], words: Words) -> list[str | int | float | tuple[str, str | int | float]]:
    """What can be picked: first of all nothing, which stays nothing."""
    return [(words.text("not_set"), ""), *((choice, choice) for choice in choices)]


def _word(words: Words, key: str) -> str:
    return words.text(key) if key in words.texts else ""
