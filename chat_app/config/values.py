"""What the values of settings may be: the types of the models beside this file, and their rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

CssSize: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\d+(\.\d+)?(px|em|rem|vh|dvh|svh|%)$")]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86400)]
LONGEST_NAME = 100
SHORTEST_SECRET = 10
SECRET_NAME = re.compile(r"(^|[_-])(key|apikey|secret|token|password|authorization)$", re.IGNORECASE)
"""The names under which parameters, fields and queries hold a secret by habit."""
Trimmed: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True)]
Name: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME)]


def css_file(css: str) -> Path | None:
    """The file that a value of `chat.css` names; None when it is rules."""
    return Path(css.strip()) if css.strip().endswith(".css") and "{" not in css else None


def address(text: str) -> str:
    """`text`, if a server can stand at it. Raises `ValueError`, which says nothing of it: it may hold a password."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, a port that is none
        usable = False
    if not usable or re.search(r"\s", text):
        raise ValueError("Must be an address such as `http://localhost:11434/v1`.")
    return text


def proxy_address(proxy: SecretStr) -> SecretStr:
    """`proxy`, if it is empty or an HTTP proxy can stand there. Raises `ValueError`."""
    try:
        return SecretStr(address(proxy.get_secret_value()) if proxy.get_secret_value() else "")
    except ValueError:
        raise ValueError("Must be an address such as `http://proxy:3128`; SOCKS is not supported.") from None


def part_of_a_name(text: str) -> str:
    """`text`, if it can stand in a name. Raises `ValueError`."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise ValueError("Must be of letters, digits, `.`, `_` and `-` only.")
    return text


def header_name(name: str) -> str:
    """`name`, if it is that of a header without a secret. Raises `ValueError`."""
    if name and not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        raise ValueError("Must be the name of a header such as `X-Forwarded-User`.")
    if "cookie" in name.lower() or SECRET_NAME.search(name):
        raise ValueError("Must name a header that holds no secret: the page shows what stands in it.")
    return name


def link(text: str) -> str:
    """`text`, if a browser may follow it: a path of this host, or an address; nothing that it would run."""
    if not text or re.fullmatch(r"/(?!/)[^\s\\\x00-\x1f\x7f]*", text):
        return text
    try:
        return address(text)
    except ValueError:
        raise ValueError("Must be a path such as `/oauth2/sign_out`, or an address with http or https.") from None


def long_enough(secret: SecretStr) -> SecretStr:
    """`secret`, if it is empty or not soon guessed. Raises `ValueError`."""
    if 0 < len(secret.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"Must have at least {SHORTEST_SECRET} characters: visitors see what it signs.")
    return secret


class Settings(BaseModel):
    """What all settings are made from: immutable, and nothing but what is named."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
