"""What only Ollama has: being recognised, pulling a model, and the words that tell a visitor how.

The chat itself goes over `/v1` like any other server's. Ollama's own API stands beside it at the root of the same
address: https://github.com/ollama/ollama/blob/main/docs/api.md (0.12).
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from chat_app.config import EndpointConfig
from chat_app.endpoints.failures import failure_of, not_made
from chat_app.endpoints.hints import Asked
from chat_app.endpoints.server_words import words_of
from chat_app.errors import EndpointError, ModelMissing, ServerFailed

SUGGESTED_MODEL: Final = "llama3.2"
RECOGNISED_WITHIN_S: Final = 3.0
SILENCE_S: Final = 300.0
"""How long a pull may say nothing: a layer of many gigabytes is checked without a word."""

_GREETING: Final = "Ollama is running"


@dataclass(frozen=True, slots=True)
class PullProgress:
    """One step of a pull, as Ollama says it."""

    status: str
    """`pulling manifest`, `pulling 6a0746a1ec1a`, `verifying sha256 digest`, `success`, …"""
    layer: str = ""
    """The digest of the layer that comes, if one does."""
    received_bytes: int = 0
    total_bytes: int | None = None


def pull_command(model: str = SUGGESTED_MODEL) -> str:
    """The shell command that gets `model`."""
    return f"ollama pull {model}"


def no_model_yet(endpoint: str) -> ModelMissing:
    """What is wrong with an Ollama that answers but has nothing to answer with."""
    return ModelMissing(
        f"{endpoint} has no model yet.",
        hint=f"Get one: `{pull_command()}`, or `chat-app pull {SUGGESTED_MODEL}`.",
        endpoint=endpoint,
    )


async def is_ollama(config: EndpointConfig) -> bool:
    """Whether the server of `config` is an Ollama. Never raises: one that cannot be asked is none."""
    try:
        async with _client(config, read_s=RECOGNISED_WITHIN_S) as client:
            greeting = await client.get("/")
            if _GREETING in greeting.text[:200]:
                return True
            version = (await client.get("/api/version")).json()
    except (EndpointError, httpx2.HTTPError, ValueError):
        return False
    return isinstance(version, dict) and set(version) == {"version"}


async def pull(config: EndpointConfig, model: str, *, in_container: bool = False) -> AsyncGenerator[PullProgress, None]:
    """The steps of getting `model`, the last with status `success`. Raises `EndpointError`.

    Closing the generator ends the pull; Ollama keeps what had come and goes on from there the next time.
    """
    asked = {"model": model, "stream": True}
    async with _client(config, read_s=SILENCE_S) as client:
        try:
            async with client.stream("POST", "/api/pull", json=asked) as response:
                if response.status_code != httpx2.codes.OK:
                    raise _failed(config, model, await response.aread())
                progress = None
                async for line in response.aiter_lines():
                    if line.strip():
                        yield (progress := _progress(config, model, line))
        except httpx2.HTTPError as error:
            raise failure_of(error, Asked(config, in_container, model)) from error
    if progress is None or progress.status != "success":
        raise ServerFailed(
            f"{config.name} stopped sending {model} before it was whole.",
            hint="Run the same command again: it goes on where it stopped.",
            endpoint=config.name,
        )


def _client(config: EndpointConfig, *, read_s: float) -> httpx2.AsyncClient:
    key = config.api_key.get_secret_value()
    try:
        return httpx2.AsyncClient(
            base_url=config.base_url.rstrip("/").removesuffix("/v1"),
            headers={"Authorization": f"Bearer {key}"} if key else {},
            verify=config.base_url.startswith("https:"),  # what TLS needs takes 60 ms to load
            trust_env=not Asked(config).is_here,
            timeout=httpx2.Timeout(read_s, connect=min(config.connect_timeout_s, read_s)),
        )
    except (httpx2.InvalidURL, OSError) as error:
        raise not_made(error, Asked(config)) from error


def _progress(config: EndpointConfig, model: str, line: str) -> PullProgress:
    try:
        step: Any = json.loads(line)
    except ValueError:
        step = None
    if not isinstance(step, dict) or "status" not in step:
        raise _failed(config, model, line.encode())
    return PullProgress(
        status=str(step["status"]),
        layer=str(step.get("digest") or ""),
        received_bytes=int(step.get("completed") or 0),
        total_bytes=step.get("total"),
    )


def _failed(config: EndpointConfig, model: str, body: bytes) -> EndpointError:
    """What Ollama says instead of the next step: a JSON object with `error`, or something that is not Ollama's."""
    detail = words_of(body, key=config.api_key.get_secret_value())
    if "file does not exist" in detail or "not found" in detail:
        return ModelMissing(
            f"There is no model {model} to pull.",
            hint="Look up its name on https://ollama.com/library.",
            endpoint=config.name,
            detail=detail,
        )
    return ServerFailed(
        f"{config.name} could not pull {model}: {detail or 'it did not say why'}",
        hint="See the log of Ollama; often its disk is full or it cannot reach ollama.com.",
        endpoint=config.name,
        detail=detail,
    )
