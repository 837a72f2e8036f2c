"""What is known of one endpoint: whether it answers, what it offers, and what is wrong with it.

A value and the question that makes one. Nothing here keeps state or decides who is asked: that is `catalog.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol, TypeAlias

from chat_app.config import EndpointConfig
from chat_app.conversation.turn import Endpoint
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.rules import list_timed_out
from chat_app.endpoints.ollama import no_model_yet
from chat_app.errors import EndpointError, NotFound

PATIENCE_S: Final = 10.0
"""The longest that one endpoint is asked for its models."""


State: TypeAlias = Literal["unknown", "up", "down"]


class Server(Endpoint, Protocol):
    """An endpoint that is one server, with settings, a list of models, and connections to close."""

    @property
    def name(self) -> str:
        """What presets and messages call it."""
        ...

    @property
    def config(self) -> EndpointConfig:
        """Its settings."""
        ...

    async def models(self) -> tuple[str, ...]:
        """The models it lists. Raises `EndpointError`."""
        ...

    async def aclose(self) -> None:
        """Close its connections."""
        ...


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint when it was last asked."""

    name: str
    state: State = "unknown"
    error: EndpointError | None = None
    """Why it is down, or what is missing although it is up."""
    models: tuple[str, ...] = ()
    """What it offers: the configured models, or those it listed when it last answered. Empty when nobody knows."""
    is_ollama: bool = False

    def offers(self, model: str) -> bool:
        """Whether it has `model`. Ollama also takes `llama3.2` for the `llama3.2:latest` that it lists."""
        return model in self.models or (self.is_ollama and f"{model}:latest" in self.models)


def with_trouble(status: EndpointStatus, trouble: EndpointError | None) -> EndpointStatus:
    """`status`, which says that its answers fail where a look at the endpoint finds nothing wrong."""
    return replace(status, error=trouble) if trouble and status.state == "up" and not status.error else status


async def asked(
    server: Server,
    before: EndpointStatus,
    is_ollama: Callable[[EndpointConfig], Awaitable[bool]],
    *,
    patience_s: float = PATIENCE_S,
) -> EndpointStatus:
    """The status of `server` now, after it was asked for its models; takes no longer than `patience_s`.

    A server that is down keeps the models it had before. One whose models are configured may have no list at all, or
    one that takes for ever, as long as it took the connection: that has a shorter limit, which then has not passed.
    """
    configured = server.config.model_names
    connected = server.config.connect_timeout_s < patience_s
    try:
        async with asyncio.timeout(patience_s):
            listed = await server.models()
            ollama = before.is_ollama if before.state == "up" else await is_ollama(server.config)
    except NotFound as error:
        if configured:
            return replace(before, state="up", error=None, models=configured)
        return replace(before, state="down", error=error)
    except EndpointError as error:
        return replace(before, state="down", error=error)
    except TimeoutError:
        if configured and connected:
            return replace(before, state="up", error=None, models=configured)
        return replace(before, state="down", error=list_timed_out(patience_s, Asked(server.config)))
    missing = no_model_yet(server.name) if ollama and not listed else None
    return EndpointStatus(server.name, "up", missing, configured or listed, ollama)


async def has_now(server: Server, model: str, *, patience_s: float = PATIENCE_S) -> bool:
    """Whether the Ollama `server` lists `model`, by its own name, at this moment. Never raises."""
    try:
        async with asyncio.timeout(patience_s):
            listed = await server.models()
    except (EndpointError, TimeoutError):
        return False
    return EndpointStatus(server.name, "up", models=listed, is_ollama=True).offers(model)
