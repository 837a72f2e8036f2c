"""One endpoint, looked at step by step until something is wrong: what `chat-app check` shows.

Each step proves what the next one needs, so the first that fails is the cause and not a symptom. The last one asks for
a single token, because a server may list a model that it cannot load. Nothing is retried: a check tells how it is.
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

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Finish, ReasoningDelta, TextDelta
from chat_app.conversation.messages import user
from chat_app.conversation.turn import Request
from chat_app.endpoints.client import connect
from chat_app.endpoints.failures import failure_of, stream_cut, timed_out
from chat_app.endpoints.hints import Asked, is_loopback, of_model
from chat_app.endpoints.refusals import no_models
from chat_app.endpoints.status import Server
from chat_app.errors import EndpointError, ModelMissing, NotFound, RequestRefused

LONGEST_S: Final = 60.0
"""The longest that a check waits for the first token, whatever the endpoint's setting says."""

_ONE_TOKEN: Final[Mapping[str, Any]] = {"max_tokens": 1}
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}

StepName: TypeAlias = Literal["name resolves", "port answers", "models are listed", "model is there", "a token arrives"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at."""

    name: StepName
    ok: bool
    took_s: float
    error: EndpointError | None = None


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
    def error(self) -> EndpointError | None:
        """What stands in the way, if anything does."""
        return next((step.error for step in self.steps if not step.ok), None)


async def probe(
    config: EndpointConfig,
    *,
    models: Sequence[str] = (),
    in_container: bool = False,
    connects: Callable[..., Server] = connect,
) -> Report:
    """The report on the endpoint of `config`, asked for the first of `models` that it has, or for its own."""
    quick = config.model_copy(update={"first_token_timeout_s": min(config.first_token_timeout_s, LONGEST_S)})
    try:
        server = connects(quick, in_container=in_container)
    except EndpointError as wrong:
        return Report(config.name, Asked(quick).place, (Step("name resolves", ok=False, took_s=0.0, error=wrong),))
    probing = _Probing(server, Asked(quick, in_container), tuple(models), config.models)
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


async def _error_of(look: Callable[[], Awaitable[None]]) -> EndpointError | None:
    try:
        await look()
    except EndpointError as error:
        return error
    return None


@dataclass(slots=True)
class _Probing:
    """A probe under way: what its steps learn from one another. Each step raises what is wrong."""

    server: Server
    asked: Asked
    wanted: tuple[str, ...]
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
        there = [model for model in self.wanted if {model, f"{model}:latest"} & set(self.models)]
        model = next(iter(there or self.wanted), self.models[0])
        self.asked = replace(self.asked, model=model, known_models=self.models)
        if self.wanted and not there:
            raise ModelMissing(
                f"{self.asked.name} does not offer the model `{model}`.",
                hint=of_model(self.asked),
                endpoint=self.asked.name,
            )

    async def get_token(self) -> None:
        try:
            await self._get_one(_ONE_TOKEN)
        except RequestRefused:
            await self._get_one({})  # OpenAI's o-series, for one, refuses `max_tokens`

    async def _get_one(self, parameters: Mapping[str, Any]) -> None:
        """The one token may show nothing: then the end of the answer is proof enough."""
        request = Request((user("Hi"),), self.asked.model, parameters)
        async with aclosing(self.server.stream(request)) as stream:
            async for delta in stream:
                if isinstance(delta, TextDelta | ReasoningDelta | Finish):
                    return
        raise stream_cut(self.asked)


def _behind_proxy(base_url: str) -> bool:
    url = urlsplit(base_url)
    host = url.hostname or ""
    return url.scheme in getproxies() and not is_loopback(host) and not proxy_bypass(host)
