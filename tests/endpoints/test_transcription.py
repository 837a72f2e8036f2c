from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from typing import Any

import httpx
import pytest
import respx

from chat_app import errors
from chat_app.config import PresetConfig
from chat_app.endpoints.transcription import transcribe, transcriber_of
from chat_app.errors import EndpointError
from tests.endpoints.wire import BASE, config, hang, saying, talking

WHERE = f"{BASE}/audio/transcriptions"
KEY = "my-own-secret-phrase"
SOUND = b"OggS\x00\xff" + bytes(100)


def fields_of(request: httpx.Request) -> dict[str, Message]:
    """The parts of a form by their names."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = message_from_bytes(head + request.content, policy=HTTP)
    return {str(part.get_param("name", header="content-disposition")): part for part in form.iter_parts()}


async def test_a_recording_is_sent_as_a_form_and_its_text_comes_back(httpx2_mock: respx.Router) -> None:
    """With the endpoint's key and headers, the server's own name of the model, and the recording's name and type."""
    route = httpx2_mock.post(WHERE).mock(return_value=httpx.Response(200, json={"text": " Hello there. \n"}))
    settings = config(api_key=KEY, extra_headers={"X-Team": "a"}, models={"whisper": "org/whisper-1"})

    assert await transcribe(settings, "whisper", "memo.ogg", SOUND) == "Hello there."

    sent = route.calls.last.request
    fields = fields_of(sent)
    assert set(fields) == {"model", "response_format", "file"}
    assert fields["model"].get_payload() == "org/whisper-1"
    assert (fields["file"].get_filename(), fields["file"].get_content_type()) == ("memo.ogg", "audio/ogg")
    assert fields["file"].get_payload(decode=True) == SOUND
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["x-team"] == "a"
    assert not [name for name in sent.headers if name.startswith("x-stainless")]


async def test_nothing_of_the_environment_goes_along(
    httpx2_mock: respx.Router, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys of the environment belong to another server."""
    monkeypatch.setenv("OPENAI_API_KEY", "leak")
    monkeypatch.setenv("OPENAI_ORG_ID", "leak")
    route = httpx2_mock.post(WHERE).mock(return_value=httpx.Response(200, json={"text": "a"}))
    await transcribe(config(), "m", "a.wav", SOUND)
    assert "leak" not in str(dict(route.calls.last.request.headers))
    assert "authorization" not in route.calls.last.request.headers


async def test_bare_text_is_taken_too(httpx2_mock: respx.Router) -> None:
    """Some servers send it whatever was asked for."""
    httpx2_mock.post(WHERE).mock(return_value=httpx.Response(200, text="Hello.\n"))
    assert await transcribe(config(), "m", "a.wav", SOUND) == "Hello."


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx.Response(401, json={"error": {"message": "bad key"}}), errors.KeyRefused),
        (httpx.Response(404, text="404 page not found"), errors.NotFound),
        (httpx.Response(404, json={"error": {"message": "model 'm' not found"}}), errors.ModelMissing),
        (httpx.Response(429, json={"error": {"message": "slow down"}}), errors.RateLimited),
        (httpx.Response(200, html="<html><title>Welcome</title></html>"), errors.NotOpenAI),
        (httpx.Response(200, json={"nothing": 1}), errors.NotOpenAI),
        (httpx.Response(200, json=[1]), errors.NotOpenAI),
    ],
)
async def test_what_goes_wrong_is_told_as_for_any_request(
    httpx2_mock: respx.Router, response: httpx.Response, kind: type[EndpointError]
) -> None:
    """By the same table, and asked once."""
    route = httpx2_mock.post(WHERE).mock(return_value=response)
    with pytest.raises(EndpointError) as raised:
        await transcribe(config(), "m", "a.wav", SOUND)
    assert type(raised.value) is kind
    assert route.call_count == 1


async def test_a_server_that_does_not_answer_is_given_up() -> None:
    """After the time for the first token, which the error names."""
    async with talking(saying(then=hang)) as base_url:
        with pytest.raises(errors.TimedOut) as raised:
            await transcribe(config(base_url, first_token_timeout_s=0.05), "m", "a.wav", SOUND)
    assert raised.value.limit == "first_token_timeout_s"


async def test_a_closed_port_is_told_as_such() -> None:
    """Nothing listens there."""
    with pytest.raises(errors.ConnectionRefused):
        await transcribe(config("http://127.0.0.1:1/v1"), "m", "a.wav", SOUND)


def preset(**settings: Any) -> PresetConfig:
    """A preset that names a model for recordings."""
    return PresetConfig.model_validate({"transcription_model": "whisper", **settings})


FIRST, SECOND = "http://one.example/v1", "http://two.example/v1"
TWO = (config(FIRST).model_copy(update={"name": "one"}), config(SECOND).model_copy(update={"name": "two"}))


async def test_the_first_endpoint_that_can_makes_the_text(httpx2_mock: respx.Router) -> None:
    """In the order of the preset."""
    one = httpx2_mock.post(f"{FIRST}/audio/transcriptions").mock(return_value=httpx.Response(404, text="no"))
    two = httpx2_mock.post(f"{SECOND}/audio/transcriptions").mock(
        return_value=httpx.Response(200, json={"text": "Hello"})
    )
    for endpoints, asked in [((), (1, 1)), (("two", "one"), (1, 2))]:
        transcriber = transcriber_of(preset(endpoints=endpoints), TWO)
        assert transcriber is not None
        assert await transcriber("a.wav", SOUND) == "Hello"
        assert (one.call_count, two.call_count) == asked


async def test_when_none_can_the_reason_that_tells_most_is_told(httpx2_mock: respx.Router) -> None:
    """That one of them has no such address is the least of it."""
    httpx2_mock.post(f"{FIRST}/audio/transcriptions").mock(return_value=httpx.Response(404, text="no"))
    httpx2_mock.post(f"{SECOND}/audio/transcriptions").mock(return_value=httpx.Response(401, text="no"))
    both, only = transcriber_of(preset(), TWO), transcriber_of(preset(endpoints=["one"]), TWO)
    assert both is not None
    assert only is not None
    with pytest.raises(errors.KeyRefused):
        await both("a.wav", SOUND)
    with pytest.raises(errors.NotFound):
        await only("a.wav", SOUND)


def test_a_preset_without_such_a_model_has_none() -> None:
    """Nor has one without an endpoint: recordings go to the preset's model as they are."""
    assert transcriber_of(PresetConfig(), TWO) is None
    assert transcriber_of(preset(), ()) is None
