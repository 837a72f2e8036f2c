"""Who asks, as the proxy that logged them in says, and under which name their browser keeps their conversations.

Who visitors are is never guessed: without a configured header nobody has a name, and a request in which it stands
twice is nobody's, since one of the two may be the visitor's own. The header is believed as it comes: only a proxy that
sets or removes it on every request makes it true, and only if the port cannot be reached past it.

The name of the store is a keyed hash of the visitor's name: the next person at the same browser finds in it neither who
was there nor a way to try names. It is the same after a restart and on every replica, as long as `feedback.secret` (or
`signing.key`) is. With another secret the same visitor has another store: what the old one holds is still in the
browser and comes back with the old secret, but is not shown until then. The name parts what the page shows, and no
more: whoever may use the browser's own tools sees every store in it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

LONGEST_USER = 200
_LABEL = b"chat_app store:"
"""Keeps these hashes apart from all else that the secret signs."""
_DIGITS = 16


def user_of(headers: Mapping[str, str], header: str) -> str:
    """The visitor's name: what `header` says, in UTF-8 or else Latin-1.

    `headers` as Starlette gives them (`Headers`, `request.headers`), where one that was sent twice stands twice; a
    `dict` made of them shows only one of the two. Empty without a `header`, or when the request has none or several of
    them, or one that is longer than `LONGEST_USER` or not printable: half a name would be another visitor's.
    """
    found = [value for name, value in headers.items() if header and name.lower() == header.lower()]
    if len(found) != 1:
        return ""
    name = _decoded(found[0]).strip()
    return name if len(name) <= LONGEST_USER and name.isprintable() else ""


def stores_of(storage_key: str) -> str:
    """What the names of all stores of this app begin with, and of no other app's."""
    return f"{storage_key}:"


def store_of(storage_key: str, user: str, secret: str) -> str:
    """The name of the store of `user`; visitors without a name share one."""
    if not user:
        return f"{stores_of(storage_key)}visitor"
    digest = hmac.new(secret.encode(), _LABEL + user.encode(), hashlib.sha256).hexdigest()
    return f"{stores_of(storage_key)}{digest[:_DIGITS]}"


def _decoded(value: str) -> str:
    """Headers are bytes; the server reads them as Latin-1, and proxies write UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
