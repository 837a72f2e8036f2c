"""What only Ollama has: being recognised, pulling and loading a model, and the words that tell a visitor how.

The chat itself goes over `/v1` like any other server's. Ollama's own API stands beside it at the root of the same
address: https://github.com/ollama/ollama/blob/main/docs/api.md (0.12).

Whether a model is being loaded is told by `/api/ps` alone, and only half (server/routes.go, `PsHandler`, and
server/sched.go, `load`): it lists the runners in `sched.loaded` without their `loading` flag. Since 0.30, with
llama-server inside, a runner stands there when its model is in memory. Before, it stood there from the start, and
nothing told loading from reading a long prompt. So a model that is *not* listed while it is asked for is being loaded,
or waits until another has gone; of one that is listed nothing is said. An older Ollama is thus said to load for a
moment only, a newer one until the model is there.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from math import inf
from typing import Final

import httpx2

from chat_app.config import EndpointConfig
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.rules import failure_of
from chat_app.endpoints.failures.server_words import decoded, words_of
from chat_app.endpoints.transport import address_of, http_client_of
from chat_app.errors import EndpointError, ModelMissing, ServerFailed

SUGGESTED_MODEL: Final = "llama3.2"
RECOGNISED_WITHIN_S: Final = 3.0
SILENCE_S: Final = 300.0
"""How long a pull may say nothing: a layer of many gigabytes is checked without a word."""

_GREETING: Final = "Ollama is running"
_IN_THE_CLOUD: Final = (":cloud", "-cloud")
_NUM_CTX: Final = re.compile(r"^num_ctx\s+(\d{1,12})\s*$", re.MULTILINE)


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
        async with root_client(config, read_s=RECOGNISED_WITHIN_S) as client:
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
    async with root_client(config, read_s=SILENCE_S) as client:
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


async def is_loading(config: EndpointConfig, model: str) -> bool:
    """Whether Ollama does not have `model` in memory, so that an answer waits for it. Never raises.

    False of a model that runs in Ollama's cloud, and of an Ollama before 0.1.38, which cannot tell.
    """
    name = _whole_name(config.wire_model(model))
    if not model or name.endswith(_IN_THE_CLOUD):
        return False
    try:
        async with root_client(config, read_s=RECOGNISED_WITHIN_S) as client:
            running = _running(decoded((await client.get("/api/ps")).text))
    except (EndpointError, httpx2.HTTPError):
        return False
    return running is not None and name not in running


async def context_tokens_in(client: httpx2.AsyncClient, model: str) -> int | None:
    """How many tokens `model` reads; None if that is not known before it is loaded. Raises `httpx2.HTTPError`.

    A loaded model has its `context_length` in `/api/ps` (0.9 and newer). Of one that is not, `/api/show` has the
    `num_ctx` of its Modelfile, among the lines of `parameters`; without that it depends on `OLLAMA_CONTEXT_LENGTH` and
    on the graphics memory (4k, 32k or 256k), and `model_info` only has what the model was made for.
    """
    running = _running(decoded((await client.get("/api/ps")).text)) or {}
    if loaded := running.get(_whole_name(model)):
        return loaded
    match decoded((await client.post("/api/show", json={"model": model})).text):
        case {"parameters": str(parameters)} if found := _NUM_CTX.search(parameters):
            return int(found.group(1))
        case _:
            return None


async def capabilities_in(client: httpx2.AsyncClient, model: str) -> frozenset[str] | None:
    """What `model` can do (`completion`, `vision`, `tools`, `thinking`, …); None if that is not said.

    Raises `httpx2.HTTPError`. From `capabilities` in `/api/show`, which Ollama has since 0.6.4
    (types/model/capability.go): an older one says nothing.
    """
    match decoded((await client.post("/api/show", json={"model": model})).text):
        case {"capabilities": [*names]}:
            return frozenset(str(name) for name in names)
        case _:
            return None


def root_client(config: EndpointConfig, *, read_s: float) -> httpx2.AsyncClient:
    """A client for what a server has beside `/v1`, at the root of its address. Raises `EndpointError`."""
    return http_client_of(config, base_url=address_of(config).rstrip("/").removesuffix("/v1"), read_s=read_s)


def _running(said: object) -> dict[str, int] | None:
    """The models in memory and how many tokens each reads, 0 if that is not said; None if `said` is no list."""
    match said:
        case {"models": [*models]}:
            listed = [model for model in models if isinstance(model, dict)]
            return {_whole_name(str(model.get("name"))): _count(model.get("context_length")) for model in listed}
        case {"models": None}:
            return {}
        case _:
            return None


def _whole_name(model: str) -> str:
    """`model` as `/api/ps` names it: with its tag, without the registry's own address."""
    name = model.removeprefix("registry.ollama.ai/").removeprefix("library/").lower()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _count(said: object) -> int:
    return _size(said) or 0


def _size(said: object) -> int | None:
    """A number of bytes or tokens; None for what is none, whatever a server sends in its place."""
    match said:
        case bool():
            return None
        case int() | float() if 0 <= said < inf:
            return int(said)
        case _:
            return None


def _progress(config: EndpointConfig, model: str, line: str) -> PullProgress:
    step = decoded(line)
    if not isinstance(step, dict) or "status" not in step:
        raise _failed(config, model, line.encode())
    return PullProgress(
        status=str(step["status"]),
        layer=str(step.get("digest") or ""),
        received_bytes=_count(step.get("completed")),
        total_bytes=_size(step.get("total")),
    )


def _failed(config: EndpointConfig, model: str, body: bytes) -> EndpointError:
    """What Ollama says instead of the next step: a JSON object with `error`, or something that is not Ollama's."""
    detail = words_of(body, secrets=Asked(config).secrets)
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
