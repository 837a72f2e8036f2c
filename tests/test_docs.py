from __future__ import annotations

import re

import pytest

from chat_app.config import Config
from chat_app.config_sources.fields import settings
from tests.docs import ENGLISH, README, commands_table, english_module, settings_tables, with_tables, works_table
from tests.endpoints.reading.dialects import COVERED


def test_the_tables_in_the_readme_are_those_of_the_code() -> None:
    """What README.md says about settings and commands is what they are; `make docs` writes it."""
    text = README.read_text(encoding="utf-8")
    assert with_tables(text) == text, "README.md is stale: run `make docs`"


def test_the_scripts_english_words_are_those_of_the_file() -> None:
    """`english.mjs` is made from `en.yaml`; `make docs` writes it."""
    assert ENGLISH.read_text(encoding="utf-8") == english_module(), "english.mjs is stale: run `make docs`"


def test_every_setting_has_a_row_and_a_meaning() -> None:
    """A setting without a docstring would be one that nobody can find."""
    rows = [line for line in settings_tables().splitlines() if line.startswith("| `")]
    assert len(rows) == len(list(settings(mixed=True)))
    assert not [row for row in rows if row.endswith("|  |")]


def test_each_section_has_a_table_to_unfold() -> None:
    """All of them at once would be a wall; the head says what the section is about, without markup that HTML lacks."""
    heads = [line for line in settings_tables().splitlines() if line.startswith("<details>")]
    assert [re.findall("<code>(.*?)</code>", head)[0] for head in heads] == list(Config.model_fields)
    assert "<details><summary><code>chat</code>: The page</summary>" in heads
    assert not [head for head in heads if "`" in head]


def test_the_commands_are_told_with_their_options() -> None:
    """Commands inside a group stand with their whole name, options in brackets."""
    table = commands_table()
    assert "| `chat-app serve [--config FILE] [--host HOST] [--port PORT] [--root-path PATH] [--demo]` |" in table
    assert "| `chat-app config init [PATH]` |" in table


def test_every_server_is_told_with_what_was_run() -> None:
    """A server that runs in the tests is told from one of which only samples are read; each names its test."""
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in works_table().splitlines()[2:]}
    assert set(rows) == set(COVERED)
    assert "the real server" in rows["llama.cpp"]
    assert "the real server" not in rows["vLLM"]
    assert all('`reading/test_dialects.py -k "' in row for row in rows.values())


def test_what_stands_around_the_tables_is_kept() -> None:
    """Only what is between the markers is made anew."""
    text = (
        "# Mine\n<!-- works -->\n<!-- /works -->\n<!-- settings -->\nold\n<!-- /settings -->\n"
        "kept\n<!-- guides -->\n<!-- /guides -->\n<!-- gradio -->\n<!-- /gradio -->\n"
        "<!-- commands -->\n<!-- /commands -->\nend\n"
    )
    made = with_tables(text)
    assert made.startswith("# Mine\n<!-- works -->\n| server |")
    assert "\n<!-- /works -->\n<!-- settings -->\n<details><summary><code>endpoints</code>" in made
    assert "\n<!-- /settings -->\nkept\n<!-- guides -->\n| Gradio's guides show |" in made
    assert "\n<!-- /gradio -->\n<!-- commands -->\n| command |" in made
    assert made.endswith("\n<!-- /commands -->\nend\n")
    assert with_tables(made) == made


def test_a_readme_without_its_markers_is_an_error() -> None:
    """A marker that was lost in editing is told, instead of a table that is silently no longer renewed."""
    with pytest.raises(ValueError, match="<!-- works -->"):
        with_tables("# Chat\n")
