"""What can be set and what it means. How it is read, and from where, is `config_sources/`.

The docstring below each setting is its documentation: the README's table, `chat-app config schema` and the comments of
`chat-app config init` are made from it. Where Gradio has a name for a setting of the page, it is Gradio's name.
Values are immutable; unknown keys are errors. Secrets are `SecretStr`: they show as `**********` wherever they print.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

CssSize: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?(px|em|rem|vh|dvh|svh|%)$")]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86400)]
LONGEST_NAME = 100
SHORTEST_SECRET = 10
SECRET_NAME = re.compile(r"(^|[_-])(key|apikey|secret|token|password|authorization)$", re.IGNORECASE)
"""The names under which parameters, fields and queries hold a secret by habit."""
Trimmed: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True)]
Name: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]


def css_file(css: str) -> Path | None:
    """The file that a value of `chat.css` names; None when it is rules."""
    return Path(css.strip()) if css.strip().endswith(".css") and "{" not in css else None


def _address(text: str) -> str:
    """`text`, if a server can stand at it. Raises `ValueError`, which says nothing of it: it may hold a password."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is none
        usable = False
    if not usable or re.search(r"\s", text):
        raise ValueError("Must be an address such as `http://localhost:11434/v1`.")
    return text


def _proxy_address(proxy: SecretStr) -> SecretStr:
    try:
        return SecretStr(_address(proxy.get_secret_value()) if proxy.get_secret_value() else "")
    except ValueError:
        raise ValueError("Must be an address such as `http://proxy:3128`; SOCKS is not supported.") from None


def _part_of_a_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise ValueError("Must be of letters, digits, `.`, `_` and `-` only.")
    return text


def _header(name: str) -> str:
    if name and not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        raise ValueError("Must be the name of a header such as `X-Forwarded-User`.")
    if "cookie" in name.lower() or SECRET_NAME.search(name):
        raise ValueError("Must name a header that holds no secret: the page shows what stands in it.")
    return name


def _link(text: str) -> str:
    """`text`, if a browser may follow it: a path of this host, or an address; nothing that it would run."""
    if not text or re.fullmatch(r"/(?!/)[^\s\\\x00-\x1f\x7f]*", text):
        return text
    try:
        return _address(text)
    except ValueError:
        raise ValueError("Must be a path such as `/oauth2/sign_out`, or an address with http or https.") from None


def _long_enough(secret: SecretStr) -> SecretStr:
    if 0 < len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"Must have at least {SHORTEST_SECRET} characters: visitors see what it signs.")
    return secret


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class EndpointConfig(_Settings):
    """One OpenAI-compatible server."""

    name: Name
    """What presets, messages, logs and feedback rows call it."""
    base_url: Annotated[Trimmed, AfterValidator(_address)]
    """Its address, with `/v1` where the server has it: `http://localhost:11434/v1`."""
    api_key: SecretStr = SecretStr("")
    """Its key, best as `${NAME}`. Empty for servers that want none."""
    models: tuple[Name, ...] | Mapping[Name, Name] = ()
    """The models it offers here, and no others. Left out, the server is asked. As a mapping, the names used here and
    the server's own: `{llama3.2: meta-llama/Llama-3.2-3B-Instruct}`."""
    connect_timeout_s: Seconds = 5
    """Seconds to wait for a connection."""
    first_token_timeout_s: Seconds = 300
    """Seconds to wait for the first token; a cold model may load for minutes."""
    idle_timeout_s: Seconds = 60
    """Seconds of silence allowed between two chunks."""
    total_timeout_s: Seconds = 900
    """Seconds one attempt at a whole answer may take."""
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often one question is asked before the next endpoint, or an error; 1 never asks again."""
    wait_max_s: Seconds = 30
    """The longest to wait before asking again. A server that wants a longer wait is passed over."""
    cool_down_s: Seconds = 30
    """Seconds for which an endpoint that keeps failing is asked only after the others."""
    max_concurrency: Annotated[int, Field(ge=1)] | None = None
    """How many questions it may answer at once; more wait in the order they came. Left out, any number."""
    context_tokens: Annotated[int, Field(ge=64)] | None = None
    """How many tokens its models read, conversation and answer together. Left out, the server is asked, if it tells."""
    extra_headers: Mapping[Name, SecretStr] = Field(default_factory=dict)
    """More headers for each request: `{api-key: "${AZURE_KEY}"}`. `Authorization` here replaces the one with
    `api_key`."""
    extra_query: Mapping[Name, str] = Field(default_factory=dict)
    """More of the address for each request, beside what `base_url` has: `{api-version: "2024-10-21"}`."""
    extra_body: Mapping[Name, Any] = Field(default_factory=dict)
    """More fields for each request for an answer, sent as they are: `{top_k: 40}`. A preset's `parameters` win over
    them."""
    drop_parameters: tuple[Name, ...] = ()
    """Parameters that it does not take, and `stream_options` if it does not take that: they are not sent. What is
    missing here is found out when it refuses a request, once for each start, and logged."""
    rename_parameters: Mapping[Name, Name] = Field(default_factory=dict)
    """Parameters that it has another name for: `{max_tokens: max_completion_tokens}`."""
    proxy: Annotated[SecretStr, AfterValidator(_proxy_address)] = SecretStr("")
    """The HTTP proxy to reach it through, `http://proxy:3128`. Left out, the one in the environment, if any, which is
    not used for servers on this machine."""
    ca_file: Path | None = None
    """The certificates (PEM) to trust instead of the usual ones; the path starts at the working directory. For all
    servers, the environment variable `SSL_CERT_FILE` does the same."""
    verify: bool = True
    """Whether its certificate is checked. `false` lets anybody between read the key and all that is said."""

    @property
    def model_names(self) -> tuple[str, ...]:
        """The configured models, by the names used here."""
        return tuple(self.models)

    def wire_model(self, model: str) -> str:
        """The server's own name of `model`."""
        return self.models.get(model, model) if isinstance(self.models, Mapping) else model


