"""The page's look is made from the settings, and of nothing from other hosts."""

import re
from pathlib import Path
from typing import get_args

import pytest

from chat_app.config import ChatConfig
from chat_app.ui.page import call, status_html, style_of, theme_of
from chat_app.ui.service import Notice, Status

THEMES = get_args(ChatConfig.model_fields["theme"].annotation)


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_takes_nothing_from_other_hosts(theme: str) -> None:
    """Fonts above all; addresses in data are names of formats."""
    made = theme_of(ChatConfig.model_validate({"theme": theme}))
    css: str = made._get_theme_css()  # type: ignore[no-untyped-call]  # noqa: SLF001
    assert not re.search(r"url\(['\"]?(https?:)?//|@import", css)
    assert not made._stylesheets  # noqa: SLF001


def test_the_operators_style_comes_after_ours(tmp_path: Path) -> None:
    """As rules, or as the path of a file."""
    file = tmp_path / "more.css"
    file.write_text("b { color: red }")
    assert style_of(ChatConfig(css="i { color: red }")).endswith("\ni { color: red }")
    assert style_of(ChatConfig(css=str(file))).endswith("\nb { color: red }")


def test_a_notice_is_text_with_code_and_never_markup() -> None:
    """What a server says may stand in it."""
    notices = (Notice("<b>no</b>", "Run `ollama pull <x>` now."),)
    html = status_html(Status(demo=False, notices=notices, settled=False))
    assert "<strong>&lt;b&gt;no&lt;/b&gt;</strong> Run <code>ollama pull &lt;x&gt;</code> now." in html
    assert status_html(Status(demo=False, notices=(), settled=True)) == ""


def test_a_call_is_javascript_that_json_can_read() -> None:
    """The script reads it instead of evaluating it."""
    assert call("failed", 'a "b"') == 'globalThis.chatApp.event("failed", "a \\"b\\"")'
