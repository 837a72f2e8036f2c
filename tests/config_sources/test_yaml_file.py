"""The file: lines, `${NAME}`, and what is wrong with it as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.config_sources.yaml_file import read, written
from tests.config_sources.sources import load_from, problems_of, told

PLAIN = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False) | st.text()
TREES = st.dictionaries(
    st.text(min_size=1),
    st.recursive(PLAIN, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4)),
    max_size=5,
)


def values_of(text: str, environ: Mapping[str, str] | None = None) -> Any:
    """The values in `text`, which has nothing wrong with it."""
    draft, faults = read(text.encode(), "f.yaml", environ or {})
    assert not faults
    assert not draft.broken
    return draft.values


@given(TREES)
def test_what_is_written_is_read_back(tree: dict[str, Any]) -> None:
    """Whatever the texts hold: `${`, `$`, colons, several lines, numbers in quotes."""
    assert values_of(written(tree)) == tree


@given(st.text(alphabet="${}AB:-\\ ", max_size=12))
def test_texts_with_dollars_and_braces_are_read_back(text: str) -> None:
    """Formulas are full of them."""
    assert values_of(written({"a": text}), {"A": "no", "B": "no"}) == {"a": text}


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00")))
def test_a_variable_cannot_change_the_structure_of_the_file(text: str) -> None:
    """What a variable holds is a value, never YAML."""
    assert values_of("chat:\n  title: ${A}\n  css: x\n", {"A": text}) == {"chat": {"title": text, "css": "x"}}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "a"),
        ("<${A}-${A}>", "<a-a>"),
        ("${A:-x}", "a"),
        ("${UNSET:-x}", "x"),
        ("${UNSET:-}", ""),
        ("${UNSET:-http://h:1/v1}", "http://h:1/v1"),
        ("${EMPTY}", ""),
        ("${EMPTY:-x}", "x"),
        ("$${A}", "${A}"),
        ("$A {A} $", "$A {A} $"),
        (r"${\rm x}$", r"${\rm x}$"),
    ],
)
def test_variables_are_filled_in(text: str, filled: str) -> None:
    """As in a shell: a default stands in for a variable that is not set or empty; `$${` is `${` itself."""
    assert values_of(f"chat: {{title: '{text}'}}\n", {"A": "a", "EMPTY": ""}) == {"chat": {"title": filled}}


def test_filled_values_are_numbers_where_numbers_are_wanted(tmp_path: Path) -> None:
    """With and without quotes, in settings and in parameters, and text stays text."""
    yaml = (
        "server: {port: '${PORT}'}\n"
        "presets:\n"
        "  - name: ${NAME}\n"
        "    parameters: {temperature: '${T:-0.5}', stop: 'at ${PORT}', seed: '7'}\n"
        "chat:\n"
        "  examples: '${LIST}'\n"
        "  height: ${UNSET:-600}\n"
    )
    config = load_from(tmp_path, yaml, environ={"PORT": "8080", "NAME": "42", "LIST": '["a", "b"]'}).config
    assert config.server.port == 8080
    assert config.presets[0].name == "42"
    assert config.presets[0].parameters == {"temperature": 0.5, "stop": "at 8080", "seed": "7"}
    assert (config.chat.examples, config.chat.height) == (("a", "b"), 600)


def test_a_filled_value_that_is_no_number_is_told_without_the_value(tmp_path: Path) -> None:
    """The variable may have been meant for something secret."""
    problems = problems_of(lambda: load_from(tmp_path, "server:\n  port: ${PORT}\n", environ={"PORT": "sk-hidden"}))
    assert told(problems).startswith("chat.yaml:2: server.port: Must be a whole number.")
    assert "hidden" not in told(problems)


def test_variables_that_are_not_set_are_all_told_with_their_lines(tmp_path: Path) -> None:
    """And a value that could not be filled has no other problem."""
    yaml = "endpoints:\n  - name: ${ONE}\n    base_url: http://${TWO}:${THREE}/\npresets:\n  - endpoints: [a]\n"
    problems = problems_of(lambda: load_from(tmp_path, yaml))
    assert [(problem.where, problem.setting) for problem in problems] == [
        ("chat.yaml:2", "endpoints.0.name"),
        ("chat.yaml:3", "endpoints.0.base_url"),
    ]
    assert "`ONE` is not set" in problems[0].rule
    assert "`TWO`, `THREE`" in problems[1].rule
    assert "`${ONE:-…}`" in problems[0].fix


def test_a_variable_that_is_not_set_does_not_matter_where_a_stronger_source_speaks(tmp_path: Path) -> None:
    """A shipped file can want a key that somebody sets in another way."""
    yaml = "feedback: {secret: '${UNSET}'}\n"
    config = load_from(tmp_path, yaml, environ={"CHAT_APP__FEEDBACK__SECRET": "s" * 16}).config
    assert config.feedback.secret.get_secret_value() == "s" * 16


@pytest.mark.parametrize("text", ["${NAME-x}", "${NAME", "${NAME:-{x}}", r"${a \over b}"])
def test_what_only_looks_like_a_variable_is_an_error(tmp_path: Path, text: str) -> None:
    """A slip of the pen must not become the value."""
    problems = problems_of(lambda: load_from(tmp_path, f"chat:\n  title: '{text}'\n"))
    assert [(problem.where, problem.setting) for problem in problems] == [("chat.yaml:2", "chat.title")]
    assert "`$${` stands for `${` itself" in problems[0].fix


def test_variables_in_comments_do_not_matter(tmp_path: Path) -> None:
    """The shipped file has such examples."""
    assert load_from(tmp_path, "# ${UNSET}\nchat: {title: T}  # ${UNSET}\n").config.chat.title == "T"


def test_every_value_knows_its_line() -> None:
    """A mapping's values by their key, a list's by their dash, those of a block by its beginning."""
    text = "chat:\n  title:\n    T\n  examples:\n    - a\n    - |\n      b\n      c\npresets: [{name: x}]\n"
    draft, _ = read(text.encode(), "f.yaml", {})
    lines = {path: place.line for path, place in draft.places.items()}
    assert lines[("chat", "title")] == 2
    assert lines[("chat", "examples", 1)] == 6
    assert lines[("presets", 0, "name")] == 9


def test_a_section_with_nothing_below_it_is_left_out(tmp_path: Path) -> None:
    """`endpoints:` above nothing but comments is how the shipped file looks."""
    config = load_from(tmp_path, "endpoints:\n#  - name: x\npresets:\nchat:\n  title:\n  avatar_images: [null, null]\n")
    assert config.config.endpoints == ()
    assert config.config.presets[0].name == "Assistant"
    assert config.config.chat.title == "Chat"


def test_an_empty_file_sets_nothing(tmp_path: Path) -> None:
    """Nor does one with comments only."""
    assert load_from(tmp_path, "").config == load_from(tmp_path, "# nothing\n").config


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "7\n"])
def test_a_file_without_settings_is_an_error(tmp_path: Path, text: str) -> None:
    """It is YAML, but no mapping."""
    problems = problems_of(lambda: load_from(tmp_path, text))
    assert told(problems) == "chat.yaml:1: The file must hold settings. Begin with `chat:`, for example."


def test_a_key_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    """YAML libraries take the last one without a word; also on one line."""
    problems = problems_of(
        lambda: load_from(tmp_path, "chat:\n  title: a\n  css: x\n  title: b\nserver: {port: 1, port: 2}\n")
    )
    assert [(problem.where, problem.setting) for problem in problems] == [
        ("chat.yaml:4", "chat.title"),
        ("chat.yaml:5", "server.port"),
    ]
    assert "the first is in line 2" in problems[0].rule


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("chat:\n  title: a: b\n", 2),
        ("chat:\n\ttitle: a\n", 2),
        ("chat: [a\n", 2),
        ("chat: 'a\n", 2),
        ("a: 1\n---\nb: 2\n", 2),
        ("chat: *nobody\n", 1),
        ("chat: \x07\n", 1),
    ],
)
def test_what_is_not_yaml_is_told_by_its_line(tmp_path: Path, text: str, line: int) -> None:
    """One sentence, no traceback, nothing of what stands there."""
    problems = problems_of(lambda: load_from(tmp_path, text))
    assert [problem.where for problem in problems] == [f"chat.yaml:{line}"]
    assert problems[0].rule.startswith("This is not YAML: ")


def test_broken_yaml_near_a_variable_says_to_put_it_in_quotes(tmp_path: Path) -> None:
    """Inside `[ ]` and `{ }` the braces of `${NAME}` are YAML's own."""
    problems = problems_of(lambda: load_from(tmp_path, "chat: {title: ${A}}\n"))
    assert "put `${NAME}` in quotes" in problems[0].fix


