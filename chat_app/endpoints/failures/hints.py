"""What to do next when a server fails: each hint names the setting, the command or the address to touch.

Read by operators and visitors alike. Knows the two mistakes that users of such software report most: inside a
container `localhost` is the container, and Ollama listens on 127.0.0.1 only unless it is told otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv6Address, ip_address
from math import ceil
from socket import inet_aton
from typing import Final
from urllib.parse import SplitResult, urlsplit

from chat_app.config import EndpointConfig
from chat_app.endpoints.discovery import LookedFor
from chat_app.endpoints.failures.secrets import KEY_HEADER, secrets_of

AGAIN_OR_LOG: Final = "What had arrived is kept. Try again; if it happens again, the server's own log says why."
_HOST: Final = "host.docker.internal"
_LISTEN: Final = "start Ollama there with `OLLAMA_HOST=0.0.0.0`"
_OLLAMA_PORT: Final = 11434
_NEAREST: Final = 3
INPUTS: Final = {"image": "pictures", "audio": "recordings"}
"""What a model may take besides text, as a sentence says it."""
LONGEST_NAME: Final = 100
"""A longer name of a model is none that anybody typed: it is cut where it shows."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked for what, and from where: all that a sentence or a hint may need to know."""

    config: EndpointConfig
    in_container: bool = False
    model: str = ""
    known_models: tuple[str, ...] = ()
    """The models the endpoint is known to offer, for "did you mean"."""
    sent: frozenset[str] | None = None
    """The names of what the request held, by which the server knows it; None where that is not known."""

    @property
    def name(self) -> str:
        """The endpoint's name in the settings."""
        return self.config.name

    @property
    def key(self) -> str:
        """The endpoint's key, for masking; it never stands in a message."""
        return self.config.api_key.get_secret_value()

    @property
    def has_key(self) -> bool:
        """Whether a key is sent: the setting, or a header that holds one."""
        return bool(self.key) or any(KEY_HEADER.search(name) for name in self.config.extra_headers)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must stand in no message, for masking."""
        return secrets_of(self.config)

    @property
    def proxied(self) -> bool:
        """Whether the settings name a proxy to it."""
        return bool(self.config.proxy.get_secret_value())

    @property
    def place(self) -> str:
        """Host and port, without the user and password that an address may hold."""
        return self._url.netloc.rpartition("@")[2]

    @property
    def who(self) -> str:
        """The endpoint's name and place, for what is about the connection."""
        return f"{self.name} ({self.place})"

    @property
    def path(self) -> str:
        """The path of `base_url`, `/` at least."""
        return self._url.path or "/"

    @property
    def host(self) -> str:
        """The host alone."""
        return self._url.hostname or ""

    @property
    def is_ollama(self) -> bool:
        """Whether it is, in all likelihood, an Ollama."""
        named = "ollama" in self.name.lower() or "ollama" in self.host
        return named or f":{_OLLAMA_PORT}" in self.place

    @property
    def is_here(self) -> bool:
        """Whether its address is this machine: `localhost` or a loopback address."""
        return is_loopback(self.host)

    @property
    def is_plain(self) -> bool:
        """Whether it is reached without TLS, so that no certificates are needed."""
        return self._url.scheme == "http"

    @property
    def _url(self) -> SplitResult:
        return urlsplit(self.config.base_url)


def shown(model: str) -> str:
    """The name of a model as a sentence shows it, which may come from anybody and be of any length."""
    return model if len(model) <= LONGEST_NAME else f"{model[:LONGEST_NAME]}…"


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine's own name or address, in any form that finds it: `localhost.`, `127.1`."""
    host = host.lower().removesuffix(".")
    try:
        address = ip_address(host if ":" in host else inet_aton(host))
    except (ValueError, OSError):
        return host == "localhost" or host.endswith(".localhost")
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return address.is_loopback or address.is_unspecified


def of_refused(asked: Asked) -> str:
    """For an address where nothing listens."""
    if asked.in_container and asked.is_here:
        url = urlsplit(asked.config.base_url)
        there = url._replace(netloc=_HOST if url.port is None else f"{_HOST}:{url.port}").geturl()
        return (
            f"In a container `{asked.host}` is the container itself: write `{_bare(there)}` as "
            f"{_setting('base_url', asked)}, and {_LISTEN if asked.is_ollama else 'let the server listen on 0.0.0.0'}."
        )
    if asked.is_ollama:
        listens = "" if asked.is_here else " and `OLLAMA_HOST=0.0.0.0`, or it listens on its own machine only"
        return f"Start it with `ollama serve`{listens}, or correct {_setting('base_url', asked)}."
    return f"Start the server, or correct {_setting('base_url', asked)}."


