"""The demo: a small server that speaks the OpenAI protocol and answers from a script.

It stands in when nothing was configured and no server was found, so that a fresh clone shows a page that works, and
tests ask it what they sent. It holds the protocol (`/v1/models`, `/v1/chat/completions` streamed and whole,
`max_tokens`, usage when asked); what it says is `demo_answers.py`. Plain ASGI: three routes need no framework.
Its token is a word.

Wire format: https://platform.openai.com/docs/api-reference/chat/streaming
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from chat_app.config import EndpointConfig
from chat_app.endpoints.demo_answers import Scripted, answer_to
from chat_app.endpoints.demo_tools import Body, deltas_of
from chat_app.endpoints.loopback import Receive, Scope, Send, serving

NAME: Final = "demo"
MODELS: Final = ("demo", "demo-slow")
WORDS_PER_S: Final = 50.0
SLOW_WORDS_PER_S: Final = 5.0

_TOKEN = re.compile(r"\s*\S+|\s+\Z")
_ANSWER: Final[Mapping[str, Any]] = {"id": "chatcmpl-demo", "created": 0}


@asynccontextmanager
async def running(*, words_per_s: float = WORDS_PER_S) -> AsyncGenerator[EndpointConfig, None]:
    """The demo on a free loopback port of this event loop, as an endpoint to connect to, until the context ends."""
    demo = Demo(words_per_s)
    async with serving(demo) as address:
        try:
            # One attempt: its errors are there to be shown, not waited for.
            yield EndpointConfig(name=NAME, base_url=f"{address}/v1", models=MODELS, attempts=1)
        finally:
            demo.stop()


class Demo:
    """The server as an ASGI app. `answering` counts the streams that run, `answered` the requests for an answer."""

    def __init__(self, words_per_s: float = WORDS_PER_S) -> None:
        self.answering = 0
        self.answered = 0
        self._words_per_s = words_per_s
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ends all answers, so that the server need not wait for them."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as ASGI hands it over."""
        match scope["method"], scope["path"]:
            case "GET", "/v1/models":
                listed = [{"id": name, "object": "model", "created": 0, "owned_by": NAME} for name in MODELS]
                await _reply(send, 200, {"object": "list", "data": listed})
            case "POST", "/v1/chat/completions":
                await self._complete(receive, send)
            case _:
                await _refuse(send, 404, f"The demo has no {scope['method']} {scope['path']}.")

    async def _complete(self, receive: Receive, send: Send) -> None:
        self.answered += 1
        try:
            body = json.loads(await _read(receive))
            scripted = _limited(answer_to(body), body.get("max_tokens") or body.get("max_completion_tokens"))
            model = body["model"]
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            await _refuse(send, 400, f"The demo could not read this request: {error!r}")
            return
        if model not in MODELS:
            await _refuse(send, 404, f"The model `{model}` does not exist.", code="model_not_found")
        elif scripted.refused:
            await _refuse(send, scripted.refused, scripted.text)
        elif body.get("stream"):
            self.answering += 1
            try:
                await self._stream(scripted, body, receive, send)
            finally:
                self.answering -= 1
        else:
            await _reply(send, 200, _whole(scripted, body))

    async def _stream(self, scripted: Scripted, body: Body, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_gone(receive))
        events = self._events(scripted, body)
        try:
            await send(_head(200, "text/event-stream"))
            async with aclosing(events):
                async for event in events:
                    if gone.done() or self._stopping.is_set():
                        break
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _events(self, scripted: Scripted, body: Body) -> AsyncGenerator[bytes, None]:
        between_s = pause_s(scripted, body["model"], self._words_per_s)
        for delta in _deltas(scripted):
            yield _chunk(body, delta)
            await asyncio.sleep(between_s)
        if scripted.error:
            yield _event({"error": {"message": scripted.error, "type": "server_error", "code": None}})
            return
        if not scripted.finish_reason:
            return
        yield _chunk(body, {}, finish_reason=scripted.finish_reason)
        if (body.get("stream_options") or {}).get("include_usage"):
            yield _event(
                {**_ANSWER, **_KIND_CHUNK, "model": body["model"], "choices": [], "usage": _usage(scripted, body)}
            )
        yield b"data: [DONE]\n\n"


