"""Files that are served otherwise than the application below made them. Pure ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_ONLY_WHOLE = frozenset({b"accept-encoding", b"range", b"if-none-match", b"if-modified-since"})
_OF_WHAT_WAS = frozenset({b"content-length", b"etag", b"last-modified", b"accept-ranges"})


def asked_whole(scope: Scope) -> Scope:
    """The same request, for all of the file and uncompressed: else it could not be read here."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in _ONLY_WHOLE]}


def rewritten(send: Send, change: Callable[[bytes], bytes], headers: Iterable[tuple[bytes, bytes]] = ()) -> Send:
    """A `send` that holds the response back until it is whole, then sends what `change` makes of its body.

    `headers` stand instead of those that the response had by these names.
    """
    start: Message = {}
    body = bytearray()
    ours = list(headers)
    replaced = _OF_WHAT_WAS.union(name for name, _ in ours)

    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.extend(message.get("body", b""))
        if message.get("more_body", False):
            return
        changed = change(bytes(body))
        kept = [(name, value) for name, value in start["headers"] if name.lower() not in replaced]
        length = (b"content-length", str(len(changed)).encode())
        await send({**start, "headers": [*kept, length, *ours]})
        await send({"type": "http.response.body", "body": changed})

    return gather
