from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chat_app.config import ChatConfig, PresetConfig
from chat_app.conversation.messages import Audio, File, Image, Message, assistant, user
from chat_app.errors import ConfigError, FileRefused
from chat_app.server.gate import files_in
from chat_app.ui.examples import Example, asked_unchanged, example_messages, picked, read_examples
from chat_app.ui.parameters import checked

ROOT = Path(__file__).parent.parent.parent
PAGE = """
import json, os, sys
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["GRADIO_TEMP_DIR"] = sys.argv[2]
import gradio as gr
from chat_app.config import ChatConfig, PresetConfig
from chat_app.ui.examples import example_messages
with gr.Blocks() as page:
    gr.Chatbot(examples=example_messages(ChatConfig.model_validate_json(sys.argv[1])))
print(json.dumps(page.get_config_file()))
"""
PICTURE = Image("image/png", "aGk=", "a.png", 1, 1)


async def read(name: str, content: bytes) -> Image | Audio | File:
    """A reader that knows pictures and text, and refuses the rest."""
    if name.endswith(".png"):
        return PICTURE
    if name.endswith(".exe"):
        raise FileRefused("It is a program.", hint="Add a document.")
    return File(name, "text/plain", content.decode())


def chat(*examples: Any, **more: Any) -> ChatConfig:
    """Settings with these examples."""
    return ChatConfig.model_validate({"examples": examples, **more})


def on_a_page(config: ChatConfig, cache: Path) -> Any:
    """Gradio's config of a page with the examples, which another process makes."""
    arguments = [config.model_dump_json(include={"examples", "example_icons", "example_labels"}), str(cache)]
    done = subprocess.run(  # noqa: S603 -- our own sources
        [sys.executable, "-W", "ignore", "-c", PAGE, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


async def test_an_example_is_read_as_a_visitors_file_is(tmp_path: Path) -> None:
    """Its files once, at the start, in their order."""
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "b.txt").write_text("Text.")
    config = chat("Hi", {"text": "Look", "files": [str(tmp_path / "a.png"), str(tmp_path / "b.txt")], "preset": "Eye"})
    assert await read_examples(config, read) == (
        Example("Hi", parameters={}),
        Example("Look", (PICTURE, File("b.txt", "text/plain", "Text.")), "Eye", parameters={}),
    )


async def test_all_files_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    """With the settings that name them."""
    (tmp_path / "virus.exe").write_bytes(b"MZ")
    files = [str(tmp_path / name) for name in ("virus.exe", "gone.txt")]
    with pytest.raises(ConfigError) as raised:
        await read_examples(chat("Hi", {"text": "Look", "files": files}), read)
    first, second = raised.value.problems
    assert first.setting == "chat.examples.1.files.0"
    assert "It is a program. Add a document." in first.rule
    assert second.setting == "chat.examples.1.files.1"
    assert "No such file" in second.rule


def test_a_click_means_the_question_and_what_goes_with_it() -> None:
    """In the form in which the browser keeps it; what the example leaves open stays as it is."""
    examples = (Example("Hi"), Example("Look", (PICTURE,), "Eye", "llava", {"temperature": 0}))
    assert picked(examples, 1, send=True) == {
        "text": "Look",
        "parts": [
            {"type": "image", "mime_type": "image/png", "data": "aGk=", "name": "a.png", "width": 1, "height": 1}
        ],
        "preset": "Eye",
        "model": "llava",
        "parameters": {"temperature": 0},
        "send": True,
    }
    plain = picked(examples, 0, send=False)
    assert plain == {"text": "Hi", "parts": [], "preset": "", "model": "", "parameters": None, "send": False}


@pytest.mark.parametrize("index", [-1, 2, True, "0", None, [0], 0.0])
def test_an_example_that_is_not_there_means_nothing(index: Any) -> None:
    """Whatever a browser says."""
    assert picked((Example("Hi"), Example("Look")), index, send=True) is None


def test_labels_and_icons_stand_in_place_of_the_text(tmp_path: Path) -> None:
    """By their position."""
    config = chat("Why?", "How?", example_labels=["A", "B"], example_icons=[tmp_path / "a.png", tmp_path / "b.png"])
    assert example_messages(config) == [
        {"text": "Why?", "display_text": "A", "icon": str(tmp_path / "a.png")},
        {"text": "How?", "display_text": "B", "icon": str(tmp_path / "b.png")},
    ]


def test_only_pictures_are_served_and_only_as_copies(tmp_path: Path) -> None:
    """What else goes with an example is shown by its name and kind: no path leads to it."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret.pdf").write_bytes(b"%PDF")
    (tmp_path / "notes.txt").write_text("Notes.")
    files = [str(tmp_path / name) for name in ("a.png", "secret.pdf", "notes.txt")]
    page = on_a_page(chat({"text": "Look", "files": files}), tmp_path / "cache")
    [served] = files_in(page)
    assert served.startswith(str(tmp_path / "cache"))
    assert served.endswith("/a.png")
    [example] = page["components"][0]["props"]["examples"]
    assert [(file["orig_name"], file["mime_type"]) for file in example["files"]] == [
        ("a.png", "image/png"),
        ("secret.pdf", "application/pdf"),
        ("notes.txt", "text/plain"),
    ]
    assert str(tmp_path / "secret.pdf") not in json.dumps(page)
    assert not [*(tmp_path / "cache").rglob("*.pdf"), *(tmp_path / "cache").rglob("*.txt")]


@pytest.mark.parametrize(
    ("conversation", "posted", "unchanged"),
    [
        ((user("Hi"),), {}, True),
        ((user("Hi"),), {"temperature": 1}, True),  # the slider stands where it stood
        ((user("Hi"),), {"temperature": 0.5}, False),
        ((user("Hi "),), {}, False),
        ((user("Look", PICTURE),), {"temperature": 0}, True),
        ((user("Look", PICTURE),), {}, False),
        ((user("Look"),), {"temperature": 0}, False),
        ((user("Hi"), assistant("Hello"), user("Hi")), {}, False),
        ((), {}, False),
    ],
)
def test_an_example_is_unchanged_while_nothing_else_was_set_or_said(
    conversation: tuple[Message, ...],
    posted: dict[str, Any],
    unchanged: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    """Its text, its files and its parameters: then its answer is one for all."""
    config, preset = ChatConfig(parameters=("temperature",)), PresetConfig()
    examples = (Example("Hi"), Example("Look", (PICTURE,), parameters={"temperature": 0}))
    chosen = checked(config, preset, posted)
    assert asked_unchanged(examples, config, preset, conversation, chosen) is unchanged
