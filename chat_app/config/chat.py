"""The settings of the page. Where `gr.ChatInterface` or `gr.Chatbot` has a name for one, it is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from chat_app.config.values import CssSize, Name, Settings, css_file, part_of_a_name

THEMES: Final = ("base", "citrus", "default", "glass", "monochrome", "ocean", "origin", "soft")
"""Gradio's own themes."""
HUES: Final = (
    "slate", "gray", "zinc", "neutral", "stone", "red", "orange", "amber", "yellow", "lime", "green",
    "emerald", "teal", "cyan", "sky", "blue", "indigo", "violet", "purple", "fuchsia", "pink", "rose",
)  # fmt: skip
"""Gradio's own colours."""
LANGUAGES: Final = ("en", "de", "zh")
"""The languages in which the page's own words are shipped."""
Hue: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^([a-z]+|#[0-9a-fA-F]{6})?$")]


def theme_name(text: str) -> str:
    """`text`, if it is the name of a theme or of a file. Raises `ValueError`."""
    if text not in THEMES and not text.endswith(".json"):
        raise ValueError(f"Must be one of {', '.join(THEMES)}, or a file that ends in `.json`.")
    return text


def language_name(text: str) -> str:
    """`text`, if it is a shipped language or the name of a file. Raises `ValueError`."""
    if text not in LANGUAGES and not text.endswith((".yaml", ".yml")):
        raise ValueError(f"Must be one of {', '.join(LANGUAGES)}, or a file that ends in `.yaml`.")
    return text


class LatexDelimiter(Settings):
    """What opens and closes a formula."""

    left: Annotated[str, StringConstraints(min_length=1)]
    """What opens it."""
    right: Annotated[str, StringConstraints(min_length=1)]
    """What closes it."""
    display: bool = False
    """Whether it stands on a line of its own."""


LATEX = (
    LatexDelimiter(left="$$", right="$$", display=True),
    LatexDelimiter(left="$", right="$"),
    LatexDelimiter(left=r"\(", right=r"\)"),
    LatexDelimiter(left=r"\[", right=r"\]", display=True),
)


class ParameterConfig(Settings):
    """One box or slider with which visitors set something of their conversation."""

    name: Name
    """The parameter's OpenAI name, or `system_prompt`."""
    label: str = ""
    """What stands above it; left out, its name in words."""
    info: str = ""
    """What stands below that."""
    minimum: float | None = None
    """The least; with `maximum` it is a slider."""
    maximum: float | None = None
    """The most; of text, the most characters."""
    step: Annotated[float, Field(gt=0)] | None = None
    """Between two positions of the slider; a whole number makes whole numbers."""
    choices: tuple[str, ...] = ()
    """Values to pick from, instead of a number: `[low, medium, high]`."""
    value: float | int | bool | str | None = None
    """What it begins with. Left out, the preset's own, which is not sent twice."""


class ExampleConfig(Settings):
    """A question to begin with, and what it is asked with."""

    text: Annotated[str, StringConstraints(min_length=1)]
    """The question."""
    files: tuple[Path, ...] = ()
    """Files that go with it; paths start at the working directory."""
    preset: str = ""
    """The preset that it picks; left out, the one on the page stays."""
    model: str = ""
    """The model that it picks."""
    parameters: Mapping[Name, float | int | bool | str] = Field(default_factory=dict)
    """Values for `chat.parameters`."""


class ThemeOptions(Settings):
    """What is changed of the theme; the names are those of Gradio's themes."""

    primary_hue: Hue = ""
    """Colour of buttons and links: one of Gradio's names (`emerald`), or one like `#0a7d5c`, of which all shades are
    made."""
    secondary_hue: Hue = ""
    """Second colour."""
    neutral_hue: Hue = ""
    """Colour of backgrounds, lines and text."""
    spacing_size: Literal["", "sm", "md", "lg"] = ""
    """How much room there is between things."""
    radius_size: Literal["", "none", "sm", "md", "lg", "xxl"] = ""
    """How round corners are."""
    text_size: Literal["", "sm", "md", "lg"] = ""
    """How large text is."""


class ChatConfig(Settings):
    """The page. The names are those of `gr.ChatInterface` and `gr.Chatbot`, where they have one."""

    title: str = "Chat"
    """Stands above the conversation and on the browser's tab."""
    description: str = ""
    """Stands under the title; Markdown."""
    placeholder: str = ""
    """Stands in the middle of an empty conversation; Markdown."""
    textbox_placeholder: str = ""
    """Stands in the empty text box. Left out, the language's own words."""
    language: Annotated[str, AfterValidator(language_name)] = "en"
    """The page's own words: `en`, `de`, `zh`, or a YAML file with them (`chat-app config words` prints the English
    ones)."""
    rtl: bool | None = None
    """Whether text runs from right to left. Left out, the language says it."""
    logo: Path | None = None
    """A picture beside the title, of at most 300 kB; the path starts at the working directory."""
    favicon: Path | None = None
    """The picture on the browser's tab: `.ico`, `.png`, `.gif` or `.svg`."""
    theme: Annotated[str, AfterValidator(theme_name)] = "default"
    """One of Gradio's built-in themes: `base`, `citrus`, `default`, `glass`, `monochrome`, `ocean`, `origin`, `soft`;
    or a theme's JSON file, as `gr.Theme.dump` writes it."""
    theme_options: ThemeOptions = ThemeOptions()
    """What is changed of the theme."""
    css: str = ""
    """More CSS for the page: rules, or the path of a file that ends in `.css`."""
    multimodal: bool = True
    """Whether visitors can add files: pictures, documents, audio. `uploads` has the limits."""
    parameters: tuple[Name | ParameterConfig, ...] = ()
    """What visitors may set for their conversation: names such as `temperature`, `max_tokens`, `top_p`,
    `reasoning_effort`, `seed`, `system_prompt`, or a mapping with bounds."""
    additional_inputs_accordion: str = ""
    """What stands on the accordion with these. Left out, the language's own word."""
    examples: tuple[Annotated[str, StringConstraints(min_length=1)] | ExampleConfig, ...] = ()
    """Questions offered in an empty conversation: text, or a mapping with files and more."""
    example_labels: tuple[str, ...] = ()
    """What the examples show instead of their text, one for each."""
    example_icons: tuple[Path, ...] = ()
    """Pictures above the examples, one file for each; paths start at the working directory."""
    cache_examples: bool = False
    """Whether the answer to an example is kept in memory and given to all who click on it. Only whole answers are, and
    only while nothing else was set or said."""
    cache_mode: Literal["eager", "lazy"] = "lazy"
    """When the model is asked for these: `eager` at the start, `lazy` at the first click."""
    run_examples_on_click: bool = True
    """Whether a click on an example sends it; else it is put into the text box."""
    avatar_images: tuple[Path | None, Path | None] = (None, None)
    """Picture files of the visitor and of the model, `null` for none; paths start at the working directory."""
    layout: Literal["bubble", "panel"] = "bubble"
    """Messages as bubbles on two sides, or one under the other in full width."""
    height: Annotated[int, Field(gt=0)] | CssSize | None = None
    """Height of the conversation in pixels or as a CSS size. Left out, it fills the window."""
    min_height: Annotated[int, Field(gt=0)] | CssSize | None = None
    """The least height of the conversation."""
    max_height: Annotated[int, Field(gt=0)] | CssSize | None = None
    """The greatest height of the conversation."""
    resizable: bool = False
    """Whether visitors can drag its lower corner; needs a `height`."""
    fill_height: bool = True
    """Whether the conversation takes the height that the window has."""
    fill_width: bool = False
    """Whether the page takes the whole width of the window."""
    label: str = ""
    """What screen readers call the conversation, and what stands above it with `show_label`. Left out, the language's
    own word."""
    show_label: bool = False
    """Whether `label` is seen; it stands on the frame, so it needs `container`."""
    container: bool = True
    """Whether there is a frame around the conversation."""
    elem_classes: tuple[Name, ...] = ()
    """CSS classes of the conversation, for rules in `css`."""
    render_markdown: bool = True
    """Whether Markdown is shown as what it means; HTML is in either case, without what could do harm."""
    line_breaks: bool = True
    """Whether a single new line in Markdown is one on the page."""
    allow_tags: bool | tuple[Name, ...] = True
    """Tags that are no HTML (`<thinking>`, the end of `vector<int>`) and are shown as text: all, none, or these. The
    others are taken out, together with what stands in them and often behind them."""
    latex_delimiters: tuple[LatexDelimiter, ...] = LATEX
    """What encloses formulas; `[]` shows them as text."""
    buttons: tuple[Literal["copy", "copy_all"], ...] = ("copy", "copy_all")
    """Copy buttons: on each message, and for the whole conversation."""
    watermark: str = ""
    """Stands below every message that is copied."""
    allow_file_downloads: bool = True
    """Whether pictures and audio in the conversation have a button to save them."""
    submit_btn: bool | Annotated[str, StringConstraints(min_length=1)] = True
    """Whether there is a button to send, and what stands on it."""
    stop_btn: bool | Annotated[str, StringConstraints(min_length=1)] = True
    """Whether there is a button to stop an answer, and what stands on it."""
    editable: bool = True
    """Whether visitors can edit what they said, which asks again from there."""
    autofocus: bool = True
    """Whether the cursor stands in the text box when the page opens."""
    autoscroll: bool = True
    """Whether the page follows the answer as it grows, unless the visitor has scrolled up."""
    flagging_mode: Literal["manual", "never"] = "manual"
    """`manual` shows the feedback buttons under each answer; `never` shows none."""
    flagging_options: Annotated[tuple[Name, ...], Field(min_length=1)] = ("Like", "Dislike")
    """The verdicts to choose from. `Like` and `Dislike` are thumbs, all others stand behind a flag."""
    flagging_dir: Path = Path("feedback")
    """The folder of `feedback.csv`; made if it is not there."""
    show_usage: bool = False
    """Whether an answer says what it took: tokens, seconds to the first one, tokens a second, who answered, and the
    cost where the preset has `prices`."""
    artifacts: bool = True
    """Whether code of an answer can be opened beside the conversation, with versions, and HTML and SVG seen."""
    concurrency_limit: Annotated[int, Field(ge=1)] | None = None
    """How many turns run at once, for all visitors; more wait in line. Left out, any number."""
    api_description: str = ""
    """What the page of the API says of `/chat`."""
    api_visibility: Literal["public", "undocumented", "private"] = "public"
    """Whether `/chat` is in the list of the API, works without being there, or does not work."""
    save_history: bool = True
    """Whether conversations are kept in the visitor's own browser, with a side panel; the server keeps none."""
    storage_key: Annotated[Name, AfterValidator(part_of_a_name)] = "chat_app"
    """Under this name the browser keeps them: two apps under one address need different ones. With another name, what
    was kept is not shown any more."""
    forget_on_logout: bool = False
    """Whether a browser drops the conversations of a visitor who logs out, for machines that many people use. Needs
    `server.user_header` or `server.logout_url`."""

    @property
    def language_file(self) -> Path | None:
        """The file that `language` names, if it does."""
        return Path(self.language) if self.language not in LANGUAGES else None

    @property
    def theme_file(self) -> Path | None:
        """The file that `theme` names, if it does."""
        return Path(self.theme) if self.theme not in THEMES else None

    @property
    def css_file(self) -> Path | None:
        """The file that `css` names, if it does."""
        return css_file(self.css)
