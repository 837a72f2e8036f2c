"""The one place where an httpx2 client is made: what goes with every request to a server, and the way there.

The key, more headers and query parameters, proxy, trusted certificates. Nothing else is taken from the environment
but the proxies and `SSL_CERT_FILE`, and no proxy of the environment stands in the way to this machine. Redirects are
not followed: the key and the conversation go to the host that was configured and to no other.

An empty key sends no `Authorization` at all: some gateways check whatever they are sent, and Azure's `api-key`, an
`extra_headers`, stands alone. An `Authorization` among the `extra_headers` replaces the one with the key. httpx2 drops
the query of an address as soon as the client has parameters of its own, so that of `base_url` becomes some of these.

HTTP/1.1 only. An answer is one long stream, so HTTP/2 would save nothing but the handshake, which kept-alive
connections save too; closing an HTTP/1.1 stream closes its socket, which is what llama.cpp, vLLM and Ollama stop
generating at; and none of the servers that one runs oneself (uvicorn, cpp-httplib, Go without TLS) speaks it.

Reading the certificates takes 26 ms (OpenSSL 3, 140 authorities), in which nobody else is answered, and short-lived
clients are made for every visitor who waits. So they are read once and kept until one of their files changes, and for
plain `http://` never: what then would need one is refused. A proxy that is itself reached by TLS, of the settings, has
its own.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

import httpx2

from chat_app import __version__
from chat_app.config import EndpointConfig
from chat_app.endpoints.failures.hints import Asked
from chat_app.endpoints.failures.rules import NOT_MADE, not_made

_CONNECTIONS: Final = httpx2.Limits(max_connections=1000, max_keepalive_connections=20)
"""At each request httpx2 asks the kernel about every connection that is kept: with 100 of them, a quarter of what 100
questions at one time take."""

_KEPT: Final = 16
"""How many sets of certificates are kept: as many as files are named in the settings, and some that were changed."""

_State: TypeAlias = tuple[tuple[object, ...], ...]

_log = logging.getLogger(__name__)


def http_client_of(
    config: EndpointConfig, *, base_url: str = "", read_s: float | None = None, in_container: bool = False
) -> httpx2.AsyncClient:
    """A client for the server of `config`; nothing is sent yet.

    Paths start at `base_url`, if that is given. `read_s` limits the time between two pieces of a response, None leaves
    it open; the time to connect is `connect_timeout_s`, and no longer than `read_s`. Raises `EndpointError` when the
    address, the key or the proxy cannot be used, and when the trusted certificates cannot be read.
    """
    asked = Asked(config, in_container)
    connect_s = config.connect_timeout_s if read_s is None else min(config.connect_timeout_s, read_s)
    try:
        return httpx2.AsyncClient(
            base_url=base_url,
            headers=headers_of(config),
            params=_query_of(config),
            proxy=_proxy_of(config),
            mounts=_without_proxy(asked),
            verify=_trust_of(asked),
            follow_redirects=False,
            limits=_CONNECTIONS,
            timeout=httpx2.Timeout(read_s, connect=connect_s),
        )
    except NOT_MADE as error:
        raise not_made(error, asked) from error


def headers_of(config: EndpointConfig) -> Mapping[str, str]:
    """What every request to the server carries; names in lower case."""
    key = config.api_key.get_secret_value()
    return {
        "accept": "application/json",
        "user-agent": f"chat-app/{__version__}",
        **({"authorization": f"Bearer {key}"} if key else {}),
        **{name.lower(): value.get_secret_value() for name, value in config.extra_headers.items()},
    }


def address_of(config: EndpointConfig) -> str:
    """`base_url` without its query, which the client adds to every request."""
    return config.base_url.partition("?")[0].partition("#")[0]


def warn_of_unchecked(config: EndpointConfig) -> None:
    """Logs that anybody may stand between here and the server, if `verify: false` says so."""
    if not config.verify and config.base_url.startswith("https:"):
        _log.warning("certificate_not_checked", extra={"endpoint": config.name})


def _query_of(config: EndpointConfig) -> httpx2.QueryParams:
    return httpx2.QueryParams(httpx2.URL(config.base_url).query).merge(dict(config.extra_query))


def _proxy_of(config: EndpointConfig) -> httpx2.Proxy | None:
    url = config.proxy.get_secret_value()
    context = _trusted(config.ca_file, verify=True) if url.startswith("https:") else None
    return httpx2.Proxy(url, ssl_context=context) if url else None


def _trust_of(asked: Asked) -> ssl.SSLContext:
    """The certificates to trust; none where none are needed."""
    if asked.is_plain:
        return _nobody()
    return _trusted(asked.config.ca_file, verify=asked.config.verify)


def _trusted(ca_file: Path | None, *, verify: bool) -> ssl.SSLContext:
    """The certificates in `ca_file`, or the usual ones, as their files are now. Raises `OSError`."""
    if ca_file:
        return _read(str(ca_file), True, (_state(str(ca_file)),))  # noqa: FBT003 - what is kept is kept by all of these
    usual = ssl.get_default_verify_paths()
    named = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    paths = (*named, usual.openssl_cafile, usual.openssl_capath)
    return _read("", verify, tuple(_state(path) for path in paths if path))


@lru_cache(maxsize=_KEPT)
def _read(ca_file: str, verify: bool, state: _State) -> ssl.SSLContext:  # noqa: FBT001 - see `_trusted`
    del state  # tells what was read from what has changed since
    return ssl.create_default_context(cafile=ca_file) if ca_file else httpx2.create_ssl_context(verify)


@lru_cache(maxsize=1)
def _nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _state(path: str) -> tuple[object, ...]:
    """What changes when the file or folder at `path` does."""
    try:
        now = Path(path).stat()
    except OSError:
        return (path,)
    return (path, now.st_ino, now.st_size, now.st_mtime_ns)


def _without_proxy(asked: Asked) -> dict[str, None]:
    """What keeps the environment's proxies out of the way to this machine; one of the settings is meant."""
    if asked.proxied or not asked.is_here:
        return {}
    host = httpx2.URL(asked.config.base_url).host
    return {f"all://[{host}]" if ":" in host else f"all://{host}": None}
