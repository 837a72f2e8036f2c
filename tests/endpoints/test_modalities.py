from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chat_app.config import EndpointConfig
from chat_app.endpoints.loopback import Receive, Scope, Send, serving
from chat_app.endpoints.modalities import AT_ONCE, Taken, modalities_of
from tests.endpoints.routes import Routes, routed
from tests.llama_server import llama_server
from tests.toy_model import NAME

PICTURES = Taken(frozenset({"image"}))
BOTH = Taken(frozenset({"image", "audio"}))
PICTURES_AT_LEAST = Taken(frozenset({"image"}), frozenset({"audio"}))
NO_PICTURES = Taken(frozenset(), frozenset({"audio"}))

OTHER = {"id": "other", "object": "model"}
OPENROUTER = {
    "id": "m",
    "architecture": {"input_modalities": ["file", "image", "text"], "output_modalities": ["text"], "tokenizer": "GPT"},
}
LLAMA_CPP = {
    "id": "m",
    "owned_by": "llamacpp",
    "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
}
OLD_LLAMA_CPP = {"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}}
MISTRAL = {"id": "m", "owned_by": "mistralai", "capabilities": {"completion_chat": True, "vision": True}}
LM_STUDIO = {"id": "m", "object": "model", "owned_by": "organization_owner"}
LM_STUDIO_OWN = {"id": "m", "type": "vlm", "publisher": "qwen", "arch": "qwen2_vl", "state": "not-loaded"}
LITELLM = {"id": "m", "object": "model", "created": 1677610602, "owned_by": "openai"}
LITELLM_OWN = {
    "model_name": "m",
    "litellm_params": {"model": "openai/m"},
    "model_info": {"mode": "chat", "supports_vision": True, "supports_audio_input": None},
}


def listed(*models: dict[str, Any]) -> dict[str, Any]:
    """The list of models as OpenAI's protocol has it."""
    return {"/v1/models": {"object": "list", "data": list(models)}}


SERVERS: list[tuple[str, dict[str, Any], Taken | None]] = [
    # https://openrouter.ai/docs/api-reference/list-available-models
    ("openrouter", listed(OPENROUTER, OTHER), PICTURES),
    ("openrouter-audio", listed({"id": "m", "architecture": {"input_modalities": ["audio", "image"]}}, OTHER), BOTH),
    # seen in xllamacpp 2026.10
    ("llama-cpp", listed(LLAMA_CPP), Taken()),
    # https://github.com/ggml-org/llama.cpp/tree/master/tools/server#get-props
    ("old-llama-cpp", {**listed(OLD_LLAMA_CPP), "/props": {"modalities": {"vision": True, "audio": False}}}, PICTURES),
    ("older-llama-cpp", {**listed(OLD_LLAMA_CPP), "/props": {"total_slots": 1}}, None),
    # https://docs.mistral.ai/api/#tag/models
    ("mistral", listed(MISTRAL, OTHER), PICTURES_AT_LEAST),
    ("mistral-audio", listed({"id": "m", "capabilities": {"vision": True, "audio": True}}, OTHER), BOTH),
    # https://lmstudio.ai/docs/developer/rest/endpoints
    ("lm-studio", {**listed(LM_STUDIO), "/api/v0/models": {"data": [LM_STUDIO_OWN]}}, PICTURES),
    ("lm-studio-text", {**listed(LM_STUDIO), "/api/v0/models": {"data": [{**LM_STUDIO_OWN, "type": "llm"}]}}, Taken()),
    # https://docs.litellm.ai/docs/completion/vision
    ("litellm", {**listed(LITELLM), "/model/info": {"data": [LITELLM_OWN]}}, PICTURES_AT_LEAST),
    ("litellm-locked", listed(LITELLM), None),
    # OpenAI, vLLM and most others say nothing
    ("openai", listed({"id": "m", "owned_by": "openai", "created": 1}, OTHER), None),
    ("vllm", listed({"id": "m", "owned_by": "vllm", "max_model_len": 32768}), None),
    # mistakes
    ("text", listed({"id": "m", "architecture": {"input_modalities": "image"}}), None),
    ("maybe", listed({"id": "m", "capabilities": {"vision": "yes"}}), None),
    ("html", {"/v1/models": "<html>Hello</html>"}, None),
    ("not-found", {}, None),
]


@pytest.mark.parametrize(("name", "said", "taken"), SERVERS, ids=[name for name, _, _ in SERVERS])
async def test_what_a_server_tells_of_its_models_is_read(name: str, said: dict[str, Any], taken: Taken | None) -> None:
    """By each in its own way; where nothing is said, nothing is known."""
    async with routed(Routes(said), name=name) as config:
        assert (await modalities_of(config, ["m"], is_ollama=False)).get("m") == taken


async def test_a_list_is_asked_once_for_all_its_models() -> None:
    """Three hundred models are no reason for three hundred requests."""
    names = [f"m{number}" for number in range(300)]
    routes = Routes(listed(*({**OPENROUTER, "id": name} for name in names)))
    async with routed(routes) as config:
        told = await modalities_of(config, names, is_ollama=False)
    assert told == dict.fromkeys(names, PICTURES)
    assert routes.paths == ["/v1/models"]


async def test_a_model_is_asked_for_by_the_servers_own_name() -> None:
    """And told by the name it has here."""
    routes = Routes(listed({**OPENROUTER, "id": "org/big"}, OTHER))
    async with routed(routes, models={"big": "org/big"}) as config:
        assert await modalities_of(config, ["big"], is_ollama=False) == {"big": PICTURES}


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ({"capabilities": ["completion", "vision"]}, PICTURES),
        ({"capabilities": ["completion", "tools", "thinking"]}, Taken()),
        ({"capabilities": ["completion", "vision", "audio"]}, BOTH),
        ({"details": {"family": "llama"}}, None),  # before 0.6.4
        ({"error": "model 'm' not found"}, None),
        ("<html>Hello</html>", None),
    ],
)
async def test_an_ollama_tells_what_a_model_can_do(said: Any, taken: Taken | None) -> None:
    """From `capabilities` of `/api/show`: https://github.com/ollama/ollama/blob/main/docs/api.md."""
    routes = Routes({"/api/show": said})
    async with routed(routes) as config:
        assert (await modalities_of(config, ["m"], is_ollama=True)).get("m") == taken
    assert routes.asked == [("/api/show", {"model": "m"})]


