"""One endpoint, looked at step by step until something is wrong: what `chat-app check` shows.

Each step proves what the next one needs, so the first that fails is the cause and not a symptom. The last one is a turn
with a few tokens, read to its end, because a server may list a model that it cannot load, refuse a preset's parameters
or break off its answers. Nothing is retried: a check tells how it is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from chat_app.config import EndpointConfig, PresetConfig
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Request, Turn, run_turn
from chat_app.endpoints.client import connect
from chat_app.endpoints.failures import failure_of, timed_out
from chat_app.endpoints.hints import Asked, is_loopback, of_model, shown
from chat_app.endpoints.refusals import no_models
from chat_app.endpoints.status import Server
from chat_app.errors import ChatAppError, EndpointError, LengthLimit, ModelMissing, NotFound, RequestRefused

LONGEST_S: Final = 60.0
"""The longest that a check waits for the first token, and in a silence, whatever the endpoint's settings say."""
TOTAL_S: Final = 2 * LONGEST_S
"""The longest that it reads one answer."""
MOST_TOKENS: Final = 16

_LIMITS: Final = ("max_completion_tokens", "max_tokens")
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}

StepName: TypeAlias = Literal["name resolves", "port answers", "models are listed", "model is there", "a token arrives"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at."""

    name: StepName
    ok: bool
    took_s: float
    error: ChatAppError | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of one endpoint found. Steps after one that failed were not taken."""

    endpoint: str
    place: str
    """Its host and port, without a user and password."""
    steps: tuple[Step, ...] = ()
    models: tuple[str, ...] = ()
    """What it offers: its configured models, else those it lists."""
    model: str = ""
    """The model that was asked for a token; empty if it did not come to that."""

    @property
    def ok(self) -> bool:
        """Whether the endpoint can be used."""
        return self.error is None

    @property
    def error(self) -> ChatAppError | None:
        """What stands in the way, if anything does."""
        return next((step.error for step in self.steps if not step.ok), None)


async def probe(
    config: EndpointConfig,
    *,
    presets: Sequence[PresetConfig] = (),
    in_container: bool = False,
    connects: Callable[..., Server] = connect,
) -> Report:
    """The report on the endpoint of `config`, asked for the first model of `presets` that it has, or for its own.

    It is asked with the parameters of each preset that asks for this model, once for those that have the same.
    """
    quick = _quick(config)
    try:
        server = connects(quick, in_container=in_container)
    except EndpointError as wrong:
        return Report(config.name, Asked(quick).place, (Step("name resolves", ok=False, took_s=0.0, error=wrong),))
    probing = _Probing(server, Asked(quick, in_container), tuple(presets), config.models)
    steps: list[Step] = []
    try:
        for name, look in probing.steps():
            started = monotonic()
            error = await _error_of(look)
            steps.append(Step(name, error is None, monotonic() - started, error))
            if error is not None:
                break
    finally:
        await server.aclose()
    return Report(config.name, probing.asked.place, tuple(steps), probing.models, probing.asked.model)


def _quick(config: EndpointConfig) -> EndpointConfig:
    """`config` with less patience: somebody waits for the check."""
    longest_s = {"first_token_timeout_s": LONGEST_S, "idle_timeout_s": LONGEST_S, "total_timeout_s": TOTAL_S}
    return config.model_copy(update={name: min(getattr(config, name), limit_s) for name, limit_s in longest_s.items()})


async def _error_of(look: Callable[[], Awaitable[None]]) -> ChatAppError | None:
    try:
        await look()
    except ChatAppError as error:
        return error
    return None


@dataclass(slots=True)
class _Probing:
    """A probe under way: what its steps learn from one another. Each step raises what is wrong."""

    server: Server
    asked: Asked
    presets: tuple[PresetConfig, ...]
    models: tuple[str, ...]
    addresses: tuple[str, ...] = ()

    def steps(self) -> tuple[tuple[StepName, Callable[[], Awaitable[None]]], ...]:
        """The steps in their order. Behind a proxy, it is the proxy that resolves the name and knocks at the port."""
        reached: tuple[tuple[StepName, Callable[[], Awaitable[None]]], ...] = (
            ("name resolves", self.resolve),
            ("port answers", self.knock),
        )
        return (
            *(() if _behind_proxy(self.asked.config.base_url) else reached),
            ("models are listed", self.list_models),
            ("model is there", self.find_model),
            ("a token arrives", self.get_token),
        )

    async def resolve(self) -> None:
        try:
            async with asyncio.timeout(self.asked.config.connect_timeout_s):
                found = await asyncio.get_running_loop().getaddrinfo(self.asked.host, None, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise timed_out("connect_timeout_s", self.asked) from None
        except OSError as error:
            raise failure_of(error, self.asked) from error
        self.addresses = tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    async def knock(self) -> None:
        """One address after the other, because asyncio blurs the errors of several into one that has no kind."""
        url = urlsplit(self.asked.config.base_url)
        failure: OSError | None = None
        try:
            async with asyncio.timeout(self.asked.config.connect_timeout_s):
                for address in self.addresses:
                    try:
                        _, writer = await asyncio.open_connection(address, url.port or _PORTS[url.scheme])
                    except OSError as error:
                        failure = error
                        continue
                    writer.close()
                    return
        except TimeoutError:
            raise timed_out("connect_timeout_s", self.asked) from None
        if failure is not None:
            raise failure_of(failure, self.asked) from failure

    async def list_models(self) -> None:
        """A server without a list can be used all the same, if its models are named in the settings."""
        try:
            listed = await self.server.models()
        except NotFound:
            if self.models:
                return
            raise
        self.models = self.models or listed

    async def find_model(self) -> None:
        """A model that the settings name is asked for even if the server does not list it (Azure's deployments)."""
        if not self.models:
            raise no_models(self.asked)
        wanted = [preset.model for preset in self.presets if preset.model]
        there = [model for model in wanted if {model, f"{model}:latest"} & set(self.models)]
        model = next(iter(there or wanted), self.models[0])
        self.asked = replace(self.asked, model=model, known_models=self.models)
        if wanted and not there:
            raise ModelMissing(
                f"{self.asked.name} does not offer the model `{shown(model)}`.",
                hint=of_model(self.asked),
                endpoint=self.asked.name,
            )

    async def get_token(self) -> None:
        for parameters in self._parameters():
            name = next((name for name in _LIMITS if name in parameters), _LIMITS[-1])
            problem = await self._problem_of({**parameters, name: MOST_TOKENS})
            if isinstance(problem, RequestRefused):
                problem = await self._problem_of(parameters)  # OpenAI's o-series, for one, refuses `max_tokens`
            if problem is not None:
                raise problem

    def _parameters(self) -> list[Mapping[str, Any]]:
        """The different parameters with which presets ask for the model that is asked for; none if no preset does."""
        different: list[Mapping[str, Any]] = []
        for preset in self.presets:
            if (preset.model or self.models[0]) == self.asked.model and preset.parameters not in different:
                different.append(preset.parameters)
        return different or [{}]

    async def _problem_of(self, parameters: Mapping[str, Any]) -> ChatAppError | None:
        """What a visitor would be told. That the few tokens were too few is no problem, even if they show nothing."""
        turn = Turn("", "", 1, "", Request((user("Hi"),), self.asked.model, parameters))
        problem: ChatAppError | None = None
        async with aclosing(run_turn(turn, self.server, stop=asyncio.Event())) as answers:
            async for answer in answers:
                problem = answer.problem
        return None if isinstance(problem, LengthLimit) else problem


def _behind_proxy(base_url: str) -> bool:
    url = urlsplit(base_url)
    host = url.hostname or ""
    return url.scheme in getproxies() and not is_loopback(host) and not proxy_bypass(host)
