"""Ports of this machine that nothing else takes by chance."""

from __future__ import annotations

import os
import socket
from itertools import count

_FIRST, _COUNT = 10_000, 20_000
"""Below those that systems give to whoever wants any: between a look and its use, each connection of other tests could
be given one of those."""
_next = count(os.getpid() * 37)


def free_port() -> int:
    """A port of 127.0.0.1 where nothing listens; another one each time, and in each process."""
    while True:
        port = _FIRST + next(_next) % _COUNT
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