def test_a_file_that_is_not_utf8_is_told_by_its_line(tmp_path: Path) -> None:
    """An editor on another system may have saved it so; a mark at the beginning does no harm."""
    file = tmp_path / "latin.yaml"
    file.write_bytes("chat:\n  title: Größe\n".encode("latin-1"))
    problems = problems_of(lambda: load_from(tmp_path, environ={"CHAT_APP_CONFIG": "latin.yaml"}))
    assert told(problems) == "latin.yaml:2: This is not UTF-8 text. Save the file as UTF-8."
    file.write_bytes("chat:\n  title: Größe\n".encode("utf-8-sig"))
    assert load_from(tmp_path, environ={"CHAT_APP_CONFIG": "latin.yaml"}).config.chat.title == "Größe"


def test_anchors_and_merges_work_as_yaml_says(tmp_path: Path) -> None:
    """Endpoints that share limits need to say them once; what stands in an entry itself wins."""
    yaml = (
        "endpoints:\n"
        "  - &first {name: a, base_url: 'http://a', attempts: 1, idle_timeout_s: 7}\n"
        "  - {<<: *first, name: b, attempts: 2}\n"
        "  - {<<: *first, name: c}\n"
    )
    endpoints = load_from(tmp_path, yaml).config.endpoints
    assert [(one.name, one.attempts, one.idle_timeout_s) for one in endpoints] == [
        ("a", 1, 7),
        ("b", 2, 7),
        ("c", 1, 7),
    ]


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("&a [*a]", "An alias (`*`) stands for something that it is itself part of."),
        ("!mine x", "The value has a tag that means nothing here."),
        ("!!python/object:os.system x", "The value has a tag that means nothing here."),
        ("!!int x", "The value does not fit the tag before it."),
        ("!!bool x", "The value does not fit the tag before it."),
        ("{<<: x}", "`<<` can merge only mappings."),
        ("{[a]: x}", "A setting's name must be plain text."),
        ("{{A}: x}", "A setting's name must be plain text."),
    ],
)
def test_what_yaml_can_say_and_settings_cannot_is_told(tmp_path: Path, value: str, rule: str) -> None:
    """Each of these would otherwise be a traceback from a library, or worse."""
    problems = problems_of(lambda: load_from(tmp_path, f"presets:\n  - parameters:\n      x: {value}\n"))
    assert rule in [problem.rule for problem in problems]
    assert {problem.where for problem in problems} == {"chat.yaml:3"}


def test_dates_are_text(tmp_path: Path) -> None:
    """No setting is a date, and a date could not be sent to a server."""
    yaml = "presets: [{name: 2024-01-01, parameters: {since: 2024-01-01}}]\n"
    preset = load_from(tmp_path, yaml).config.presets[0]
    assert (preset.name, preset.parameters) == ("2024-01-01", {"since": "2024-01-01"})
