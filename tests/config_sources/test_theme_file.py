"""A theme or a mark that cannot be used is told with the settings, before Gradio reads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chat_app.config_sources import load
from tests.config_sources.sources import problems_of


def told(tmp_path: Path, settings: str) -> list[str]:
    """What is said of these settings."""
    (tmp_path / "chat.yaml").write_text(settings, encoding="utf-8")
    return [str(one) for one in problems_of(lambda: load(config_file=Path("chat.yaml"), environ={}, cwd=tmp_path))]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "This is not a theme: it is no JSON."),
        ("[]", "This is not a theme: it has no `theme`."),
        ('{"theme": []}', "This is not a theme: it has no `theme`."),
        ('{"theme": {"_font": "x"}}', "`_font` of the theme must be a list."),
        ('{"theme": {"a": "url(https://elsewhere/x.png)"}}', "`a` of the theme is taken from another host."),
        ('{"theme": {"custom_css": "@import \'x\'"}}', "`custom_css` of the theme is taken from another host."),
    ],
)
def test_a_file_that_is_no_theme_is_told(tmp_path: Path, content: str, said: str) -> None:
    """With the line that names it."""
    (tmp_path / "mine.json").write_text(content, encoding="utf-8")
    (problem,) = told(tmp_path, "chat:\n  theme: mine.json\n")
    assert problem.startswith(f"chat.yaml:2: chat.theme: {said}")


def test_a_theme_can_be_used(tmp_path: Path) -> None:
    """A picture of its own may be in it."""
    theme = {"theme": {"_font": [], "a": "url('data:image/png;base64,AAAA')", "b": "url(static/x.png)"}}
    (tmp_path / "mine.json").write_text(json.dumps(theme), encoding="utf-8")
    (tmp_path / "chat.yaml").write_text("chat: {theme: mine.json}\n", encoding="utf-8")
    assert load(config_file=Path("chat.yaml"), environ={}, cwd=tmp_path).config.chat.theme == "mine.json"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("chat: {theme: mine.json}", "There is no file `mine.json`."),
        ("chat: {theme: softer}", "Must be one of base, citrus, default, glass"),
        ("chat: {theme_options: {primary_hue: emrald}}", "This is none of Gradio's colours. Did you mean `emerald`?"),
        ("chat: {theme_options: {neutral_hue: xyzzy}}", "This is none of Gradio's colours. Known are: slate, gray"),
        ("chat: {logo: logo.png}", "There is no file `logo.png`."),
        ("chat: {favicon: 'https://elsewhere/x.png'}", "Must be a file of this machine, not a URL."),
    ],
)
def test_a_name_that_there_is_not_is_told(tmp_path: Path, settings: str, said: str) -> None:
    """With what was meant, or what there is."""
    (problem,) = told(tmp_path, settings)
    assert said in problem


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("logo.txt", b"", "Must be a picture whose name ends in .svg, .png, .webp, .jpg, .jpeg, .gif."),
        ("logo.png", b"x" * 300_001, "The picture is larger than 300 kB."),
    ],
)
def test_a_mark_is_a_small_picture(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """The logo is in every page that is loaded."""
    (tmp_path / name).write_bytes(content)
    (problem,) = told(tmp_path, f"chat:\n  logo: {name}\n")
    assert problem.startswith(f"chat.yaml:2: chat.logo: {said}")


def test_a_small_picture_is_a_mark(tmp_path: Path) -> None:
    """Of the page and of its tab."""
    (tmp_path / "mine.PNG").write_bytes(b"x")
    (tmp_path / "chat.yaml").write_text("chat: {logo: mine.PNG, favicon: mine.PNG}\n", encoding="utf-8")
    chat = load(config_file=Path("chat.yaml"), environ={}, cwd=tmp_path).config.chat
    assert (chat.logo, chat.favicon) == (Path("mine.PNG"), Path("mine.PNG"))
