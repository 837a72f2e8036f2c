"""What can be set and what it means. How it is read, and from where, is `config_sources/`.

The docstring below each setting is its documentation: the README's table, `chat-app config schema` and the comments of
`chat-app config init` are made from it. Where Gradio has a name for a setting of the page, it is Gradio's name.
Values are immutable; unknown keys are errors. Secrets are `SecretStr`: they show as `**********` wherever they print.
A file for each section; all of them are imported from here.
"""

from __future__ import annotations

from chat_app.config.chat import ChatConfig, ExampleConfig, LatexDelimiter, ParameterConfig, ThemeOptions
from chat_app.config.endpoints import EndpointConfig, Modality, PresetConfig, PricesConfig
from chat_app.config.server import FeedbackConfig, ServerConfig
from chat_app.config.tools import Approval, FunctionConfig, McpServerConfig, ToolsConfig
from chat_app.config.uploads import UploadsConfig
from chat_app.config.values import LONGEST_NAME, SECRET_NAME, Settings, css_file

__all__ = [
    "LONGEST_NAME",
    "SECRET_NAME",
    "Approval",
    "ChatConfig",
    "Config",
    "EndpointConfig",
    "ExampleConfig",
    "FeedbackConfig",
    "FunctionConfig",
    "LatexDelimiter",
    "McpServerConfig",
    "Modality",
    "ParameterConfig",
    "PresetConfig",
    "PricesConfig",
    "ServerConfig",
    "ThemeOptions",
    "ToolsConfig",
    "UploadsConfig",
    "css_file",
]


class Config(Settings):
    """All settings."""

    endpoints: tuple[EndpointConfig, ...] = ()
    """The servers, in the order they are asked. Left out, `OPENAI_BASE_URL` or a local Ollama is looked for."""
    presets: tuple[PresetConfig, ...] = (PresetConfig(),)
    """What a visitor can pick; the first is the default."""
    chat: ChatConfig = ChatConfig()
    """The page."""
    feedback: FeedbackConfig = FeedbackConfig()
    """How verdicts are trusted."""
    uploads: UploadsConfig = UploadsConfig()
    """Files that visitors add."""
    tools: ToolsConfig = ToolsConfig()
    """What models may call."""
    server: ServerConfig = ServerConfig()
    """The process that serves the page."""
