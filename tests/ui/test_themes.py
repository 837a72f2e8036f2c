"""The page's colours and fonts are those of the settings, can be read, and come from nowhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import gradio as gr
import pytest
from gradio.themes.utils import colors
from hypothesis import given
from hypothesis import strategies as st

from chat_app.config import ChatConfig, ThemeOptions
from chat_app.config.chat import HUES, THEMES
from chat_app.ui.themes import READABLE, SHADES, contrast, shades_of, theme_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def css_of(theme: gr.themes.Base) -> str:
    """What Gradio makes of a theme."""
    css: str = theme._get_theme_css()  # type: ignore[no-untyped-call]  # noqa: SLF001
    return css


def value_of(theme: gr.themes.Base, name: str, dark: str = "") -> str:
    """A value of a theme, in light or dark, with what it refers to."""
    value = str(getattr(theme, f"{name}{dark}", None) or getattr(theme, name))
    found = re.fullmatch(r"\*(\w+)", value)
    return value_of(theme, found[1], dark) if found else {"white": "#ffffff", "black": "#000000"}.get(value, value)


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_takes_nothing_from_other_hosts(name: str) -> None:
    """Fonts above all; addresses in data are names of formats."""
    theme = theme_of(ChatConfig(theme=name))
    assert not re.search(r"url\(['\"]?(https?:)?//|@import", css_of(theme))
    assert not theme._stylesheets  # noqa: SLF001


@pytest.mark.parametrize("name", THEMES)
def test_bold_is_bold(name: str) -> None:
    """Gradio's semi-bold files lack most letters."""
    css = "".join(theme_of(ChatConfig(theme=name))._font_css)  # noqa: SLF001
    assert "SemiBold" not in css
    assert css.count("Bold") == css.count("Regular")


def test_the_default_theme_loads_no_font() -> None:
    """It has those of the visitor's system; another theme is chosen for its looks, and has its own."""
    assert theme_of(ChatConfig()).font == "ui-sans-serif, system-ui, sans-serif"
    assert "@font-face" not in css_of(theme_of(ChatConfig()))
    assert "@font-face" in css_of(theme_of(ChatConfig(theme="soft")))


def test_colours_of_the_settings_are_the_themes() -> None:
    """By the name of one of Gradio's, or as one of which all shades are made; what is left out stays."""
    options = {"primary_hue": "emerald", "secondary_hue": "#0a7d5c", "radius_size": "none", "text_size": "lg"}
    theme = theme_of(ChatConfig(theme_options=ThemeOptions.model_validate(options)))
    assert (theme.primary_500, theme.secondary_500) == (colors.emerald.c500, "#0a7d5c")
    assert (theme.radius_md, theme.text_md) == (gr.themes.sizes.radius_none.md, gr.themes.sizes.text_lg.md)
    assert (theme.neutral_500, theme.spacing_md) == (gr.themes.Default().neutral_500, gr.themes.Default().spacing_md)
    assert "--secondary-500: #0a7d5c;" in css_of(theme)


def test_the_hues_that_the_settings_know_are_gradios() -> None:
    """All of them, and no others."""
    assert {colour.name for colour in colors.Color.all if colour.name} == set(HUES)


def test_the_sizes_that_the_settings_know_are_gradios() -> None:
    """A name that Gradio lacks could not be looked up."""
    known = {size.name for size in gr.themes.sizes.Size.all}
    for kind in ("spacing", "radius", "text"):
        annotation = ThemeOptions.model_fields[f"{kind}_size"].annotation
        assert {f"{kind}_{size}" for size in get_args(annotation) if size} <= known


@given(COLOURS)
def test_each_shade_is_darker_than_the_one_before(colour: str) -> None:
    """And the colour itself is in the middle."""
    shades = shades_of(colour)
    assert len(shades) == len(SHADES)
    assert shades[5] == colour
    from_black = [contrast(shade, "#000000") for shade in shades]
    assert from_black == sorted(from_black, reverse=True)


@given(COLOURS)
def test_text_of_any_grey_can_be_read_on_it(colour: str) -> None:
    """Dark shades on light ones and the other way round, as the themes use them."""
    shades = dict(zip(SHADES, shades_of(colour, grey=True), strict=True))
    for dark, light in ((800, 50), (900, 100), (950, 200), (700, 50)):
        assert contrast(shades[dark], shades[light]) >= READABLE


@given(COLOURS, st.sampled_from(["default", "base", "soft"]))
def test_text_on_the_main_button_and_links_can_be_read(colour: str, name: str) -> None:
    """Whatever colour was chosen, in light and dark."""
    options = {"primary_hue": colour, "secondary_hue": colour}
    theme = theme_of(ChatConfig(theme=name, theme_options=ThemeOptions.model_validate(options)))
    for dark in ("", "_dark"):
        text = value_of(theme, "button_primary_text_color", dark)
        assert contrast(text, value_of(theme, "button_primary_background_fill", dark)) >= READABLE
        link, behind = (value_of(theme, name, dark) for name in ("link_text_color", "body_background_fill"))
        most = value_of(theme, "secondary_50" if dark else "secondary_950")
        assert contrast(link, behind) >= READABLE or link == most


def test_a_theme_can_be_a_file(tmp_path: Path) -> None:
    """As Gradio's `dump` writes it; a font from Google is only named, and options change it as they change a name."""
    file = tmp_path / "mine.json"
    gr.themes.Soft(primary_hue="teal", font=gr.themes.GoogleFont("Roboto Slab")).dump(str(file))
    theme = theme_of(ChatConfig(theme=str(file), theme_options=ThemeOptions(secondary_hue="pink")))
    assert (theme.primary_500, theme.secondary_500) == (colors.teal.c500, colors.pink.c500)
    assert theme.font == "'Roboto Slab'"
    assert not theme._stylesheets  # noqa: SLF001
    assert not re.search(r"url\(['\"]?(https?:)?//|@import|googleapis", css_of(theme))


def test_a_theme_of_another_gradio_is_used_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In the log, not as a warning of Python's."""
    file = tmp_path / "old.json"
    gr.themes.Soft().dump(str(file))
    values = json.loads(file.read_text())
    file.write_text(json.dumps({**values, "gradio_version": "5.0.0"}))
    assert theme_of(ChatConfig(theme=str(file))).primary_500 == gr.themes.Soft().primary_500
    assert [record.message for record in caplog.records] == ["theme_of_another_gradio"]
