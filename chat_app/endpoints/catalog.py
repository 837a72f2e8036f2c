"""The catalog: every endpoint's last known state, who answers now, and whom a question goes to.

It asks the endpoints in the background and answers from memory, so no page ever waits for a server. The demo stands in
only where nothing was configured: from the moment that what was found does not answer until it first does. After that
it never comes back in this process, because scripted answers in the middle of somebody's conversation would be worse
than the error. A configured endpoint that is down is never replaced by it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

from chat_app.config import EndpointConfig, PresetConfig
from chat_app.conversation.turn import Endpoint
from chat_app.endpoints import demo as demo_server
from chat_app.endpoints.choice import all_models, endpoints_to_ask, model_to_ask, models_to_pick
from chat_app.endpoints.client import connect_or_explain
from chat_app.endpoints.discovery import Found
from chat_app.endpoints.failover import Failover
from chat_app.endpoints.failures import unforeseen
from chat_app.endpoints.hints import Asked, of_model, shown
from chat_app.endpoints.ollama import is_ollama
from chat_app.endpoints.retry import Retrying
from chat_app.endpoints.status import EndpointStatus, Server, asked
from chat_app.errors import ChoiceError

PERIOD_S: Final = 30.0
"""How often the endpoints are asked while all is well."""
IMPATIENT_S: Final = 3.0
"""How often while something is not."""
FIRST_LOOK_S: Final = 0.5
"""How long the start waits for the first answers: a closed port is known in milliseconds, a silent one never."""

_log = logging.getLogger(__name__)


class Catalog:
    """What is known of the endpoints that were `found`; with `only_demo`, of the demo alone.

    `connects`, `asks_ollama` and `demo` make an endpoint, recognise an Ollama and run the demo; tests give doubles.
    """

    def __init__(
        self,
        found: Found,
        *,
        in_container: bool = False,
        only_demo: bool = False,
        connects: Callable[..., Server] = connect_or_explain,
        asks_ollama: Callable[[EndpointConfig], Awaitable[bool]] = is_ollama,
        demo: Callable[[], AbstractAsyncContextManager[EndpointConfig]] = demo_server.running,
    ) -> None:
        configs = () if only_demo else found.endpoints
        self._servers = {config.name: connects(config, in_container=in_container) for config in configs}
        self._statuses = {config.name: EndpointStatus(config.name, models=config.models) for config in configs}
        self._may_demo = only_demo or not found.configured
        self._demo: Server | None = None
        self._met = False
        self._connects, self._asks_ollama, self._run_demo = connects, asks_ollama, demo
        self._looked, self._wake = asyncio.Event(), asyncio.Event()

    @property
    def demo(self) -> bool:
        """Whether the demo answers, because it was asked for or because what was found does not."""
        return self._standing_in() is not None

    def active(self) -> tuple[Server, ...]:
        """The servers that questions go to now."""
        demo = self._standing_in()
        return tuple(self._servers.values()) if demo is None else (demo,)

    def statuses(self) -> tuple[EndpointStatus, ...]:
        """What is known of each endpoint, in order; the demo, while it answers, comes last. Asks nobody."""
        demo = self._standing_in()
        return (*self._candidates(), *([] if demo is None else [_status_of(demo)]))

    def models_of(self, preset: PresetConfig) -> tuple[str, ...]:
        """The models that can be picked with `preset`, the one it takes by itself first."""
        statuses = self._statuses_of(preset)
        return models_to_pick(statuses, self._known_here(preset.model, statuses))

    def choose(self, preset: PresetConfig, model: str) -> tuple[Endpoint, str]:
        """Whom a question with `preset` goes to, and the model to ask for: the visitor's `model`, or the preset's.

        An empty model means that no list is known yet; the endpoint then takes the first it has. Raises `ChoiceError`.
        """
        statuses = self._statuses_of(preset)
        if not statuses:
            raise ChoiceError(
                f"The preset {preset.name} names no endpoint that there is.",
                hint=f"Its `endpoints` can be: {', '.join(self._servers)}.",
            )
        wanted = self._known_here(model, statuses) or self._known_here(preset.model, statuses)
        chosen = model_to_ask(statuses, wanted)
        names = endpoints_to_ask(statuses, chosen)
        if not names:
            self._wake.set()  # the lists may be old: somebody may just have installed it
            raise self._no_such_model(chosen, statuses)
        servers = {server.name: server for server in self.active()}
        return Failover([Retrying(servers[name], servers[name].config.attempts) for name in names]), chosen

    async def refresh(self) -> None:
        """Ask all endpoints at once; the status of each changes as soon as it has answered."""
        await asyncio.gather(*(self._ask(server) for server in self._servers.values()))
        self._looked.set()

    async def run(self, period_s: float = PERIOD_S, impatient_s: float = IMPATIENT_S) -> None:
        """Refresh for ever: every `period_s`, and every `impatient_s` while something is not as it should be."""
        while True:
            self._wake.clear()
            await self.refresh()
            with suppress(TimeoutError):
                async with asyncio.timeout(period_s if self._content() else impatient_s):
                    await self._wake.wait()

    @asynccontextmanager
    async def running(self, period_s: float = PERIOD_S, impatient_s: float = IMPATIENT_S) -> AsyncGenerator[None, None]:
        """The catalog at work, with the demo if it may be needed, until the context ends; then all is closed."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.closing())
            if self._may_demo:
                self._demo = self._connects(await stack.enter_async_context(self._run_demo()))
                stack.push_async_callback(self._demo.aclose)
            looking = asyncio.create_task(self.run(period_s, impatient_s))
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FIRST_LOOK_S):
                        await self._looked.wait()
                yield
            finally:
                looking.cancel()
                await asyncio.wait((looking,))
                if not looking.cancelled():
                    looking.result()  # a defect of the loop is not kept quiet

    @asynccontextmanager
    async def closing(self) -> AsyncGenerator[None, None]:
        """The catalog for a look or two, without the background and the demo; then its connections are closed."""
        try:
            yield
        finally:
            for server in self._servers.values():
                await server.aclose()

    async def _ask(self, server: Server) -> None:
        before = self._statuses[server.name]
        try:
            status = await asked(server, before, self._asks_ollama)
        except Exception as error:  # noqa: BLE001 -- a defect; the other endpoints and the next look must go on
            _log.exception("catalog_failed", extra={"endpoint": server.name})
            status = replace(before, state="down", error=unforeseen(error, Asked(server.config)))
        self._statuses[server.name] = status
        self._met = self._met or status.state == "up"

    def _content(self) -> bool:
        known = self._candidates()
        return not (self.demo and known) and all(status.state == "up" and status.error is None for status in known)

    def _standing_in(self) -> Server | None:
        """The demo, if it is what answers now."""
        if self._met or any(status.state != "down" for status in self._statuses.values()):
            return None
        return self._demo

    def _statuses_of(self, preset: PresetConfig) -> tuple[EndpointStatus, ...]:
        """What is known of the endpoints that `preset` asks, in its order; of the demo, whatever it names."""
        if demo := self._standing_in():
            return (_status_of(demo),)
        known = {status.name: status for status in self._candidates()}
        return tuple(known[name] for name in preset.endpoints or known if name in known)

    def _candidates(self) -> tuple[EndpointStatus, ...]:
        """All endpoints; of those that were only looked for, the ones that answer, as soon as one does."""
        known = tuple(self._statuses.values())
        answering = tuple(status for status in known if status.state == "up")
        return answering if self._may_demo and answering else known

    def _no_such_model(self, model: str, statuses: Sequence[EndpointStatus]) -> ChoiceError:
        known = [status for status in statuses if status.models]
        silent = [f"{status.name} cannot be asked" for status in statuses if not status.models]
        nearest = next((status for status in known if status.is_ollama), known[0])
        config = self._servers[nearest.name].config
        servers = " or ".join(status.name for status in known)
        return ChoiceError(
            f"{'; '.join((f'There is no model `{shown(model)}` on {servers}', *silent))}.",
            hint=of_model(Asked(config, model=model, known_models=all_models(statuses))),
        )

    def _known_here(self, model: str, statuses: Sequence[EndpointStatus]) -> str:
        """`model`, or nothing when it belongs to the other side: a page may be older than the demo's coming or end."""
        if any(status.offers(model) for status in statuses):
            return model
        return "" if self.demo or (self._demo and model in self._demo.config.models) else model


def _status_of(demo: Server) -> EndpointStatus:
    return EndpointStatus(demo.name, "up", models=demo.config.models)