def of_unknown_name(asked: Asked) -> str:
    """For a host name that does not resolve."""
    if asked.host == _HOST:
        return (
            f"Start the container with `--add-host={_HOST}:host-gateway` (compose: `extra_hosts`)."
            if asked.in_container
            else f"`{_HOST}` exists inside containers only: write `localhost` in {_setting('base_url', asked)}."
        )
    hint = f"Correct {_setting('base_url', asked)}, or the name service of this machine."
    if asked.in_container:
        hint += (
            f" From a container, a server of the machine around it is `{_HOST}`, where Ollama needs"
            " `OLLAMA_HOST=0.0.0.0`; one of the same compose file has the name of its service."
        )
    return hint


def of_connection(asked: Asked) -> str:
    """For a connection that broke before the answer."""
    return f"Try again; if it happens again, see the server's own log and {_setting('base_url', asked)}."


def of_certificate(asked: Asked) -> str:
    """For a certificate that this machine does not trust."""
    return (
        f"Write the name that the certificate is made for in {_setting('base_url', asked)}, or have the file of its "
        f"authority trusted: {_setting('ca_file', asked)}, or `SSL_CERT_FILE=/path/to/ca.pem` for all of them."
    )


def of_authorities(asked: Asked) -> str:
    """For certificates of authorities that cannot be read, so that nobody can be trusted."""
    if asked.config.ca_file:
        return f"Let {_setting('ca_file', asked)} name certificates (PEM) that this program can read."
    return (
        "Let the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name certificates (PEM) that this program "
        "can read, or unset them, and start it again."
    )


def of_plain_http(asked: Asked) -> str:
    """For a server that does not speak TLS."""
    return f"If the server speaks plain HTTP, write `http://` in {_setting('base_url', asked)}."


def of_proxy(asked: Asked) -> str:
    """For a proxy that does not let us through, or cannot be reached."""
    if asked.proxied:
        return f"Correct {_setting('proxy', asked)}, or see the proxy's own log."
    return "See the environment variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`."


def of_limit(limit: str, asked: Asked) -> str:
    """For a limit of time that passed."""
    raised = f"raise {_setting(limit, asked)}"
    match limit:
        case "connect_timeout_s":
            return f"See whether the server runs and a firewall lets this machine through, or {raised}."
        case "first_token_timeout_s":
            return f"If the model is still being loaded, {raised} or pick a smaller one; else see the server's own log."
        case "idle_timeout_s":
            return f"What had arrived is kept. See the server's own log, or {raised}."
        case _:
            return f"What had arrived is kept. Set `max_tokens` in the preset's `parameters`, or {raised}."


def of_list(asked: Asked) -> str:
    """For a list of models that does not come."""
    return f"See the server's own log, or name its models in {_setting('models', asked)}, which need no list."


def of_key(asked: Asked) -> str:
    """For a key that is missing or refused."""
    what = f"{'Correct' if asked.key else 'Set'} {_setting('api_key', asked)}"
    if isinstance(asked.config, LookedFor):
        return f"{what}, in the environment or in `.env`."
    return f"{what}, best as `${{NAME}}` with the key in the environment or in `.env`."


def of_model(asked: Asked) -> str:
    """For a model that the endpoint does not have."""
    sentences = []
    short = (name for name in asked.known_models if name != asked.model and len(name) <= LONGEST_NAME)
    folded = {name.lower(): name for name in short}
    model = asked.model.lower() if len(asked.model) <= LONGEST_NAME else ""  # else it would take minutes
    near = [folded[name] for name in get_close_matches(model, folded, n=_NEAREST, cutoff=0.5)]
    if near:
        sentences.append(f"Did you mean {' or '.join(f'`{name}`' for name in near)}?")
    if asked.is_ollama and model:
        sentences.append(f"Get it with `ollama pull {asked.model}`.")
    sentences.append("`chat-app models` lists what there is; the preset's `model` says what is asked for.")
    return " ".join(sentences)


