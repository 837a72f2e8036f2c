"""One server over HTTP: the openai client for the request, our own reader for the answer, four limits of time.

The SDK does not retry (`retry.py` is the only loop), does not parse chunks (`chunks.py` says why) and takes nothing
from the environment (`sdk.py`). The response is asked for as it is and not by `with_streaming_response`, which tells
the server so in a header.

With the logger `chat_app.wire` at DEBUG, every request body and every event is printed; headers and keys never are.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, Final

import httpx2
from openai import APIStatusError, AsyncStream

from chat_app.config import EndpointConfig
from chat_app.conversation.deltas import Delta, Usage, joined
from chat_app.conversation.turn import Request
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.refusals import no_models, not_openai
from chat_app.endpoints.failures.rules import FOREIGN, NOT_MADE, failure_of, list_timed_out, not_made
from chat_app.endpoints.failures.server_words import masked
from chat_app.endpoints.model_list import model_names_in
from chat_app.endpoints.paced_reads import paced
from chat_app.endpoints.patience import Patience
from chat_app.endpoints.reading.answer_reader import AnswerReader
from chat_app.endpoints.request import body_of
from chat_app.endpoints.sdk import NOTHING_OF_ITS, sdk_of
from chat_app.endpoints.status import Server
from chat_app.endpoints.transport import http_client_of, warn_of_unchecked
from chat_app.errors import EndpointError, ModelMissing, TimedOut

LIST_READ_S: Final = 10.0
"""Seconds that the list of models may take, beyond those for the connection."""
AFTER_DONE_S: Final = 0.1
"""Seconds to wait for the end of the body behind `[DONE]`: a connection read to its end can be used again."""
_BROKEN_OFF: Final[tuple[type[Exception], ...]] = (TimedOut, *FOREIGN)
_wire = logging.getLogger("chat_app.wire")


class HttpEndpoint:
    """One OpenAI-compatible server, asked over HTTP; made by `connect`, to be closed with `aclose`."""

    def __init__(
        self,
        config: EndpointConfig,
        http_client: httpx2.AsyncClient,
        *,
        in_container: bool,
        closes_client: bool,
        list_read_s: float,
    ) -> None:
        self.config = config
        self._http_client = http_client
        self._in_container = in_container
        self._closes_client = closes_client
        self._list_s = config.connect_timeout_s + list_read_s
        self._listed: tuple[str, ...] = ()
        self._openai = sdk_of(config, http_client)

    @property
    def name(self) -> str:
        """What presets, messages, logs and feedback rows call it."""
        return self.config.name

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        """The answer to `request`, delta by delta; `Started` comes just before the first text. Raises `EndpointError`.

        An empty `request.model` means the first that the endpoint has. Closing the generator closes the connection.
        """
        asked = self._asked(request.model or await self._first_model())
        body = body_of(request, self.config.wire_model(asked.model), self.config)
        asked = replace(asked, sent=frozenset(body))
        reader = AnswerReader(asked)
        patience = Patience(asked, reader)
        try:
            async with AsyncExitStack() as stack:
                response = await patience.result_of(stack.enter_async_context(self._asking(body)))
                patience.at_reads = stack.enter_context(
                    paced(
                        response,
                        request.every_s,
                        patience.result_of,
                        lambda: reader.begun and not (reader.finished or reader.done),
                    )
                )
                pieces = await stack.enter_async_context(aclosing(response.aiter_bytes()))
                while (piece := await patience.next_piece(pieces)) is not None:
                    for delta in joined(reader.feed(piece)):
                        yield delta
                        if not isinstance(delta, Usage):
                            patience.heard()
                for delta in reader.end():
                    yield delta
                await _read_to_end(pieces)
        except _BROKEN_OFF as error:
            for delta in reader.interrupted():
                yield delta
            if isinstance(error, TimedOut):
                raise
            raise await self._explained(error, replace(asked, model=body["model"]), begun=reader.begun) from error

    async def models(self) -> tuple[str, ...]:
        """The names of the models that the server lists, in its order. Raises `EndpointError`."""
        asked = self._asked("")
        try:
            async with asyncio.timeout(self._list_s):
                response = await self._openai.get(
                    "/models", cast_to=httpx2.Response, options={"headers": NOTHING_OF_ITS}
                )
                body = response.text
        except TimeoutError as error:
            raise list_timed_out(self._list_s, asked) from error
        except FOREIGN as error:
            raise failure_of(error, asked) from error
        names = model_names_in(body)
        if names is None:
            raise not_openai(body, asked)
        self._listed = names
        return names

    async def aclose(self) -> None:
        """Close its connections; those of a client that was handed in are its owner's to close."""
        if self._closes_client:
            await self._http_client.aclose()

    def _asked(self, model: str) -> Asked:
        return Asked(self.config, self._in_container, model)

    async def _first_model(self) -> str:
        if models := self.config.model_names or self._listed or await self.models():
            return models[0]
        raise no_models(self._asked(""))

    @asynccontextmanager
    async def _asking(self, body: dict[str, Any]) -> AsyncGenerator[httpx2.Response, None]:
        """The response to `body`, posted as it is: `chat.completions.create` goes through all it could be given."""
        if _wire.isEnabledFor(logging.DEBUG):
            _wire.debug("%s > %s", self.name, json.dumps(body, ensure_ascii=False))
        stream = await self._openai.post(
            "/chat/completions",
            body=body,
            cast_to=object,
            options={"headers": NOTHING_OF_ITS},
            stream=True,
            stream_cls=AsyncStream[object],
        )
        async with stream:
            yield stream.response

    async def _explained(self, error: Exception, asked: Asked, *, begun: bool) -> EndpointError:
        """What `error` means; when the model is missing, with the names that come near among those there are."""
        if isinstance(error, APIStatusError):
            _wire.debug("%s < %d %s", self.name, error.status_code, masked(error.response.text, secrets=asked.secrets))
        failure = failure_of(error, asked, begun=begun)
        if isinstance(failure, ModelMissing):
            self._listed = ()
            with suppress(EndpointError):
                return failure_of(error, replace(asked, known_models=await self.models()), begun=begun)
        return failure


