"""The catalog: every endpoint's last known state, who answers now, and whom a question goes to.

It asks the endpoints in the background and answers from memory, so no page ever waits for a server. What it knows, and
what each one's breaker knows, decides who is asked last; in which order the others are asked, the preset says. What
stands before a server (`chain/order.py`) is made once and lives as long: breaker, line, and what was learnt of it.

The demo stands in only where nothing was configured: from the moment that what was found does not answer until it
first does. After that it never comes back in this process, because scripted answers in the middle of somebody's
conversation would be worse than the error. A configured endpoint that is down is never replaced by it.

What each model takes besides text is asked behind each look (`inputs_taken.py`). A question that holds more goes to
the endpoints whose model may take it; when none may, it is refused before it is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Final

from chat_app.config import EndpointConfig, Modality, PresetConfig
from chat_app.conversation.turn import Endpoint
from chat_app.endpoints import demo as demo_server
from chat_app.endpoints import ollama
from chat_app.endpoints.chain.failover import Candidate, Failover
from chat_app.endpoints.chain.order import asked_through
from chat_app.endpoints.chain.pulling import Pull, PullsFirst
from chat_app.endpoints.chain.shared_pull import SharedPulls
from chat_app.endpoints.choice import (
    endpoints_to_ask,
    is_alone,
    model_to_ask,
    models_to_pick,
    no_such_model,
    ollama_with,
)
from chat_app.endpoints.client import connect_or_explain
from chat_app.endpoints.discovery import Found
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.rules import unforeseen
from chat_app.endpoints.inputs_taken import Asking, AsksModalities, InputsTaken, refusal
from chat_app.endpoints.modalities import UNKNOWN, Taken, modalities_of
from chat_app.endpoints.ollama import PullProgress, is_ollama
from chat_app.endpoints.status import EndpointStatus, Server, asked, has_now, with_trouble
from chat_app.errors import ChoiceError, InputNotTaken

PERIOD_S: Final = 30.0
"""How often the endpoints are asked while all is well."""
IMPATIENT_S: Final = 3.0
"""How soon it is asked again while something is not, at first."""
GROWS: Final = 1.5
"""By how much that grows each time: a server that is gone for days is asked no more often than the others."""
FIRST_LOOK_S: Final = 0.5
"""How long the start waits for the first answers: a closed port is known in milliseconds, a silent one never."""

_log = logging.getLogger(__name__)


class Catalog:
    """What is known of the endpoints that were `found`; with `only_demo`, of the demo alone.

    `connects` makes an endpoint, `asks_ollama` recognises an Ollama, `asks_modalities` asks what models take, `demo`
    runs the demo and `pull` gets a model; tests give doubles.
    """

    def __init__(
        self,
        found: Found,
        *,
        in_container: bool = False,
        only_demo: bool = False,
        connects: Callable[..., Server] = connect_or_explain,
        asks_ollama: Callable[[EndpointConfig], Awaitable[bool]] = is_ollama,
        asks_modalities: AsksModalities = modalities_of,
        demo: Callable[[], AbstractAsyncContextManager[EndpointConfig]] = demo_server.running,
        pull: Pull | None = None,
    ) -> None:
        configs = () if only_demo else found.endpoints
        self._servers = {config.name: connects(config, in_container=in_container) for config in configs}
        self._chains = {
            name: asked_through(server, is_ollama=partial(self._is_ollama, name))
            for name, server in self._servers.items()
        }
        self._statuses = {config.name: EndpointStatus(config.name, models=config.model_names) for config in configs}
        self._may_demo = only_demo or not found.configured
        self._demo: Server | None = None
        self._met = False
        self._connects, self._asks_ollama, self._run_demo = connects, asks_ollama, demo
        self._pull = pull or partial(ollama.pull, in_container=in_container)
        self._pulls = SharedPulls(self._pull_missing)
        self._taken = InputsTaken(asks_modalities)
        self._looked, self._wake, self._news = asyncio.Event(), asyncio.Event(), asyncio.Event()

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
        known = self._candidates()
        said = (with_trouble(each, self._chains[each.name].notice(alone=is_alone(each, known))) for each in known)
        return (*said, *([] if demo is None else [_status_of(demo)]))

    def models_of(self, preset: PresetConfig) -> tuple[str, ...]:
        """The models that can be picked with `preset`, the one it takes by itself first."""
        statuses = self._statuses_of(preset)
        return models_to_pick(statuses, self._known_here(preset.model, statuses))

    def takes(self, preset: PresetConfig, model: str) -> frozenset[Modality] | None:
        """What `model`, or the preset's own if that is empty, takes besides text; None if nobody knows. Asks nobody."""
        taken = self._taken_of(preset, model)
        return None if taken == UNKNOWN else taken.sure

    def refusal(self, preset: PresetConfig, model: str, carries: AbstractSet[Modality]) -> InputNotTaken | None:
        """Why a question that `carries` such things cannot be asked with `preset` and `model`; None if it can."""
        if not carries:
            return None
        asked = self._candidates_of(preset, model)
        taken = self._taken_of(preset, model)
        others = ((other, self._taken_of(preset, other)) for other in self.models_of(preset))
        name, its_model = asked[0] if asked else ("", model)
        return refusal(carries, taken, model or its_model, others, name)

    def choose(
        self, preset: PresetConfig, model: str, carries: AbstractSet[Modality] = frozenset()
    ) -> tuple[Endpoint, str]:
        """Whom a question with `preset` goes to, and the model to ask for: the visitor's `model`, or the preset's.

        An empty model means that no list is known yet; the endpoint then takes the first it has. With what it `carries`
        besides text it goes to those alone whose model may take that. Raises `ChoiceError`, of which `InputNotTaken`
        says that there are none.
        """
        statuses = self._statuses_of(preset)
        if not statuses:
            raise ChoiceError(
                f"The preset {preset.name} names no endpoint that there is.",
                hint=f"Its `endpoints` can be: {', '.join(self._servers)}.",
            )
        chosen = self._model_of(preset, model, statuses)
        candidates = self._candidates_of(preset, model)
        if not candidates:
            self._wake.set()  # the lists may be old: somebody may just have installed it
            raise no_such_model(chosen, statuses, self._configs())
        if refused := self.refusal(preset, model, carries):
            raise refused
        able = [one for one in candidates if carries <= self._taken_at(*one).possible] or candidates
        return Failover([self._candidate(name, its_model) for name, its_model in able]), chosen

    def pullable(self, preset: PresetConfig, model: str) -> str:
        """The model that a question with `preset` and `model` asks for, if the settings name it and an Ollama is there.

        Empty otherwise: what else visitors would like to have is not theirs to decide.
        """
        wanted = model or preset.model
        return wanted if self._ollama_for(preset, wanted) else ""

    def pulling(self, preset: PresetConfig, model: str) -> tuple[Endpoint, str]:
        """As `choose`, of the Ollama that is `pullable` from, which gets the model before it answers, if it has not.

        All who want it at the same time wait for one pull.
        """
        wanted = model or preset.model
        if (server := self._ollama_for(preset, wanted)) is None:
            return self.choose(preset, model)
        return PullsFirst(self._chains[server.name], server.config, wanted, self._pulls), wanted

    async def looked(self) -> None:
        """Return when all endpoints have been asked once."""
        await self._looked.wait()

    async def refresh(self) -> None:
        """Ask all endpoints at once; the status of each changes as soon as it has answered."""
        servers = tuple(self._servers.values())
        failures = await asyncio.gather(*map(self._ask, servers), return_exceptions=True)
        for server, failure in zip(servers, failures, strict=True):
            if isinstance(failure, Exception):
                self._broken(server, failure)
        self._looked.set()
        self._news.set()

    async def learn(self) -> None:
        """Ask the servers that answer what their models take, where that is not known. Never raises."""
        up = (status for status in self._statuses.values() if status.state == "up")
        configs = self._configs()
        await self._taken.learn(Asking(configs[each.name], each.models, each.is_ollama) for each in up)

    async def run(self, period_s: float = PERIOD_S, impatient_s: float = IMPATIENT_S) -> None:
        """Refresh for ever: every `period_s`; first after `impatient_s` while something is not as it should be.

        What stays wrong is asked less and less often, unless the demo waits for a server; a question that fails is a
        reason to look at once.
        """
        pause_s = impatient_s
        while True:
            self._wake.clear()
            before = self._states()
            await self.refresh()
            news = self.demo or self._states() != before or self._content()
            pause_s = impatient_s if news else min(GROWS * pause_s, period_s)
            with suppress(TimeoutError):
                async with asyncio.timeout(period_s if self._content() else pause_s):
                    await self._wake.wait()

    @asynccontextmanager
    async def running(self, period_s: float = PERIOD_S, impatient_s: float = IMPATIENT_S) -> AsyncGenerator[None, None]:
        """The catalog at work, with the demo if it may be needed, until the context ends; then all is closed."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.closing())
            if self._may_demo:
                self._demo = self._connects(await stack.enter_async_context(self._run_demo()))
                stack.push_async_callback(self._demo.aclose)
                self._chains[self._demo.name] = asked_through(self._demo, is_ollama=lambda: False)
            tasks = asyncio.create_task(self.run(period_s, impatient_s)), asyncio.create_task(self._go_on_learning())
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FIRST_LOOK_S):
                        await self._looked.wait()
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                for task in tasks:
                    if not task.cancelled():
                        task.result()  # a defect of the loop is not kept quiet

    @asynccontextmanager
    async def closing(self) -> AsyncGenerator[None, None]:
        """The catalog for a look or two, without the background and the demo; then its connections are closed."""
        try:
            yield
        finally:
            for server in self._servers.values():
                await server.aclose()

    async def _go_on_learning(self) -> None:
        """Learn behind each look, which is not kept waiting for it."""
        while True:
            await self._news.wait()
            self._news.clear()
            await self.learn()

    async def _ask(self, server: Server) -> None:
        status = await asked(server, self._statuses[server.name], self._asks_ollama)
        self._statuses[server.name] = status
        self._met = self._met or status.state == "up"

    def _broken(self, server: Server, defect: Exception) -> None:
        """A defect of this program takes one endpoint down, and neither the looks at the others nor the next one."""
        _log.error("catalog_failed", extra={"endpoint": server.name}, exc_info=defect)
        error = unforeseen(defect, Asked(server.config))
        self._statuses[server.name] = replace(self._statuses[server.name], state="down", error=error)

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

    def _model_of(self, preset: PresetConfig, model: str, statuses: Sequence[EndpointStatus]) -> str:
        """The model to ask for: the visitor's `model`, or the preset's, or the first that there is."""
        return model_to_ask(statuses, self._known_here(model, statuses) or self._known_here(preset.model, statuses))

    def _candidates_of(self, preset: PresetConfig, model: str) -> tuple[tuple[str, str], ...]:
        """The endpoints that a question can go to, each with the model to ask it for."""
        statuses = self._statuses_of(preset)
        chosen = self._model_of(preset, model, statuses)
        # What the picker shows by itself is nobody's choice: the next endpoint may answer with another model.
        by_itself = not preset.model and chosen == model_to_ask(statuses, "")
        return endpoints_to_ask(statuses, chosen, any_model=by_itself)

    def _taken_of(self, preset: PresetConfig, model: str) -> Taken:
        """What `model` takes at one endpoint of the preset or another; unknown as long as one of them is."""
        taken = [self._taken_at(*candidate) for candidate in self._candidates_of(preset, model)] or [UNKNOWN]
        sure = frozenset[Modality]().union(*(each.sure for each in taken))
        return Taken(sure, frozenset[Modality]().union(*(each.unsaid for each in taken)) - sure)

    def _taken_at(self, name: str, model: str) -> Taken:
        server = self._servers.get(name) or self._demo
        return self._taken.of(server.config, model) if server else UNKNOWN

    def _ollama_for(self, preset: PresetConfig, model: str) -> Server | None:
        """The server that `model`, if the settings name it, can be pulled to."""
        name = ollama_with(model, preset.model, self._statuses_of(preset), self._configs())
        return self._servers.get(name)

    def _is_ollama(self, name: str) -> bool:
        return self._statuses[name].is_ollama

    def _configs(self) -> dict[str, EndpointConfig]:
        return {name: server.config for name, server in self._servers.items()}

    async def _pull_missing(self, config: EndpointConfig, model: str) -> AsyncGenerator[PullProgress, None]:
        """The steps of getting `model`, none if it is there: somebody else may have got it since the page offered it.

        The server is asked for that, because what is known here may be older than the offer.
        """
        if await has_now(self._servers[config.name], model):
            return
        async with aclosing(self._pull(config, model)) as steps:
            async for step in steps:
                yield step
        self._wake.set()

    def _candidate(self, name: str, model: str) -> Candidate:
        return Candidate(name, self._chains[name], partial(self._against, name), model, partial(self._failed, name))

    def _failed(self, name: str) -> None:
        """A question to the endpoint failed: if it still counts as up, look at once, before the next one is asked."""
        status = self._statuses.get(name)
        if status and status.state == "up":
            self._wake.set()

    def _states(self) -> list[str]:
        return [status.state for status in self._statuses.values()]

    def _against(self, name: str) -> str:
        """Why the endpoint is better asked last at the moment, as a sentence; empty if it is not."""
        status = self._statuses.get(name)
        down = status.error.sentence if status and status.state == "down" and status.error else ""
        return down or self._chains[name].against()

    def _known_here(self, model: str, statuses: Sequence[EndpointStatus]) -> str:
        """`model`, or nothing when it belongs to the other side: a page may be older than the demo's coming or end."""
        if any(status.offers(model) for status in statuses):
            return model
        return "" if self.demo or (self._demo and model in self._demo.config.model_names) else model


def _status_of(demo: Server) -> EndpointStatus:
    return EndpointStatus(demo.name, "up", models=demo.config.model_names)
