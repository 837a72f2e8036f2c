"""What is remembered of what models take, and the refusal of a question that holds something its model does not take.

The settings come first, then what the server told. Servers are asked in the background only (`learn`), some models at
each look, and asked again when what they told is old; what one told once is used until it tells something else. So a
visitor never waits for it, and whoever asks before it is known is told that it is unknown, which refuses nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

from chat_app.config import EndpointConfig, Modality
from chat_app.conversation.messages import Audio, Image, Message
from chat_app.endpoints.chain.retry import Clock
from chat_app.endpoints.failures.hints import shown
from chat_app.endpoints.modalities import UNKNOWN, Taken, modalities_of
from chat_app.errors import InputNotTaken

KNOWN_FOR_S: Final = 3600.0
"""How long it is before a server is asked again for what it told."""
UNKNOWN_FOR_S: Final = 300.0
"""How long it is before it is asked again for what it did not tell."""
AT_A_LOOK: Final = 50
"""So many models one server is asked for at a look; the others have their turn at the next ones."""
NAMED: Final = 5
"""So many models a hint names."""

WORDS: Final[Mapping[Modality, str]] = {"image": "pictures", "audio": "audio"}
"""What people call what a model takes, in the order in which it is told."""

_log = logging.getLogger(__name__)


class AsksModalities(Protocol):
    """Asks a server what its models take; `modalities.modalities_of`, or a double of it."""

    def __call__(
        self, config: EndpointConfig, models: Sequence[str], *, is_ollama: bool
    ) -> Awaitable[Mapping[str, Taken]]:
        """What each of `models` takes, of those of which the server tells it. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Asking:
    """A server that can be asked, and the models that it offers."""

    config: EndpointConfig
    models: tuple[str, ...]
    is_ollama: bool


@dataclass(frozen=True, slots=True)
class _Told:
    taken: Taken
    until: float


class InputsTaken:
    """What the models of all servers take; `ask` asks one of them, `clock` tells seconds."""

    def __init__(self, ask: AsksModalities = modalities_of, *, clock: Clock = monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._told: dict[str, dict[str, _Told]] = {}

    def of(self, config: EndpointConfig, model: str) -> Taken:
        """What `model`, by its name here, takes at this server."""
        if (set_here := configured(config, model)) is not None:
            return set_here
        told = self._told.get(config.name, {})
        return next((told[name].taken for name in _names(model) if name in told), UNKNOWN)

    async def learn(self, servers: Iterable[Asking]) -> None:
        """Ask all `servers` at once for what is not known of their models, or not any more. Never raises."""
        servers = tuple(servers)
        defects = await asyncio.gather(*map(self._learn_from, servers), return_exceptions=True)
        for server, defect in zip(servers, defects, strict=True):
            if isinstance(defect, Exception):
                _log.error("modalities_failed", extra={"endpoint": server.config.name}, exc_info=defect)

    async def _learn_from(self, server: Asking) -> None:
        now, known = self._clock(), self._told.get(server.config.name, {})
        known = {model: told for model, told in known.items() if model in server.models}
        open_ = (model for model in server.models if configured(server.config, model) is None)
        models = [model for model in open_ if model not in known or known[model].until <= now][:AT_A_LOOK]
        told = await self._ask(server.config, models, is_ollama=server.is_ollama) if models else {}
        for model in models:
            before = known[model].taken if model in known else UNKNOWN
            until = now + (KNOWN_FOR_S if model in told else UNKNOWN_FOR_S)
            known[model] = _Told(told.get(model, before), until)
        self._told[server.config.name] = known


def configured(config: EndpointConfig, model: str) -> Taken | None:
    """What the settings say that `model` takes; None if they say nothing of it."""
    said = config.input_modalities
    return next((Taken(frozenset(said[name])) for name in (*_names(model), "*") if name in said), None)


def carried(messages: Iterable[Message]) -> frozenset[Modality]:
    """What the visitor's `messages` hold besides text; pictures that a tool gave are not theirs."""
    parts = [part for message in messages if message.role == "user" for part in message.parts]
    kinds: Mapping[Modality, type] = {"image": Image, "audio": Audio}
    return frozenset(name for name, kind in kinds.items() if any(isinstance(part, kind) for part in parts))


def in_words(taken: AbstractSet[Modality]) -> str:
    """What is taken, as people say it: `pictures, audio`; empty for nothing."""
    return ", ".join(word for name, word in WORDS.items() if name in taken)


def refusal(
    carries: AbstractSet[Modality], taken: Taken, model: str, others: Iterable[tuple[str, Taken]], endpoint: str
) -> InputNotTaken | None:
    """Why a question that `carries` such things cannot go to `model`, which takes `taken`; None if it can.

    `others` are the models that could be picked instead, with what each takes; `endpoint` is whose setting could say
    more.
    """
    missing = carries - taken.possible
    if not missing:
        return None
    what = " or ".join(word for name, word in WORDS.items() if name in missing)
    able = [f"`{shown(name)}`" for name, its in others if carries <= its.sure and name != model][:NAMED]
    instead = f"Pick one that does: {', '.join(able)}." if able else "No model here is known to; ask without."
    return InputNotTaken(
        f"The model `{shown(model)}` does not take {what}, and this conversation has some.",
        hint=f"{instead} If it does, say so in `input_modalities` of endpoint `{endpoint}`.",
    )


def _names(model: str) -> tuple[str, ...]:
    """`model` and what else an Ollama calls it."""
    return (model, model.removesuffix(":latest") if model.endswith(":latest") else f"{model}:latest")
