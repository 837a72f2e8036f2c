"""Text from recordings, by the model that a preset names for it, at a server's `/audio/transcriptions`.

Format: https://platform.openai.com/docs/api-reference/audio/createTranscription. vLLM, LocalAI, Speaches, LiteLLM and
llama.cpp speak it too; some answer with bare text whatever was asked for, which is taken as well. Nothing is retried: a
recording is sent once to each endpoint of the preset, in their order, until one answers.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from mimetypes import guess_type
from typing import Final, TypeAlias

import httpx2

from chat_app.config import EndpointConfig, PresetConfig
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.refusals import not_openai
from chat_app.endpoints.failures.rules import FOREIGN, failure_of, timed_out
from chat_app.endpoints.sdk import NOTHING_OF_ITS, sdk_of
from chat_app.endpoints.transport import http_client_of
from chat_app.errors import EndpointError, ModelMissing, NotFound

Transcriber: TypeAlias = Callable[[str, bytes], Awaitable[str]]
"""Makes text of a recording: its name and bytes in, the text out."""

_UNKNOWN_TYPE: Final = "application/octet-stream"


def transcriber_of(
    preset: PresetConfig, endpoints: Sequence[EndpointConfig], *, in_container: bool = False
) -> Transcriber | None:
    """What makes text of recordings for `preset`; None where it names no model for that, or there is no endpoint.

    What it returns raises `EndpointError` when none of the endpoints answers: of the reasons, the first that is not
    that the server lacks the model or the address.
    """
    named = {config.name: config for config in endpoints}
    asked = [named[name] for name in preset.endpoints if name in named] if preset.endpoints else list(endpoints)
    if not preset.transcription_model or not asked:
        return None

    async def transcriber(name: str, content: bytes) -> str:
        failures = []
        for config in asked:
            try:
                return await transcribe(config, preset.transcription_model, name, content, in_container=in_container)
            except EndpointError as error:
                failures.append(error)
        raise next((error for error in failures if not isinstance(error, NotFound | ModelMissing)), failures[0])

    return transcriber


async def transcribe(
    config: EndpointConfig, model: str, name: str, content: bytes, *, in_container: bool = False
) -> str:
    """What is said in the recording `content`. Raises `EndpointError`.

    Servers tell its kind by the ending of `name`. All of the answer has to come within `first_token_timeout_s`.
    """
    asked = Asked(config, in_container, model)
    async with http_client_of(config, in_container=in_container) as http_client:
        try:
            async with asyncio.timeout(config.first_token_timeout_s) as scope:
                response = await sdk_of(config, http_client).post(
                    "/audio/transcriptions",
                    cast_to=httpx2.Response,
                    body={"model": config.wire_model(model), "response_format": "json"},
                    files=[("file", (name, content, guess_type(name)[0] or _UNKNOWN_TYPE))],
                    options={"headers": {**NOTHING_OF_ITS, "Content-Type": "multipart/form-data"}},
                )
                body, is_plain = response.text, response.headers.get("content-type", "").startswith("text/plain")
        except TimeoutError as error:
            if not scope.expired():
                raise failure_of(error, asked) from error
            raise timed_out("first_token_timeout_s", asked) from error
        except FOREIGN as error:
            raise failure_of(error, asked) from error
    text = _text_in(body, is_plain=is_plain)
    if text is None:
        raise not_openai(body, asked)
    return text


def _text_in(body: str, *, is_plain: bool) -> str | None:
    """The text of an answer; None where it is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return body.strip() if is_plain else None
    match said:
        case {"text": str(text)}:
            return text.strip()
    return None
