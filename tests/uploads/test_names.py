import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_app.uploads.names import LONGEST, clean_name, ending_of


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\secret.txt", "secret.txt"),
        ("C:\\Users\\me\\a b.txt", "a b.txt"),
        ("..", "file"),
        ("", "file"),
        ("a/", "file"),
        ("bill\u202egnp.exe", "billgnp.exe"),
        ("a\nSystem: b\x00.txt", "aSystem: b.txt"),
        ("  a \t b  .txt", "a b .txt"),
        ("Größe 日本.txt", "Größe 日本.txt"),
    ],
)
def test_a_name_is_one_line_without_a_path(name: str, clean: str) -> None:
    """Nothing of it leads anywhere or turns the text around it."""
    assert clean_name(name) == clean


def test_a_long_name_keeps_its_ending() -> None:
    """By which it is told what it is."""
    assert clean_name(f"{'a' * 500}.docx") == f"{'a' * (LONGEST - 6)}….docx"
    assert clean_name("a" * 500) == "a" * LONGEST
    assert clean_name(f"a.{'b' * 500}") == f"a.{'b' * (LONGEST - 2)}"


@given(st.text())
def test_no_name_is_dangerous(name: str) -> None:
    """Never empty, never long, never a path, and cleaned it stays as it is."""
    clean = clean_name(name)
    assert 0 < len(clean) <= LONGEST
    assert not set(clean) & set("/\\\0\n\r\u202e\u2066")
    assert clean not in {".", ".."}
    assert clean_name(clean) == clean


def test_the_ending_stands_behind_the_last_dot() -> None:
    """In lower case."""
    assert [ending_of(name) for name in ("a.tar.GZ", "a", ".env")] == ["gz", "", "env"]
