"""The page's own words: a text by its key, filled, in one language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chat_app.config.chat import LANGUAGES
from chat_app.config_sources.words_file import texts_of
from chat_app.ui.words import Words

APP = Path(__file__).parents[2] / "chat_app"
STATIC = APP / "ui" / "static"
LEAST_ASKED = 100
WORDS = Words({"language": "de", "hello": "Hello, {name}!", "files": {"one": "One file", "other": "{count} files"}})


def test_placeholders_are_filled_once() -> None:
    """What is filled in may hold braces and stays as it is."""
    assert WORDS.text("hello", name="{name} {0}") == "Hello, {name} {0}!"


@pytest.mark.parametrize(("count", "said"), [(0, "0 files"), (1, "One file"), (2, "2 files"), ("1", "1 files")])
def test_a_number_decides_which_text_it_is(count: int | str, said: str) -> None:
    """One is 1, the number; all else is other."""
    assert WORDS.text("files", count=count) == said


def test_a_language_may_have_one_text_for_all_numbers() -> None:
    """Chinese does."""
    assert Words({"files": {"other": "{count} 个文件"}}).text("files", count=1) == "1 个文件"


def test_what_is_not_there_is_an_error() -> None:
    """A key or a value that was forgotten is a defect, and is found by the first test that comes by."""
    with pytest.raises(KeyError):
        WORDS.text("nothing")
    with pytest.raises(KeyError):
        WORDS.text("hello")


@pytest.mark.parametrize(
    ("language", "rtl", "direction"),
    [
        ("de", None, "ltr"),
        ("ar", None, "rtl"),
        ("he-IL", None, "rtl"),
        ("FA", None, "rtl"),
        ("ur", None, "rtl"),
        ("ar", False, "ltr"),
        ("en", True, "rtl"),
    ],
)
def test_the_language_says_where_text_runs_unless_the_settings_do(
    language: str,
    rtl: bool | None,  # noqa: FBT001 -- a value of the setting
    direction: str,
) -> None:
    """`chat.rtl` wins."""
    assert Words({"language": language}).direction(rtl=rtl) == direction


def sources() -> list[str]:
    """The sources that ask for words."""
    paths = [path for path in APP.rglob("*") if path.suffix in {".py", ".mjs", ".js"} and path.name != "english.mjs"]
    return [text for text in (path.read_text(encoding="utf-8") for path in paths) if re.search(r"\bwords?\b", text)]


def test_every_word_that_the_page_asks_for_is_there() -> None:
    """By the keys that stand in the sources, on both sides of a choice."""
    calls = [call for text in sources() for call in re.findall(r"(?:words\.text|\bword)\(([^(){},]*)", text)]
    asked = {key for call in calls for key in re.findall(r"""(?<![=] )["']([a-z_]+)["'](?! [=!]=)""", call)}
    asked |= set(re.findall(r"\bwords\.([a-z_]+) \?\?", (STATIC / "page.js").read_text(encoding="utf-8")))
    assert len(asked) > LEAST_ASKED
    assert asked - set(texts_of("en")) == set()


def test_every_word_is_asked_for() -> None:
    """A source that asks for words has its key in quotes, or puts it together, as `call_{state}`."""
    text = "\n".join(sources())
    asked = {key for found in re.findall(r"""["'`]([a-z_]+)["'`]|\bwords\.([a-z_]+)""", text) for key in found}
    made = re.findall(r"""(?:words\.text|_word|\bword)\((?:words, )?f?["'`]([a-z]\w*)\$?\{[^}]*\}\w*["'`]""", text)
    assert made
    unused = {
        key for key in texts_of("en") if not ({key, key.removesuffix("_hint")} & asked or key.startswith(tuple(made)))
    }
    assert unused == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shipped_language_says_which_it_is(language: str) -> None:
    """For the document and for Gradio, which has words for it too."""
    assert Words(texts_of(language)).language.startswith(language)
