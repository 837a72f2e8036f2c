"""The examples of an empty conversation: what is shown of them, and what a click on one means.

Their files are read once, at the start, by the reader of visitors' files, so that an example is what a visitor could
have added; one that cannot be read stops the start, with the setting that names it. A picture is shown from its own
file, which Gradio copies into its cache at the start; the copy's path is in the page's config, where the gate
(`server/gate.py`, `files_in`) finds what may be served. Of every other file only name and kind are shown: it gets no
path, so it is neither copied nor served. Nothing that a browser posts is taken for a path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Any, TypeAlias

from chat_app.config import ChatConfig, ExampleConfig, PresetConfig
from chat_app.conversation.messages import Audio, File, Image, Message, user
from chat_app.conversation.part_json import json_of
from chat_app.errors import ConfigError, FileRefused, Problem
from chat_app.ui.parameters import Chosen, checked

Read: TypeAlias = Callable[[str, bytes], Awaitable[Image | Audio | File]]
"""Reads a file of this name and content as one that a visitor adds. Raises `FileRefused`."""

_UNKNOWN_KIND = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Example:
    """A question to begin with, its files read."""

    text: str
    files: tuple[Image | Audio | File, ...] = ()
    preset: str = ""
    model: str = ""
    parameters: Mapping[str, Any] | None = None

    def picked(self, *, send: bool) -> dict[str, Any]:
        """What a click means, for the page's script: the question, what goes with it, and what is picked for it.

        `send` has it asked at once; else it goes into the text box.
        """
        return {
            "text": self.text,
            "parts": [json_of(file) for file in self.files],
            "preset": self.preset,
            "model": self.model,
            "parameters": dict(self.parameters or {}) or None,
            "send": send,
        }


def example_messages(chat: ChatConfig) -> list[dict[str, Any]]:
    """The examples as Gradio's chatbot shows them (`gradio.components.chatbot.ExampleMessage`).

    An icon stands where there is one, else the example's files.
    """
    return [_shown(chat, position, _config_of(example)) for position, example in enumerate(chat.examples)]


async def read_examples(chat: ChatConfig, read: Read) -> tuple[Example, ...]:
    """The examples in their order, with their files read. Raises `ConfigError` with all that cannot be."""
    problems: list[Problem] = []
    examples = []
    for position, config in enumerate(map(_config_of, chat.examples)):
        files = []
        for number, path in enumerate(config.files):
            try:
                files.append(await read(path.name, path.read_bytes()))
            except FileRefused as error:
                problems.append(_problem(position, number, path, str(error)))
            except OSError as error:
                reason = error.strerror or type(error).__name__
                problems.append(_problem(position, number, path, f"It cannot be read: {reason}."))
        examples.append(Example(config.text, tuple(files), config.preset, config.model, config.parameters))
    if problems:
        raise ConfigError(tuple(problems))
    return tuple(examples)


def picked(examples: Sequence[Example], index: Any, *, send: bool) -> dict[str, Any] | None:
    """What a click on the example at `index` means, which a browser says; None if there is no such example."""
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(examples):
        return None
    return examples[index].picked(send=send)


def asked_unchanged(
    examples: Sequence[Example], chat: ChatConfig, preset: PresetConfig, conversation: Sequence[Message], chosen: Chosen
) -> bool:
    """Whether a conversation is an example and nothing else, so that an answer to it is one for all.

    `chosen` is what is used of the parameters that were posted, and `preset` is the first one, as for `checked`. Which
    preset and model are asked does not matter here. Raises `ChoiceError` for an example with values out of bounds.
    """
    return any(
        tuple(conversation) == (user(example.text, *example.files),)
        and chosen == checked(chat, preset, example.parameters or {})
        for example in examples
    )


def _config_of(example: str | ExampleConfig) -> ExampleConfig:
    return ExampleConfig(text=example) if isinstance(example, str) else example


def _shown(chat: ChatConfig, position: int, config: ExampleConfig) -> dict[str, Any]:
    shown: dict[str, Any] = {"text": config.text}
    if chat.example_labels:
        shown["display_text"] = chat.example_labels[position]
    if chat.example_icons:
        shown["icon"] = str(chat.example_icons[position].resolve())
    if config.files:
        shown["files"] = [_shown_file(path) for path in config.files]
    return shown


def _shown_file(path: Path) -> str | dict[str, Any]:
    """The path of a picture, which Gradio takes in; of any other file what it is, in the form that Gradio makes."""
    kind = guess_type(path.name)[0] or _UNKNOWN_KIND
    if kind.startswith("image/"):
        return str(path.resolve())
    return {"path": "", "url": None, "orig_name": path.name, "mime_type": kind}


def _problem(position: int, number: int, path: Path, rule: str) -> Problem:
    setting = f"chat.examples.{position}.files.{number}"
    return Problem("settings", setting, f"`{path}` is no file for an example: {rule}", "Name another, or take it out.")