class PresetConfig(_Settings):
    """What a visitor can pick: a named system prompt, model, endpoints and parameters."""

    name: Name = "Assistant"
    """What the picker shows and feedback rows say."""
    endpoints: tuple[Name, ...] = ()
    """The names of the endpoints to ask, in this order. Left out, all of them."""
    model: str = ""
    """The model to ask for. Left out, the first that an endpoint lists."""
    system_prompt: str = ""
    """What the model is told before every conversation."""
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    """Sampling parameters by their OpenAI names, sent as they are: `{temperature: 0.7, max_tokens: 1000}`."""


class LatexDelimiter(_Settings):
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


class ChatConfig(_Settings):
    """The page."""

    title: str = "Chat"
    """Stands above the conversation and on the browser's tab."""
    description: str = ""
    """Stands under the title; Markdown."""
    placeholder: str = ""
    """Stands in the middle of an empty conversation; Markdown."""
    textbox_placeholder: str = "Type a message…"
    """Stands in the empty text box."""
    theme: Literal["base", "citrus", "default", "glass", "monochrome", "ocean", "origin", "soft"] = "default"
    """One of Gradio's built-in themes."""
    css: str = ""
    """More CSS for the page: rules, or the path of a file that ends in `.css`."""
    examples: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = ()
    """Questions offered in an empty conversation."""
    example_labels: tuple[str, ...] = ()
    """What the examples show instead of their text, one for each."""
    example_icons: tuple[Path, ...] = ()
    """Pictures above the examples, one file for each; paths start at the working directory."""
    run_examples_on_click: bool = True
    """Whether a click on an example sends it; else it is put into the text box."""
    avatar_images: tuple[Path | None, Path | None] = (None, None)
    """Picture files of the visitor and of the model, `null` for none; paths start at the working directory."""
    layout: Literal["bubble", "panel"] = "bubble"
    """Messages as bubbles on two sides, or one under the other in full width."""
    height: Annotated[int, Field(gt=0)] | CssSize | None = None
    """Height of the conversation in pixels or as a CSS size. Left out, it fills the window."""
    fill_width: bool = False
    """Whether the page takes the whole width of the window."""
    latex_delimiters: tuple[LatexDelimiter, ...] = LATEX
    """What encloses formulas; `[]` shows them as text."""
    buttons: tuple[Literal["copy", "copy_all"], ...] = ("copy", "copy_all")
    """Copy buttons: on each message, and for the whole conversation."""
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
    save_history: bool = True
    """Whether conversations are kept in the visitor's own browser, with a side panel; the server keeps none."""
    storage_key: Annotated[Name, AfterValidator(_part_of_a_name)] = "chat_app"
    """Under this name the browser keeps them: two apps under one address need different ones. With another name, what
    was kept is not shown any more."""
    forget_on_logout: bool = False
    """Whether a browser drops the conversations of a visitor who logs out, for machines that many people use. Needs
    `server.user_header` or `server.logout_url`."""

    @property
    def css_file(self) -> Path | None:
        """The file that `css` names, if it does."""
        return css_file(self.css)


class FeedbackConfig(_Settings):
    """How verdicts are trusted."""

    secret: Annotated[SecretStr, AfterValidator(_long_enough)] = SecretStr("")
    """Signs the answers that may be rated. Left out, one is made and kept as `signing.key` in `chat.flagging_dir`;
    replicas that do not share that folder need the same one here. With another one, earlier answers cannot be rated,
    and visitors that `server.user_header` names are shown none of their earlier conversations."""


class ServerConfig(_Settings):
    """The process that serves the page."""

    host: Name = "127.0.0.1"
    """The address to listen on; `0.0.0.0` for all of the machine's."""
    port: Annotated[int, Field(ge=0, le=65535)] = 7860
    """The port to listen on; 0 takes a free one."""
    root_path: Annotated[str, StringConstraints(pattern=r"^(/[^\s/]+)*$")] = ""
    """The path under which a proxy serves the page: `/chat`."""
    allow_pull: bool = False
    """Whether visitors may have Ollama get a model that the settings name and that is not there yet."""
    user_header: Annotated[Trimmed, AfterValidator(_header)] = ""
    """The header in which a proxy that logs visitors in names them: `X-Forwarded-User`. Whoever reaches the port past
    the proxy can call themselves anything."""
    logout_url: Annotated[Trimmed, AfterValidator(_link)] = ""
    """Where the proxy logs visitors out: a path such as `/oauth2/sign_out`, or an address."""


class Config(_Settings):
    """All settings."""

    endpoints: tuple[EndpointConfig, ...] = ()
    """The servers, in the order they are asked. Left out, `OPENAI_BASE_URL` or a local Ollama is looked for."""
    presets: tuple[PresetConfig, ...] = (PresetConfig(),)
    """What a visitor can pick; the first is the default."""
    chat: ChatConfig = ChatConfig()
    """The page."""
    feedback: FeedbackConfig = FeedbackConfig()
    """How verdicts are trusted."""
    server: ServerConfig = ServerConfig()
    """The process that serves the page."""
