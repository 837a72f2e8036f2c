"""The page's colours, sizes and fonts, from the settings: a theme of Gradio's or a file, and what is changed of it.

Nothing is asked of another host, neither now nor by the page: fonts are Gradio's own files or the visitor's, and a font
that a file takes from Google is only named. The default theme has the visitor's: its files would be 240 KB, as much as
all else that a first visit loads. Of a colour like `#0a7d5c` the shades 50 to 950 are made by mixing it with
white and black, which keeps its hue and lets each shade be darker than the one before. A grey is first made as dark as
Gradio's greys are, so that text in its dark shades can be read on its light ones.

Text on the main button and links get a shade that can be read (WCAG 2.2, AA: a contrast of 4.5): Gradio's own choice is
white on orange, 2.8.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final, TypeAlias, cast

import gradio as gr
from gradio.themes.utils import colors, sizes
from gradio.themes.utils.fonts import Font, GoogleFont, LocalFont, local_font_available

from chat_app.config import ChatConfig, ThemeOptions

log = logging.getLogger(__name__)

Rgb: TypeAlias = tuple[float, float, float]
"""Red, green and blue from 0 to 1."""

SHADES: Final = (50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 950)
READABLE: Final = 4.5
"""The least contrast of text and what is behind it."""

_WHITE: Final[Rgb] = (1.0, 1.0, 1.0)
_BLACK: Final[Rgb] = (0.0, 0.0, 0.0)
_WHITE_SHARES: Final = (0.95, 0.9, 0.75, 0.6, 0.3, 0.0)
_BLACK_SHARES: Final = (0.1, 0.25, 0.4, 0.55, 0.7)
_GREY_BLACK_SHARES: Final = (0.28, 0.44, 0.66, 0.79, 0.87)
_GREY_LUMINANCE: Final = (0.15, 0.18)
"""Between these a grey's shade 500 lies: black on it and it on white can both be read."""
_BOLD: Final = (400, 700)
_THEMES: Final = {
    "base": gr.themes.Base,
    "citrus": gr.themes.Citrus,
    "default": gr.themes.Default,
    "glass": gr.themes.Glass,
    "monochrome": gr.themes.Monochrome,
    "ocean": gr.themes.Ocean,
    "origin": gr.themes.Origin,
    "soft": gr.themes.Soft,
}
_REFERENCE = re.compile(r"\*(\w+)")
_HEX = re.compile(r"#([0-9a-fA-F]{6})\b")


def theme_of(chat: ChatConfig) -> gr.themes.Base:
    """The theme. Raises `OSError` and `ValueError` for a file that is none; the settings were checked for that."""
    theme = _loaded(str(chat.theme_file)) if chat.theme_file else _THEMES[chat.theme]()
    _set_fonts(theme, system=chat.theme == "default" and not chat.theme_file)
    _set_options(theme, chat.theme_options)
    _set_readable(theme)
    return theme


def shades_of(colour: str, *, grey: bool = False) -> tuple[str, ...]:
    """The shades 50 to 950 of a colour like `#0a7d5c`, as such; the colour itself is 500, unless it is for a grey."""
    base = _rgb(colour)
    if grey:
        base = _as_dark_as_greys(base)
    black_shares = _GREY_BLACK_SHARES if grey else _BLACK_SHARES
    mixed = [_mixed(base, _WHITE, share) for share in _WHITE_SHARES]
    mixed += [_mixed(base, _BLACK, share) for share in black_shares]
    return tuple(f"#{''.join(f'{round(part * 255):02x}' for part in one)}" for one in mixed)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    light, dark = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _loaded(path: str) -> gr.themes.Base:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        theme = cast("gr.themes.Base", gr.themes.Base.load(path))
    if told:
        log.warning("theme_of_another_gradio")
    return theme


def _set_fonts(theme: gr.themes.Base, *, system: bool) -> None:
    """Bold is bold: the semi-bold files that Gradio's themes name lack most letters. `system`: the visitor's alone."""
    shown = (lambda fonts: [font for font in fonts if not isinstance(font, LocalFont | GoogleFont)]) if system else list
    theme._font = list(map(_local, shown(theme._font)))  # noqa: SLF001
    theme._font_mono = list(map(_local, shown(theme._font_mono)))  # noqa: SLF001
    theme.font, theme.font_mono = (", ".join(map(str, fonts)) for fonts in (theme._font, theme._font_mono))  # noqa: SLF001
    theme._stylesheets = []  # noqa: SLF001
    ours = [font for font in (*theme._font, *theme._font_mono) if isinstance(font, LocalFont)]  # noqa: SLF001
    theme._font_css = [font.stylesheet()["css"] for font in ours]  # noqa: SLF001


