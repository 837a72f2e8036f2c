"""Settings as they may be shown: as plain JSON values, with `**********` for every secret.

Besides the settings that are secret by their type, some places can hold one by habit: the address of an endpoint or of
a tool server (`http://user:password@host`), and parameters, fields, queries and arguments with names such as `api_key`
or `Authorization`. Of a proxy the address is shown, which is what one looks for when it fails, without its user and
password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chat_app.config import SECRET_NAME, Config
from chat_app.config.hidden import split_args

MASK = "**********"
_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def shown(config: Config) -> dict[str, Any]:
    """All settings, defaults too, with secrets masked; empty secrets stay empty."""
    values: dict[str, Any] = config.model_dump(mode="json")
    for endpoint, settings in zip(values["endpoints"], config.endpoints, strict=True):
        endpoint["base_url"] = _address(settings.base_url)
        endpoint["proxy"] = _address(settings.proxy.get_secret_value())
        endpoint["extra_query"] = without_secrets(endpoint["extra_query"])
        endpoint["extra_body"] = without_secrets(endpoint["extra_body"])
    for preset in values["presets"]:
        preset["parameters"] = without_secrets(preset["parameters"])
    for server, tools in zip(values["tools"]["mcp_servers"], config.tools.mcp_servers, strict=True):
        server["url"] = _address(tools.url)
        server["args"] = _args(tools.args)
    return values


def _args(args: Sequence[str]) -> list[str]:
    """What a program is started with; of `--token …`, `--api-key=…` and addresses not what is secret."""
    return [
        f"{shown}{MASK}" if secret else _address(shown) if "://" in shown else shown
        for shown, secret in split_args(args)
    ]


def _address(url: str) -> str:
    """`url` with user and password masked, and what stands under a secret's name in its query."""
    address, mark, query = _IN_ADDRESS.sub(MASK, url).partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    shown = (
        f"{name}={MASK}" if text and SECRET_NAME.search(name) else name + equals + text for name, equals, text in pairs
    )
    return f"{address}{mark}{'&'.join(shown)}"


def without_secrets(value: Any) -> Any:
    """A JSON value with what stands under a secret's name masked."""
    if isinstance(value, Mapping):
        return {
            name: MASK if child and SECRET_NAME.search(name) else without_secrets(child)
            for name, child in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(child) for child in value]
    return value