def connect(
    config: EndpointConfig,
    *,
    in_container: bool = False,
    http_client: httpx2.AsyncClient | None = None,
    list_read_s: float = LIST_READ_S,
) -> HttpEndpoint:
    """The endpoint that `config` describes; nothing is sent yet.

    Raises `EndpointError` for an impossible address, and when the trusted certificates cannot be read.
    A given `http_client` is used as it is, and not closed by the endpoint. The list of models may take `list_read_s`
    seconds beyond `connect_timeout_s`.
    """
    warn_of_unchecked(config)
    try:
        return HttpEndpoint(
            config,
            http_client or http_client_of(config, in_container=in_container),
            in_container=in_container,
            closes_client=http_client is None,
            list_read_s=list_read_s,
        )
    except NOT_MADE as error:
        raise not_made(error, Asked(config, in_container)) from error


def connect_or_explain(config: EndpointConfig, *, in_container: bool = False) -> Server:
    """The endpoint that `config` describes, or one that answers everything with the reason why there is none.

    So a mistake about one endpoint leaves the others, and the page that tells it.
    """
    try:
        return connect(config, in_container=in_container)
    except EndpointError as error:
        return _Unmade(config, error)


class _Unmade:
    """An endpoint that could not be made, because of `error`."""

    def __init__(self, config: EndpointConfig, error: EndpointError) -> None:
        self.config = config
        self._error = error

    @property
    def name(self) -> str:
        return self.config.name

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        del request
        raise self._error.with_traceback(None)  # else it would grow with each time
        yield  # what makes it a generator

    async def models(self) -> tuple[str, ...]:
        raise self._error.with_traceback(None)

    async def aclose(self) -> None:
        pass


async def _read_to_end(pieces: AsyncGenerator[bytes, None]) -> None:
    with suppress(*_BROKEN_OFF):
        async with asyncio.timeout(AFTER_DONE_S):
            async for _ in pieces:
                pass
