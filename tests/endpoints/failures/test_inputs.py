"""Refusals of pictures, recordings and tools, in the words of servers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chat_app.config import EndpointConfig
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.inputs import refused_input_in
from chat_app.endpoints.failures.refusals import refusal, refusal_in_stream
from chat_app.errors import ModelMissing, RequestRefused

ASKED = Asked(EndpointConfig(name="main", base_url="http://h:8000/v1"), model="m")

INPUTS = [
    # https://github.com/ggml-org/llama.cpp/issues/13566
    (500, "image input is not supported by this server", "pictures"),
    # https://github.com/ggml-org/llama.cpp/issues/15377
    (
        500,
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        "pictures",
    ),
    (
        500,
        "audio input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        "recordings",
    ),
    # https://github.com/vllm-project/vllm/issues/11629
    (400, "Invalid content type. image_url is only supported by certain models.", "pictures"),
    # https://github.com/openclaw/openclaw/pull/99079
    (404, "No endpoints found that support image input", "pictures"),
    (404, "No endpoints found that support input audio", "recordings"),
    # https://github.com/jxxghp/MoviePilot/issues/5863
    (
        400,
        "Failed to deserialize the JSON body into the target type: messages[137]: unknown variant `image_url`",
        "pictures",
    ),
    # https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/473
    (400, "Model does not support images. Please use a model that does.", "pictures"),
    (400, "At most 0 image(s) may be provided in one request.", "pictures"),
    (400, "toy is not a multimodal model", "pictures"),
]
TOOLS = [
    # https://github.com/ollama/ollama/issues/6027
    (400, "stablelm2:latest does not support tools"),
    (400, "registry.ollama.ai/library/gemma3:4b does not support tools"),
    # https://github.com/vllm-project/vllm/issues/9986
    (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
    # https://github.com/rbb-dev/Open-WebUI-OpenRouter-pipe/issues/58
    (404, 'No endpoints found that support tool use. Try disabling "get_current_timestamp".'),
    (500, "tools param requires --jinja flag"),
    (400, "`tool calling` is not supported with this model"),
    (400, "This model does not support function calling."),
]


@pytest.mark.parametrize(("status", "words", "kind"), INPUTS)
def test_a_model_that_takes_no_pictures_or_recordings_is_told_as_such(status: int, words: str, kind: str) -> None:
    """With the setting that says so beforehand; the request is not sent again, whatever the status."""
    said = {"error": {"message": words, "type": "invalid_request_error", "param": None, "code": None}}
    for error in (refusal(status, json.dumps(said), ASKED), refusal_in_stream(said, ASKED)):
        assert type(error) is RequestRefused
        assert f"takes no {kind}" in error.sentence
        assert 'input_modalities: {"m": []}` of endpoint `main`' in error.hint
        assert not error.parameter
        assert not error.retryable


@pytest.mark.parametrize(("status", "words"), TOOLS)
def test_a_model_that_takes_no_tools_is_told_as_such(status: int, words: str) -> None:
    """By the name of the parameter, which the request can then be sent without."""
    said = {"error": {"message": words, "type": "api_error", "param": None, "code": None}}
    error = refusal(status, json.dumps(said), replace(ASKED, sent=frozenset({"model", "tools"})))
    assert type(error) is RequestRefused
    assert error.parameter == "tools"


@pytest.mark.parametrize(
    "words",
    [
        "The picture was described as not supported by facts",
        "image generation failed",
        "No endpoints found that support the requested output modalities: image, text",
        "The model `vision-7b` does not exist",
        "does not support tool_choice",
    ],
)
def test_other_words_about_pictures_are_no_refusal_of_them(words: str) -> None:
    """Else the hint would lead astray."""
    assert refused_input_in(words) is None


def test_an_endpoint_that_is_missing_is_still_a_missing_model() -> None:
    """OpenRouter has one sentence for both, and goes on differently."""
    said = {"error": {"message": "No endpoints found for no/such-model. The model does not exist.", "code": 404}}
    assert isinstance(refusal(404, json.dumps(said), ASKED), ModelMissing)


def test_tools_that_were_not_sent_cannot_be_what_is_not_taken() -> None:
    """Leaving them out would change nothing."""
    said = {"error": {"message": "toy does not support tools"}}
    error = refusal(400, json.dumps(said), replace(ASKED, sent=frozenset({"model"})))
    assert isinstance(error, RequestRefused)
    assert not error.parameter
