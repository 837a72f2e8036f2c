"""A file of the page's own words is checked with the settings, and may leave out what it likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from chat_app.config.chat import LANGUAGES
from chat_app.config_sources import load
from chat_app.config_sources.words_file import changed, faults_in, shipped_file, texts_of
from tests.config_sources.sources import problems_of


def problems(tmp_path: Path, words: str) -> list[str]:
    """What is said of a file with these words."""
    (tmp_path / "chat.yaml").write_text("chat: {language: words.yaml}\n", encoding="utf-8")
    (tmp_path / "words.yaml").write_text(words, encoding="utf-8")
    return [
        str(problem) for problem in problems_of(lambda: load(config_file=Path("chat.yaml"), environ={}, cwd=tmp_path))
    ]


def test_what_a_file_leaves_out_is_english(tmp_path: Path) -> None:
    """A page can be translated bit by bit."""
    file = tmp_path / "fr.yaml"
    file.write_text("language: fr\nsend: Envoyer\n", encoding="utf-8")
    texts = texts_of(str(file))
    assert (texts["language"], texts["send"], texts["stop"]) == ("fr", "Envoyer", "Stop")
    assert set(texts) == set(texts_of("en"))
    assert changed(texts) == {"language": "fr", "send": "Envoyer"}
    assert list(faults_in(file, "fr.yaml")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shipped_file_is_whole_and_right(language: str, tmp_path: Path) -> None:
    """Every key of English, with its placeholders, and no other."""
    file = tmp_path / "shipped.yaml"
    file.write_text(shipped_file(language), encoding="utf-8")
    assert list(faults_in(file, "shipped.yaml")) == []
    left_out = set(texts_of("en")) - set(changed(texts_of(language)))
    assert language == "en" or len(left_out) < 25, f"as in English: {sorted(left_out)}"


@pytest.mark.parametrize(
    ("words", "line", "said"),
    [
        ("language: fr\nsearhc: x", 2, "The page has no word with the key `searhc`. Did you mean `search`?"),
        ("language: fr\nqqq: x", 2, "The page has no word with the key `qqq`. `chat-app config words`"),
        ("language: fr\ndeleted: x {name}", 2, "`deleted` has `{name}`, which is never filled. There is `{title}`."),
        ("language: fr\ndeleted: x", 2, "`deleted` lacks `{title}`."),
        ("language: fr\ntools_used: {other: x}", 2, "`tools_used.other` lacks `{count}`."),
        ("language: fr\ntools_used: {one: x}", 2, "`tools_used` must be texts for `one` and `other`."),
        ("language: fr\nsend: {other: x}", 2, "`send` must be text."),
        ("language: fr\nsend: no", 2, "`send` must be text."),
        ("send: x", 1, "`language` must be the code of a language."),
        ("language: French it is", 1, "`language` must be the code of a language."),
        ("# nothing", 1, "There are no words in it."),
        ("language: fr\nsend: [", 2, "This is not YAML"),
        ("language: fr\nsend: ${NAME}", 2, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_key(tmp_path: Path, words: str, line: int, said: str) -> None:
    """Nobody would ever see it on the page."""
    told = problems(tmp_path, words)
    assert [problem for problem in told if problem.startswith(f"words.yaml:{line}: chat.language: {said}")], told


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """Together with what is wrong with the settings."""
    (tmp_path / "chat.yaml").write_text("chat: {language: words.yaml, layout: x}\n", encoding="utf-8")
    (tmp_path / "words.yaml").write_text("sned: x\nqqq: x\n", encoding="utf-8")
    told = problems_of(lambda: load(config_file=Path("chat.yaml"), environ={}, cwd=tmp_path))
    assert len(told) == 4


def test_one_text_will_do_for_all_numbers(tmp_path: Path) -> None:
    """And the text for one needs no number in it."""
    file = tmp_path / "ja.yaml"
    file.write_text(
        "language: ja\ntools_used: '{count}'\ntools_running: {one: x, other: '{count}'}\n", encoding="utf-8"
    )
    assert list(faults_in(file, "ja.yaml")) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "Must be one of en, de, zh, or a file that ends in `.yaml`."), ("fr.yaml", "There is no file `fr.yaml`.")],
)
def test_a_language_that_there_is_not_is_told(tmp_path: Path, language: str, said: str) -> None:
    """With those that there are."""
    (tmp_path / "chat.yaml").write_text(f"chat: {{language: {language}}}\n", encoding="utf-8")
    (problem,) = problems_of(lambda: load(config_file=Path("chat.yaml"), environ={}, cwd=tmp_path))
    assert said in str(problem)