def _local(font: Font | str) -> Font | str:
    if isinstance(font, LocalFont | GoogleFont):
        return LocalFont(font.name, weights=_BOLD) if local_font_available(font.name, _BOLD) else Font(font.name)
    return font


def _set_options(theme: gr.themes.Base, options: ThemeOptions) -> None:
    for kind in ("primary", "secondary", "neutral"):
        if hue := getattr(options, f"{kind}_hue"):
            for shade, colour in zip(SHADES, _shades(hue, grey=kind == "neutral"), strict=True):
                setattr(theme, f"{kind}_{shade}", colour)
    for kind in ("spacing", "radius", "text"):
        if size := getattr(options, f"{kind}_size"):
            named = next(one for one in sizes.Size.all if one.name == f"{kind}_{size}")
            for step in ("xxs", "xs", "sm", "md", "lg", "xl", "xxl"):
                setattr(theme, f"{kind}_{step}", getattr(named, step))


def _shades(hue: str, *, grey: bool) -> Sequence[str]:
    if hue.startswith("#"):
        return shades_of(hue, grey=grey)
    shades: Sequence[str] = next(one for one in colors.Color.all if one.name == hue).expand()
    return shades


def _set_readable(theme: gr.themes.Base) -> None:
    """The colours of text that depend on the hues, where theirs cannot be read."""
    for dark, hover in product(("", "_dark"), ("", "_hover")):
        behind = list(_colours(theme, f"button_primary_background_fill{hover}{dark}", dark))
        name = f"button_primary_text_color{hover}{dark}"
        if behind and not _is_readable(_colours(theme, name, dark), behind):
            setattr(theme, name, _most_readable(("#ffffff", "#000000"), behind))
    for dark, order in (("", SHADES[6:]), ("_dark", SHADES[5::-1])):
        behind = list(_colours(theme, f"body_background_fill{dark}", dark))
        shades = [getattr(theme, f"secondary_{shade}") for shade in order]
        for state in ("", "_hover", "_visited", "_active"):
            name = f"link_text_color{state}{dark}"
            if behind and not _is_readable(_colours(theme, name, dark), behind):
                readable = [shade for shade in shades if _is_readable((shade,), behind)]
                setattr(theme, name, readable[0] if readable else shades[-1])


def _is_readable(texts: Iterable[str], behind: Iterable[str]) -> bool:
    """Whether all of these can be read on all of those; what is not known can."""
    return all(contrast(text, colour) >= READABLE for text, colour in product(texts, behind))


def _most_readable(texts: Sequence[str], behind: Sequence[str]) -> str:
    return max(texts, key=lambda text: min(contrast(text, colour) for colour in behind))


def _colours(theme: gr.themes.Base, name: str, dark: str) -> Iterator[str]:
    """The colours in a value of the theme, those of a gradient too; none where it names a colour in another way."""
    value = getattr(theme, name, None) or (getattr(theme, name.removesuffix("_dark"), None) if dark else None)
    if not isinstance(value, str):
        return
    for word in {"white": "#ffffff", "black": "#000000"}.items():
        value = re.sub(rf"\b{word[0]}\b", word[1], value)
    for reference in _REFERENCE.findall(value):
        there = dark if dark and getattr(theme, f"{reference}{dark}", None) else ""
        yield from _colours(theme, f"{reference}{there}", dark)
    yield from (f"#{found}" for found in _HEX.findall(value))


def _as_dark_as_greys(colour: Rgb) -> Rgb:
    least, most = _GREY_LUMINANCE
    end = _BLACK if _luminance(colour) > most else _WHITE
    return next(
        mixed
        for step in range(101)
        if least <= _luminance(mixed := _mixed(colour, end, step / 100)) <= most or step == 100  # noqa: PLR2004
    )


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (mine + (theirs - mine) * share for mine, theirs in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    """How light it is to the eye, 0 to 1 (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 -- sRGB's own numbers
        for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
