"""What models take besides text, as far as their servers tell; every server tells it elsewhere.

The newer ones say it in the list of models. Others are recognised by what stands in that list and asked at the root of
their address; an Ollama is asked for each model by itself. A server that says nothing (OpenAI, vLLM, SGLang, TGI), or
cannot be asked, leaves its models unknown, and to an unknown model everything is sent. Some say it of pictures and not
of audio: that is kept apart from a no.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, get_args

import httpx2

from chat_app.config import EndpointConfig, Modality
from chat_app.endpoints.chain.context_lookup import entry_of
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.server_words import decoded
from chat_app.endpoints.ollama import capabilities_in, root_client
from chat_app.endpoints.transport import address_of
from chat_app.errors import EndpointError

READ_S: Final = 5.0
"""Seconds that each answer may take."""
ALL_S: Final = 30.0
"""Seconds that one server may take for all answers."""
AT_ONCE: Final = 4
"""How many models an Ollama is asked for at the same time."""
ALL: Final[frozenset[Modality]] = frozenset(get_args(Modality))

_LITELLM: Final = 1677610602
"""When each model of LiteLLM's list was created (litellm/constants.py, `DEFAULT_MODEL_CREATED_AT_TIME`)."""
_LM_STUDIO_PORT: Final = ":1234"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a model takes besides text."""

    sure: frozenset[Modality] = frozenset()
    unsaid: frozenset[Modality] = frozenset()
    """What it may take or not: nobody says it."""

    @property
    def possible(self) -> frozenset[Modality]:
        """What may be sent to it."""
        return self.sure | self.unsaid


UNKNOWN: Final = Taken(unsaid=ALL)


async def modalities_of(config: EndpointConfig, models: Sequence[str], *, is_ollama: bool) -> Mapping[str, Taken]:
    """What each of `models`, by its name here, takes; those of which the server tells nothing are left out.

    Never raises, and takes no longer than `ALL_S`: what was told until then counts.
    """
    told: dict[str, Taken] = {}
    try:
        async with asyncio.timeout(ALL_S), root_client(config, read_s=READ_S) as client:
            if is_ollama:
                await _ask_ollama(client, config, models, told)
            else:
                await _ask_others(client, config, models, told)
    except (EndpointError, httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
        pass
    return told


def modalities_in(entry: Mapping[str, Any]) -> Taken | None:
    """What a model takes by its own `entry` in a list of models; None if that is not said.

    - `architecture.input_modalities`: OpenRouter (https://openrouter.ai/docs/api-reference/list-available-models),
      llama.cpp (seen in xllamacpp 2026.10; the build of 2025 says it in `/props` alone)
    - `capabilities.vision`: Mistral (https://docs.mistral.ai/api/#tag/models), with `audio` where it says that too
    - `model_info.supports_vision`: LiteLLM's own list (https://docs.litellm.ai/docs/completion/vision)
    - `type` is `vlm` or `llm`: LM Studio's own list (https://lmstudio.ai/docs/developer/rest/endpoints); nothing of its
      takes audio
    """
    match entry:
        case {"architecture": {"input_modalities": [*names]}}:
            return Taken(ALL & {str(name) for name in names})
        case {"capabilities": {"vision": bool(image), **more}}:
            return _flags(image, more.get("audio"))
        case {"model_info": {"supports_vision": bool(image), **more}}:
            return _flags(image, more.get("supports_audio_input"))
        case {"type": "vlm"}:
            return Taken(frozenset({"image"}))
        case {"type": "llm", "publisher": str()}:
            return Taken()
        case _:
            return None


def _flags(image: object, audio: object) -> Taken:
    """What two flags say, each of which may be something else than true or false."""
    said: Mapping[Modality, object] = {"image": image, "audio": audio}
    return Taken(
        frozenset(name for name, flag in said.items() if flag is True),
        frozenset(name for name, flag in said.items() if not isinstance(flag, bool)),
    )


async def _ask_ollama(
    client: httpx2.AsyncClient, config: EndpointConfig, models: Sequence[str], told: dict[str, Taken]
) -> None:
    """Add to `told` what Ollama says of each model, a few at once."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(model: str) -> None:
        async with slots:
            capabilities = await capabilities_in(client, config.wire_model(model))
        if capabilities is not None:
            words: Mapping[Modality, str] = {"image": "vision", "audio": "audio"}
            told[model] = Taken(frozenset(name for name, word in words.items() if word in capabilities))

    failures = await asyncio.gather(*map(ask, models), return_exceptions=True)
    for failure in failures:
        if failure is not None and not isinstance(failure, httpx2.HTTPError):
            raise failure


async def _ask_others(
    client: httpx2.AsyncClient, config: EndpointConfig, models: Sequence[str], told: dict[str, Taken]
) -> None:
    """Add to `told` what the list of models says, or what the server says elsewhere if it is one of those that do."""
    listed = await _json(client, f"{address_of(config).rstrip('/')}/models")
    _add(told, models, config, listed)
    silent = [model for model in models if model not in told]
    if not silent:
        return
    entry = entry_of(config.wire_model(silent[0]), listed)
    owner = entry.get("owned_by")
    if owner == "llamacpp":
        # https://github.com/ggml-org/llama.cpp/tree/master/tools/server#get-props: of the one model it has
        match await _json(client, "/props"):
            case {"modalities": {"vision": bool(image), "audio": bool(audio)}}:
                told.update(dict.fromkeys(silent, _flags(image, audio)))
    elif owner == "organization_owner" or _LM_STUDIO_PORT in Asked(config).place:
        _add(told, silent, config, await _json(client, "/api/v0/models"))
    elif entry.get("created") == _LITELLM:
        # https://docs.litellm.ai/docs/proxy/model_management: `{"data": [{"model_name": …, "model_info": {…}}]}`
        _add(told, silent, config, _by_id(await _json(client, "/model/info")))


def _add(told: dict[str, Taken], models: Sequence[str], config: EndpointConfig, listed: object) -> None:
    for model in models:
        if said := modalities_in(entry_of(config.wire_model(model), listed)):
            told[model] = said


def _by_id(listed: object) -> object:
    """LiteLLM's own list with names where others have them."""
    match listed:
        case {"data": [*entries]}:
            return [{**entry, "id": entry.get("model_name")} for entry in entries if isinstance(entry, dict)]
        case _:
            return None


async def _json(client: httpx2.AsyncClient, path: str) -> object:
    response = await client.get(path)
    return decoded(response.text) if response.is_success else None
