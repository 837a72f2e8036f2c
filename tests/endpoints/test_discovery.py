from __future__ import annotations

import pytest

from chat_app.config import Config, EndpointConfig
from chat_app.endpoints.discovery import Found, endpoints_of
from chat_app.errors import ConfigError

ANYWHERE = "0.0.0.0"  # noqa: S104 -- an address in a variable; nothing is bound to it


def _found(*, in_container: bool = False, **environ: str) -> Found:
    return endpoints_of(Config(), environ, in_container=in_container)


def _url(*, in_container: bool = False, **environ: str) -> str:
    (endpoint,) = _found(in_container=in_container, **environ).endpoints
    return endpoint.base_url


def test_configured_endpoints_are_taken_as_they_are() -> None:
    """The environment adds nothing to them."""
    endpoints = (EndpointConfig(name="a", base_url="http://a/v1"), EndpointConfig(name="b", base_url="http://b/v1"))
    environ = {"OPENAI_BASE_URL": "http://other/v1", "OLLAMA_HOST": "other"}
    assert endpoints_of(Config(endpoints=endpoints), environ, in_container=False) == Found(endpoints, configured=True)


def test_without_any_a_local_ollama_is_looked_for() -> None:
    """In a container, `localhost` is the container itself: outside of it as well."""
    assert _url() == "http://localhost:11434/v1"
    in_a_container = [endpoint.base_url for endpoint in _found(in_container=True).endpoints]
    assert in_a_container == ["http://localhost:11434/v1", "http://host.docker.internal:11434/v1"]
    assert _found().endpoints[0].name == "ollama"
    assert not _found().configured


def test_openai_variables_make_one_endpoint() -> None:
    """With the key and the models that are named beside the address."""
    result = _found(OPENAI_BASE_URL="http://vllm:8000/v1", OPENAI_API_KEY="sk-1", OPENAI_MODEL="a, b,", OLLAMA_HOST="x")
    (endpoint,) = result.endpoints
    assert (endpoint.name, endpoint.base_url) == ("openai", "http://vllm:8000/v1")
    assert endpoint.api_key.get_secret_value() == "sk-1"
    assert endpoint.models == ("a", "b")
    assert not result.configured


def test_a_key_alone_sends_nothing_anywhere() -> None:
    """Without an address the key stays here: nobody asked for it to be used."""
    result = _found(OPENAI_API_KEY="sk-1")
    assert result.endpoints[0].name == "ollama"
    assert result.endpoints[0].api_key.get_secret_value() == ""


def test_empty_variables_are_as_good_as_none() -> None:
    """Compose files pass variables on that nobody set."""
    assert _url(OPENAI_BASE_URL="", OLLAMA_HOST=" ") == "http://localhost:11434/v1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("gpu-box", "http://gpu-box:11434/v1"),
        ("gpu-box:9999", "http://gpu-box:9999/v1"),
        (":9999", "http://127.0.0.1:9999/v1"),
        ("http://gpu-box:9999", "http://gpu-box:9999/v1"),
        ("http://gpu-box:9999/", "http://gpu-box:9999/v1"),
        ("http://gpu-box:9999/v1/", "http://gpu-box:9999/v1"),
        ("http://gpu-box", "http://gpu-box:80/v1"),
        ("https://gpu-box", "https://gpu-box:443/v1"),
        ("https://gpu-box/ollama", "https://gpu-box:443/ollama/v1"),
        (ANYWHERE, "http://127.0.0.1:11434/v1"),
        (f"{ANYWHERE}:9999", "http://127.0.0.1:9999/v1"),
        (f"http://{ANYWHERE}:9999", "http://127.0.0.1:9999/v1"),
        ("10.0.0.7", "http://10.0.0.7:11434/v1"),
        ("::", "http://127.0.0.1:11434/v1"),
        ("[::]:9999", "http://127.0.0.1:9999/v1"),
        ("::1", "http://[::1]:11434/v1"),
        ("[::1]:9999", "http://[::1]:9999/v1"),
        ('"gpu-box:9999"', "http://gpu-box:9999/v1"),
        ("gpu-box:http", "http://gpu-box:11434/v1"),
    ],
)
def test_every_form_of_ollama_host_is_understood(value: str, expected: str) -> None:
    """As Ollama's own client reads it; an address to listen on is the machine itself."""
    assert _url(OLLAMA_HOST=value) == expected


def test_in_a_container_an_address_to_listen_on_is_the_machine_around_it() -> None:
    """`OLLAMA_HOST=0.0.0.0` passed on from the machine's own Ollama."""
    assert _url(OLLAMA_HOST=f"{ANYWHERE}:9999", in_container=True) == "http://host.docker.internal:9999/v1"


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OLLAMA_HOST"])
def test_a_variable_that_holds_no_address_is_a_config_error(variable: str) -> None:
    """It names the variable and does not repeat the value, which may be a key in the wrong place."""
    with pytest.raises(ConfigError) as raised:
        endpoints_of(Config(), {variable: "sk secret"}, in_container=False)
    assert variable in str(raised.value)
    assert "secret" not in str(raised.value)
