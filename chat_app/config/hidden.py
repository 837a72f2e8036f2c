"""Where settings that are plain text hold a secret by habit: addresses, and what programs are started with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from chat_app.config.values import SECRET_NAME

_NAMED: Final = re.compile(r"-{0,2}([\w-]+)\s*[=:]\s*")
"""How an argument gives a value its name: `--api-key=…`, `API_KEY=…`, `Authorization: …`."""


def split_args(args: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each argument as what may be shown of it and the secret behind that, of which there mostly is none."""
    follows = False
    for arg in args:
        named = _NAMED.match(arg)
        if follows and not arg.startswith("--"):
            yield "", arg
        elif named and SECRET_NAME.search(named[1]):
            yield named[0], arg[named.end() :]
        else:
            yield arg, ""
        follows = arg.startswith("-") and bool(SECRET_NAME.search(arg.lstrip("-")))


def secrets_in_args(args: Sequence[str]) -> Iterator[str]:
    """The secrets in what a program is started with, those of addresses too."""
    for shown, secret in split_args(args):
        if secret:
            yield secret
        elif "://" in shown:
            yield from secrets_in_address(shown)


def secrets_in_address(url: str) -> Iterator[str]:
    """The password, or the user where there is none, and what stands in the query; as written and as meant."""
    parts = urlsplit(url)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    for secret in (password or user, *(pair.partition("=")[2] for pair in parts.query.split("&"))):
        yield from {secret, unquote(secret)} - {""}
    yield from (value for _, value in parse_qsl(parts.query))
