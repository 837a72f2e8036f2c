"""Settings as they may be shown: as plain JSON values, with `**********` for every secret.

Besides the settings that are secret by their type, two places can hold one by habit: the address of an endpoint
(`http://user:password@host`) and parameters with names such as `api_key` or `Authorization`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chat_app.config import Config

MASK = "**********"
_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_SECRET_NAME = re.compile(r"(^|[_-])(key|apikey|secret|token|password|authorization)$", re.IGNORECASE)


def shown(config: Config) -> dict[str, Any]:
    """All settings, defaults too, with secrets masked; empty secrets stay empty."""
    values: dict[str, Any] = config.model_dump(mode="json")
    for endpoint in values["endpoints"]:
        endpoint["base_url"] = _IN_ADDRESS.sub(MASK, endpoint["base_url"])
    for preset in values["presets"]:
        preset["parameters"] = without_secrets(preset["parameters"])
    return values


def without_secrets(value: Any) -> Any:
    """A JSON value with what stands under a secret's name masked."""
    if isinstance(value, Mapping):
        return {
            name: MASK if child and _SECRET_NAME.search(name) else without_secrets(child)
            for name, child in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(child) for child in value]
    return value
