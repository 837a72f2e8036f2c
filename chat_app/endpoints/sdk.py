"""The openai client as it is used here: it sends requests, and nothing that it finds by itself.

It takes nothing from the environment, retries nothing and adds none of its own headers: openai 3.52 reads
`OPENAI_API_KEY`, `OPENAI_ADMIN_KEY`, `OPENAI_ORG_ID`, `OPENAI_PROJECT_ID` and `OPENAI_CUSTOM_HEADERS`, and would send
them to whatever server `base_url` names. Those that a request carries, the key among them, are the HTTP client's
(`transport.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import httpx2
from openai import AsyncOpenAI, Omit

from chat_app.config import EndpointConfig
from chat_app.endpoints.transport import address_of

NOTHING_OF_ITS: Final[Mapping[str, str | Omit]] = MappingProxyType(
    {"Authorization": Omit(), "x-stainless-retry-count": Omit()}
)
"""Given with each request, this is the SDK's own way to send no key and no count of its own (openai 3.52,
`_validate_headers` and `_build_headers`)."""
_NO_KEY: Final = "none"
"""The SDK must have one; it is never sent."""


def sdk_of(config: EndpointConfig, http_client: httpx2.AsyncClient) -> AsyncOpenAI:
    """The SDK over `http_client`; nothing is sent yet. Only the time to connect is limited."""
    return _OpenAI(
        base_url=address_of(config),
        api_key=_NO_KEY,
        max_retries=0,
        # All other waiting is limited by who asks: a read timeout here would begin anew with any byte.
        timeout=httpx2.Timeout(None, connect=config.connect_timeout_s),
        http_client=http_client,
    )


class _OpenAI(AsyncOpenAI):
    """The SDK's client without what it takes from the environment and says about this machine."""

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        """The headers that are the SDK's to send; all others are the HTTP client's."""
        return {"Content-Type": "application/json"}