_KIND_CHUNK: Final[Mapping[str, str]] = {"object": "chat.completion.chunk"}


def pause_s(scripted: Scripted, model: str, words_per_s: float) -> float:
    """Seconds between two words: the slowest pace counts, be it the server's, the script's or the model's."""
    paces = (words_per_s, scripted.words_per_s, SLOW_WORDS_PER_S if model == MODELS[1] else None)
    return 1 / min(pace for pace in paces if pace is not None)


def _tokens(text: str) -> list[str]:
    """The words of `text`, each with the space before it; joined they are `text` again."""
    return _TOKEN.findall(text)


def _limited(scripted: Scripted, max_tokens: int | None) -> Scripted:
    """The same answer with no more than `max_tokens` words, its reasoning included."""
    reasoning, text = _tokens(scripted.reasoning), _tokens(scripted.text)
    if scripted.refused or max_tokens is None or len(reasoning) + len(text) <= max_tokens:
        return scripted
    return Scripted(
        text="".join(text[: max(0, max_tokens - len(reasoning))]),
        reasoning="".join(reasoning[:max_tokens]),
        finish_reason="length",
        words_per_s=scripted.words_per_s,
    )


def _deltas(scripted: Scripted) -> Iterator[dict[str, Any]]:
    """The deltas of an answer as the wire has them: the role, the thoughts, the text a word at a time, all else."""
    yield {"role": "assistant", "content": ""}
    yield from ({"reasoning_content": token} for token in _tokens(scripted.reasoning))
    yield from ({"content": token} for token in _tokens(scripted.text))
    if scripted.pictures:
        yield {"images": _images(scripted)}
    yield from deltas_of(scripted.calls)


def _images(scripted: Scripted) -> list[dict[str, Any]]:
    """As OpenRouter has them: https://openrouter.ai/docs/features/multimodal/image-generation."""
    return [{"type": "image_url", "image_url": {"url": url}} for url in scripted.pictures]


def _whole(scripted: Scripted, body: Body) -> dict[str, Any]:
    """The answer to a request that did not ask for a stream."""
    message: dict[str, Any] = {"role": "assistant", "content": scripted.text}
    if scripted.pictures:
        message["images"] = _images(scripted)
    if scripted.calls:
        message["tool_calls"] = [
            {"id": f"demo{index:05d}", "type": "function", "function": {"name": call.name, "arguments": call.json}}
            for index, call in enumerate(scripted.calls)
        ]
    if scripted.reasoning:
        message["reasoning_content"] = scripted.reasoning
    choice = {"index": 0, "message": message, "finish_reason": scripted.finish_reason or None}
    kind = {"object": "chat.completion", "model": body["model"]}
    return {**_ANSWER, **kind, "choices": [choice], "usage": _usage(scripted, body)}


def _usage(scripted: Scripted, body: Body) -> dict[str, int]:
    read = sum(len(str(message.get("content", "")).split()) for message in body["messages"])
    written = len(_tokens(scripted.reasoning)) + len(_tokens(scripted.text))
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _chunk(body: Body, delta: Mapping[str, Any], *, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _event({**_ANSWER, **_KIND_CHUNK, "model": body["model"], "choices": [choice]})


def _event(value: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


async def _read(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def _gone(receive: Receive) -> None:
    """Returns when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _head(status: int, content_type: str) -> dict[str, Any]:
    headers = [(b"content-type", content_type.encode())]
    return {"type": "http.response.start", "status": status, "headers": headers}


async def _reply(send: Send, status: int, value: Mapping[str, Any]) -> None:
    await send(_head(status, "application/json"))
    await send({"type": "http.response.body", "body": json.dumps(value, ensure_ascii=False).encode()})


async def _refuse(send: Send, status: int, message: str, *, code: str | None = None) -> None:
    await _reply(send, status, {"error": {"message": message, "type": "demo", "param": None, "code": code}})