async def test_an_ollama_is_asked_for_a_few_models_at_once() -> None:
    """A visitor's question, which it gets meanwhile, has its turn."""
    open_now, most = 0, 0

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        nonlocal open_now, most
        await receive()
        open_now += 1
        most = max(most, open_now)
        await asyncio.sleep(0.002)
        open_now -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'{"capabilities": ["vision"]}'})

    names = [f"m{number}" for number in range(20)]
    async with serving(app) as address:
        config = EndpointConfig(name="ollama", base_url=f"{address}/v1")
        assert await modalities_of(config, names, is_ollama=True) == dict.fromkeys(names, PICTURES)
    assert 1 < most <= AT_ONCE


@pytest.mark.parametrize("is_ollama", [True, False])
async def test_a_server_that_cannot_be_asked_tells_nothing(is_ollama: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """Nothing listens at port 9: never an error."""
    config = EndpointConfig(name="closed", base_url="http://127.0.0.1:9/v1")
    assert await modalities_of(config, ["m"], is_ollama=is_ollama) == {}


@pytest.mark.real
async def test_llama_cpp_tells_that_its_model_takes_text_alone() -> None:
    """The server itself, of a model without a projector."""
    with llama_server() as base_url:
        config = EndpointConfig(name="real", base_url=base_url)
        assert await modalities_of(config, [NAME], is_ollama=False) == {NAME: Taken()}
