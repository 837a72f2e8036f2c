"""The settings of the process, and of how verdicts are trusted."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from chat_app.config.values import Name, Settings, Trimmed, header_name, link, long_enough


class FeedbackConfig(Settings):
    """How verdicts are trusted."""

    secret: Annotated[SecretStr, AfterValidator(long_enough)] = SecretStr("")
    """Signs the answers that may be rated. Left out, one is made and kept as `signing.key` in `chat.flagging_dir`;
    replicas that do not share that folder need the same one here. With another one, earlier answers cannot be rated,
    and visitors that `server.user_header` names are shown none of their earlier conversations."""


class ServerConfig(Settings):
    """The process that serves the page."""

    host: Name = "127.0.0.1"
    """The address to listen on; `0.0.0.0` for all of the machine's."""
    port: Annotated[int, Field(ge=0, le=65535)] = 7860
    """The port to listen on; 0 takes a free one."""
    root_path: Annotated[str, StringConstraints(pattern=r"^(/[^\s/]+)*$")] = ""
    """The path under which a proxy serves the page: `/chat`."""
    allow_pull: bool = False
    """Whether visitors may have Ollama get a model that the settings name and that is not there yet."""
    user_header: Annotated[Trimmed, AfterValidator(header_name)] = ""
    """The header in which a proxy that logs visitors in names them: `X-Forwarded-User`. Whoever reaches the port past
    the proxy can call themselves anything."""
    logout_url: Annotated[Trimmed, AfterValidator(link)] = ""
    """Where the proxy logs visitors out: a path such as `/oauth2/sign_out`, or an address."""
