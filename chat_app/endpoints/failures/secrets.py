"""What of an endpoint's settings must stand in no message, because servers and proxies echo what they were sent.

The key, the headers, and what an address may hold: user, password, query. Of a header with a scheme (`Bearer …`,
`Basic …`) also what stands behind it, and of an address each value in the forms that it takes on the way. Of
`extra_body` only what stands under the name of a secret, since all else of it are parameters, and of a query all but
versions, which one looks for when a request is refused.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from chat_app.config import SECRET_NAME, EndpointConfig

KEY_HEADER: Final = re.compile(r"(^|-)(key|token|authorization)$", re.IGNORECASE)
"""The names of headers that hold a key."""
_VERSION: Final = re.compile(r"(^|[_-])version$", re.IGNORECASE)
_SHORTEST_FIELD: Final = 8
"""Shorter fields of a body may be ordinary words, whatever they are called."""


def secrets_of(config: EndpointConfig) -> tuple[str, ...]:
    """All that is to be masked, some of it perhaps empty, in no order."""
    proxy = config.proxy.get_secret_value()
    found = {config.api_key.get_secret_value(), proxy}
    for name, value in config.extra_headers.items():
        found.update(_in_header(name, value.get_secret_value()))
    for name, text in config.extra_query.items():
        found.update(() if _VERSION.search(name) else _forms(text))
    found.update(_in_address(config.base_url))
    found.update(_forms(urlsplit(proxy).password or ""))
    found.update(_in_fields(config.extra_body))
    return tuple(found)


def _in_header(name: str, value: str) -> Iterator[str]:
    yield value
    scheme, _, rest = value.partition(" ")
    if not rest or not KEY_HEADER.search(name):
        return
    yield rest.strip()
    if scheme.lower() == "basic":
        try:
            user_and_password = b64decode(rest, validate=True).decode()
        except ValueError:
            return
        yield user_and_password
        yield user_and_password.partition(":")[2]


def _in_address(address: str) -> Iterator[str]:
    url = urlsplit(address)
    for text in (url.username, url.password):
        yield from _forms(text or "")
    for pair in url.query.split("&"):
        name, _, text = pair.partition("=")
        if not _VERSION.search(name):
            yield text  # as it stands, which need not be how others would write it
    for name, text in parse_qsl(url.query):
        yield from () if _VERSION.search(name) else _forms(text)


def _in_fields(value: Any, *, secret: bool = False) -> Iterator[str]:
    match value:
        case str():
            if secret and len(value) >= _SHORTEST_FIELD:
                yield value
        case Mapping():
            for name, child in value.items():
                yield from _in_fields(child, secret=secret or SECRET_NAME.search(str(name)) is not None)
        case list() | tuple():
            for child in value:
                yield from _in_fields(child, secret=secret)
        case _:
            pass


def _forms(text: str) -> set[str]:
    """`text` as it was given, and with its special characters written out or taken back."""
    return {text, unquote(text), quote(text, safe="")}