def of_no_models(asked: Asked) -> str:
    """For an endpoint that has no model at all."""
    if asked.is_ollama:
        return "Get one with `ollama pull llama3.2`."
    return f"Load a model in the server, or name one in {_setting('models', asked)}."


def of_address(asked: Asked) -> str:
    """For an address that answers, but not as an OpenAI-compatible server would."""
    if "/v1" not in asked.path:
        url = urlsplit(asked.config.base_url)
        address = url._replace(path=f"{url.path.rstrip('/')}/v1").geturl()
        return f"Perhaps `/v1` is missing in {_setting('base_url', asked)}: try `{_bare(address)}`."
    return f"Correct {_setting('base_url', asked)}: it is the address before `/chat/completions`."


def of_redirect(asked: Asked, target: str) -> str:
    """For an address that points to another: a key is never carried there."""
    address = _bare(target).removesuffix("/chat/completions").removesuffix("/models")
    return f"If that is meant, write `{address}` as {_setting('base_url', asked)}."


def of_quota(asked: Asked) -> str:
    """For an account that is used up."""
    return f"Top up the account behind {_setting('api_key', asked)}, or add an endpoint to the preset's `endpoints`."


def of_rate(retry_after_s: float | None) -> str:
    """For too many requests."""
    return "Wait a little and try again." if retry_after_s is None else f"Try again in {in_words(retry_after_s)}."


def in_words(wait_s: float) -> str:
    """A time to wait as people say it, rounded up: `20 s`, `2 min`, `3 h`, `2 days`."""
    for unit_s, limit, unit in ((1, 100, "s"), (60, 100, "min"), (3600, 48, "h")):
        if (count := ceil(wait_s / unit_s)) < limit:
            return f"{count} {unit}"
    return f"{ceil(wait_s / 86400)} days"


def of_failure() -> str:
    """For a server that failed."""
    return "Try again; if it happens again, the server's own log says why."


def of_loading() -> str:
    """For a model that is still being loaded."""
    return "It answers when the model is loaded, which takes seconds to minutes: try again in a moment."


def of_length(asked: Asked) -> str:
    """For a conversation that is longer than what the model reads."""
    if asked.is_ollama:
        longer = "start Ollama with a larger `OLLAMA_CONTEXT_LENGTH`"
    else:
        longer = "let the server give the model a longer context"
    return (
        f"Start a new conversation, shorten the question, or {longer}. With {_setting('context_tokens', asked)} set to "
        "what the model reads, the oldest messages are left out in time."
    )


def of_request(asked: Asked, parameter: str = "") -> str:
    """For a request that the server does not take, because of `parameter` if it says so."""
    if parameter:
        return f"Set {config_line(asked.name, dropped=(parameter,))}, or take it out of the preset's `parameters`."
    return f"Take out of the preset's `parameters` what {asked.name} does not know, or shorten the conversation."


def of_input(asked: Asked, kind: str) -> str:
    """For a picture or recording that a model does not take."""
    model = f'"{shown(asked.model)}"' if asked.model else '"*"'
    return (
        f"Pick a model that takes {INPUTS[kind]}, or ask without. With `input_modalities: {{{model}: []}}` of endpoint "
        f"`{asked.name}` the page says so before anything is sent; if the model does take them, see how its server is "
        "started (llama.cpp: `--mmproj`)."
    )


def of_system_prompt(asked: Asked) -> str:
    """For a model whose template has no place for a system prompt, or wants the roles in strict turns."""
    return f"Give the server of {asked.name} another chat template, or leave `system_prompt` of the preset empty."


def config_line(endpoint: str, *, dropped: tuple[str, ...] = (), renamed: tuple[str, str] | None = None) -> str:
    """The settings that spare an endpoint a parameter, or give it another name."""
    if renamed:
        return f"`rename_parameters: {{{renamed[0]}: {renamed[1]}}}` of endpoint `{endpoint}`"
    return f"`drop_parameters: [{', '.join(dropped)}]` of endpoint `{endpoint}`"


def _setting(name: str, asked: Asked) -> str:
    variable = asked.config.variables.get(name) if isinstance(asked.config, LookedFor) else None
    return f"`{variable}`" if variable else f"`{name}` of endpoint `{asked.name}`"


def _bare(address: str) -> str:
    """`address` without what may be secret in it: user, password and query."""
    url = urlsplit(address)
    return url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="").geturl()
