"""Which endpoints there are: those of the settings, or else the one that this machine's environment speaks of.

A pure function of settings and environment: nothing is asked here whether it answers (`catalog.py` does). The forms of
`OLLAMA_HOST` are those of Ollama's own client (ollama 0.12, envconfig/config.go, `Host`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from pydantic import ValidationError

from chat_app.config import Config, EndpointConfig
from chat_app.errors import ConfigError, Problem

_OLLAMA_PORT: Final = "11434"
_DEFAULT_PORTS: Final[Mapping[str, str]] = {"http": "80", "https": "443"}
_OPENAI: Final = {"base_url": "OPENAI_BASE_URL", "api_key": "OPENAI_API_KEY", "models": "OPENAI_MODEL"}
_OLLAMA: Final = {"base_url": "OLLAMA_HOST"}
_LISTENS_ON_ALL: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not bound


class LookedFor(EndpointConfig):
    """An endpoint that no file names: its settings are environment variables, and hints must speak of these."""

    variables: Mapping[str, str]
    """The variable of a setting, by the setting's name."""


@dataclass(frozen=True, slots=True)
class Found:
    """The endpoints there may be, and whether somebody configured them. Those found by looking may be nobody."""

    endpoints: tuple[EndpointConfig, ...]
    configured: bool


def endpoints_of(config: Config, environ: Mapping[str, str], *, in_container: bool) -> Found:
    """The endpoints of `config`; without any, `OPENAI_BASE_URL`, else `OLLAMA_HOST`, else Ollama's usual address.

    In a container that is two: Ollama may run in it (a development container) or on the machine that runs it.
    Raises `ConfigError` when one of these variables holds no address.
    """
    if config.endpoints:
        return Found(config.endpoints, configured=True)
    if base_url := environ.get("OPENAI_BASE_URL", "").strip():
        return Found((_openai(base_url, environ),), configured=False)
    if host := environ.get("OLLAMA_HOST", "").strip().strip("\"'").strip():
        return Found((_endpoint("ollama", _ollama_url(host, in_container=in_container), _OLLAMA),), configured=False)
    places = {"ollama": "localhost"} | ({"ollama-on-host": "host.docker.internal"} if in_container else {})
    usual = (_endpoint(name, f"http://{at}:{_OLLAMA_PORT}/v1", _OLLAMA) for name, at in places.items())
    return Found(tuple(usual), configured=False)


def _openai(base_url: str, environ: Mapping[str, str]) -> EndpointConfig:
    names = (name.strip() for name in environ.get("OPENAI_MODEL", "").split(","))
    settings = {"api_key": environ.get("OPENAI_API_KEY", "").strip(), "models": tuple(name for name in names if name)}
    return _endpoint("openai", base_url, _OPENAI, **settings)


def _endpoint(name: str, base_url: str, variables: Mapping[str, str], **settings: object) -> EndpointConfig:
    try:
        return LookedFor.model_validate({"name": name, "base_url": base_url, "variables": variables, **settings})
    except ValidationError as error:
        # Not the error's own text: it may repeat a key that was put in the wrong variable.
        problem = Problem(
            f"environment: {variables['base_url']}",
            f"endpoints.0.{error.errors()[0]['loc'][0]}",
            "This is not an address.",
            "Give one such as http://localhost:11434/v1.",
        )
        raise ConfigError((problem,)) from None


def _ollama_url(host: str, *, in_container: bool) -> str:
    """The base URL for `OLLAMA_HOST`: `host`, `host:port`, `:port`, `http://host:port/path`, an IPv6 address."""
    scheme, _, rest = host.rpartition("://")
    place, _, path = rest.partition("/")
    name, colon, port = place.rpartition(":")
    if not colon or _is_address(place):
        name, port = place, ""
    name = name.strip("[]")
    if name in _LISTENS_ON_ALL:
        name = "host.docker.internal" if in_container else "127.0.0.1"
    if ":" in name:
        name = f"[{name}]"
    port = port if port.isdecimal() else _DEFAULT_PORTS.get(scheme, _OLLAMA_PORT)
    path = f"/{path}".rstrip("/").removesuffix("/v1")
    return f"{scheme or 'http'}://{name}:{port}{path}/v1"


def _is_address(place: str) -> bool:
    try:
        ip_address(place.strip("[]"))
    except ValueError:
        return False
    return True
