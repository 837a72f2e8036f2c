"""The pickers above the conversation: of a preset, and of a model with what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from chat_app.ui.posted import posted_name
from chat_app.ui.service import ModelChoice
from chat_app.ui.words import Words


def render_pickers(presets: Sequence[str], words: Words) -> tuple[gr.Dropdown, gr.Dropdown]:
    """The pickers of a preset, which is hidden where there is but one, and of a model, whose list comes later."""
    plain: dict[str, Any] = {"show_label": False, "container": False}
    preset = gr.Dropdown(
        list(presets),
        value=presets[0],
        label=words.text("preset"),
        min_width=120,
        elem_id="preset",
        visible=len(presets) > 1,
        **plain,
    )
    model = gr.Dropdown(
        [], value=None, label=words.text("model"), min_width=160, elem_id="model", interactive=True, **plain
    )
    for picker in (preset, model):
        picker.preprocess = posted_name  # type: ignore[method-assign, assignment]  # the service knows which there are
    return preset, model


def first_of(models: Sequence[ModelChoice], words: Words) -> dict[str, Any]:
    """The models to pick from, the first of them picked."""
    update: dict[str, Any] = gr.update(choices=choices_of(models, words), value=models[0].name if models else None)
    return update


def choices_of(models: Sequence[ModelChoice], words: Words) -> list[tuple[str, str]]:
    """What is shown of each model, and its name."""
    return [
        (words.text("model_takes", name=each.name, takes=each.takes) if each.takes else each.name, each.name)
        for each in models
    ]
