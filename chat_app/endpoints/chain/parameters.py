"""One endpoint that learns which parameters its server does not take.

A server that refuses a request and names a parameter that was sent is asked again at once without it, or with
`max_tokens` and `max_completion_tokens` exchanged, which are two names of one thing. One that has no place for a system
prompt (the templates of Gemma, older ones of Mistral) gets it at the beginning of the first question. What helped is
kept for that model as long as this program runs, and logged with the settings that make it permanent.

A server that takes no tools for a model is asked without them, and `ToolsNotTaken` says so behind `Started`, at every
question: what is known then is still told. Results that wait for an answer are told as text
(`conversation/written.py`), so in the middle of a turn no call is lost.

This is no retry, which sends the same request again because something may have passed (`retry.py`): it is another
request. Each remedy is tried once for a question, and a few at most, so a server that refuses everything ends it. A
parameter whose value is refused stays: that is a mistake in the settings, and is told. Nothing else of the conversation
is ever touched.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Final

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Delta, Started, ToolsNotTaken, commits
from chat_app.conversation.messages import Message, Text
from chat_app.conversation.turn import Endpoint, Request
from chat_app.endpoints.failures.hints import config_line
from chat_app.endpoints.failures.unsupported import SYSTEM_PROMPT, plain_name
from chat_app.endpoints.request import TOOLS, parameters_of, wire_name_of
from chat_app.errors import EndpointError, RequestRefused

MOST_REMEDIES: Final = 5
"""For one question."""
_MOST_MODELS: Final = 100
_OTHER_NAMES: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_ABOUT_TOOLS: Final = ("tool_choice", "parallel_tool_calls")
"""Parameters that are refused where there are no tools."""
_BLANK_LINE: Final = "\n\n"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change that makes a request acceptable."""

    name: str
    """The parameter, as the server calls it, or `SYSTEM_PROMPT`."""
    renamed_to: str = ""
    """What it is called instead; empty drops it."""

    def settings(self, endpoint: str) -> str:
        """What makes it permanent, in words: there is no setting for the system prompt but the preset's."""
        if self.name == SYSTEM_PROMPT:
            return "`system_prompt` of the preset, left empty, or another chat template in the server"
        if self.renamed_to:
            return config_line(endpoint, renamed=(self.name, self.renamed_to))
        return config_line(endpoint, dropped=(self.name,))


@dataclass(slots=True)
class Adapting:
    """An `Endpoint` in front of the `endpoint` of `config`. `tell` gets each remedy that helped, when it is new."""

    endpoint: Endpoint
    config: EndpointConfig
    tell: Callable[[Remedy, str], None] | None = None
    """Is given the model too; left out, the log is told."""
    _known: OrderedDict[str, tuple[Remedy, ...]] = field(default_factory=OrderedDict, init=False)

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The endpoint's answer to `request`, or to the like of it that its server takes. Raises `EndpointError`.

        `Started.attempts`, and that of an error, counts the requests that were refused too.
        """
        known = self._known.get(request.model, ())
        found: tuple[Remedy, ...] = ()
        while True:
            adapted = self._adapted(request, (*known, *found))
            committed = False
            try:
                async with aclosing(self.endpoint.stream(adapted)) as stream:
                    async for delta in stream:
                        if not committed and commits(delta):
                            committed = True
                            self._keep(request.model, known, found)
                        yield _counted(delta, len(found))
                        if isinstance(delta, Started) and request.tools and not self._offers_tools(adapted):
                            yield ToolsNotTaken(delta.endpoint, delta.model)
            except EndpointError as error:
                remedy = None if committed else self._remedy(error, adapted, (*known, *found))
                if remedy is None or len(found) == MOST_REMEDIES:
                    error.attempts += len(found)
                    raise
                found = (*found, remedy)
            else:
                return

    def _remedy(self, error: EndpointError, refused: Request, tried: tuple[Remedy, ...]) -> Remedy | None:
        """What has not been tried yet against `error`; None when there is nothing."""
        if not isinstance(error, RequestRefused):
            return None
        if error.parameter == SYSTEM_PROMPT:
            return Remedy(SYSTEM_PROMPT) if _with_folded_prompt(refused.messages) else None
        sent = parameters_of(refused, self.config)
        name = next((name for name in sent if plain_name(name) == plain_name(error.parameter)), "")
        if not name:
            return None
        other = _OTHER_NAMES.get(name, "")
        before = {remedy.name for remedy in tried}
        if other and other not in sent and not {name, other} & before and wire_name_of(other, self.config) == other:
            return Remedy(name, other)
        return Remedy(name)

    def _adapted(self, request: Request, remedies: tuple[Remedy, ...]) -> Request:
        for remedy in remedies:
            if remedy.name == SYSTEM_PROMPT:
                request = replace(request, messages=_with_folded_prompt(request.messages) or request.messages)
            elif remedy.name == wire_name_of(TOOLS, self.config):
                without: dict[str, Any] = {
                    name: None for name in _ABOUT_TOOLS if name in parameters_of(request, self.config)
                }
                request = replace(request, tools=(), parameters={**self._mended(request, remedy), **without})
            else:
                request = replace(request, parameters=self._mended(request, remedy))
        return request

    def _offers_tools(self, request: Request) -> bool:
        return bool(parameters_of(request, self.config).get(wire_name_of(TOOLS, self.config)))

    def _mended(self, request: Request, remedy: Remedy) -> dict[str, Any]:
        """The parameters of `request` without the one that is refused, by whatever name the settings give it."""
        sent = parameters_of(request, self.config)
        if remedy.name not in sent:
            return dict(request.parameters)
        names = {remedy.name, *self.config.extra_body, *request.parameters}
        without = {name: None for name in names if wire_name_of(name, self.config) == remedy.name}
        renamed = {remedy.renamed_to: sent[remedy.name]} if remedy.renamed_to else {}
        return {**request.parameters, **without, **renamed}

    def _keep(self, model: str, known: tuple[Remedy, ...], found: tuple[Remedy, ...]) -> None:
        """Remembers what helped, for the models asked for last: their names may come from visitors."""
        if known or found:
            self._known[model] = (*known, *found)
            self._known.move_to_end(model)
            if len(self._known) > _MOST_MODELS:
                self._known.popitem(last=False)
        for remedy in found:
            (self.tell or self._log)(remedy, model)

    def _log(self, remedy: Remedy, model: str) -> None:
        extra = {
            "endpoint": self.config.name,
            "model": model,
            "parameter": remedy.name,
            "settings": remedy.settings(self.config.name),
        }
        _log.warning("parameter_not_accepted", extra=extra)


def _counted(delta: Delta, refused: int) -> Delta:
    """`delta`, where it begins the answer with the requests counted that were `refused` before."""
    return replace(delta, attempts=delta.attempts + refused) if isinstance(delta, Started) and refused else delta


def _with_folded_prompt(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """`messages` with the system prompt at the beginning of the first question; none when that cannot be done."""
    prompts = [message for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    if not prompts or not rest or rest[0].role != "user":
        return ()
    prompt = Text(_BLANK_LINE.join(message.text for message in prompts) + _BLANK_LINE)
    return (replace(rest[0], parts=(prompt, *rest[0].parts)), *rest[1:])
